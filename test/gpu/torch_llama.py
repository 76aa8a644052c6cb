# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""llama4l_decode_ts in torch, op by op what the ONNX model computes: positions and mask from attention_mask, rotary embedding, RMSNorm in f32, 32 heads over 4 of keys and values, SwiGLU,
logits of all tokens. The cache comes as tensors of the caller and goes out concatenated, as of the model's inputs past_key_values.* and outputs present.*."""
import torch
from torch import nn
from torch.nn import functional as F

HIDDEN, HEADS, KV_HEADS, HEAD, FFN, VOCAB, LAYERS, EPSILON, THETA = 2048, 32, 4, 64, 5632, 32000, 4, 1e-6, 10000.0


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON)).to(x.dtype)


def rotate(x, cos, sin):
    half = HEAD // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def linear(inputs, outputs):
    return nn.Linear(inputs, outputs, bias=False)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_norm, self.post_norm = RmsNorm(), RmsNorm()
        self.q, self.k, self.v, self.o = linear(HIDDEN, HEADS * HEAD), linear(HIDDEN, KV_HEADS * HEAD), linear(HIDDEN, KV_HEADS * HEAD), linear(HEADS * HEAD, HIDDEN)
        self.gate, self.up, self.down = linear(HIDDEN, FFN), linear(HIDDEN, FFN), linear(FFN, HIDDEN)

    def forward(self, x, cos, sin, mask, past_key, past_value):
        batch, length, _ = x.shape
        normed = self.input_norm(x)

        def heads(y, count):
            return y.view(batch, length, count, HEAD).transpose(1, 2)
        q = rotate(heads(self.q(normed), HEADS), cos, sin)
        key = torch.cat((past_key, rotate(heads(self.k(normed), KV_HEADS), cos, sin)), 2)
        value = torch.cat((past_value, heads(self.v(normed), KV_HEADS)), 2)

        def repeated(y):
            return y[:, :, None].expand(-1, -1, HEADS // KV_HEADS, -1, -1).reshape(batch, HEADS, -1, HEAD)
        attended = F.scaled_dot_product_attention(q, repeated(key), repeated(value), attn_mask=mask)
        x = x + self.o(attended.transpose(1, 2).reshape(batch, length, -1))
        normed = self.post_norm(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed)), key, value


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.layers, self.norm, self.head = nn.Embedding(VOCAB, HIDDEN), nn.ModuleList(Layer() for _ in range(LAYERS)), RmsNorm(), linear(HIDDEN, VOCAB)
        self.register_buffer("frequencies", torch.empty(HEAD // 2))

    def forward(self, input_ids, attention_mask, *past):
        """`past`: key and value of each layer in turn; logits, then the longer keys and values in the same order."""
        length, total = input_ids.shape[1], attention_mask.shape[1]
        x = self.embedding(input_ids)
        positions = (attention_mask.cumsum(-1) - 1).clamp(min=0)[:, -length:]
        angles = positions[:, :, None].float() * self.frequencies
        angles = torch.cat((angles, angles), -1)[:, None]
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        rows = torch.arange(total - length, total, device=x.device)
        mask = (torch.arange(total, device=x.device)[None] <= rows[:, None])[None, None] & attention_mask.bool()[:, None, None]
        present = []
        for i, layer in enumerate(self.layers):
            x, key, value = layer(x, cos, sin, mask, past[2 * i], past[2 * i + 1])
            present += [key, value]
        return self.head(self.norm(x)), *present


def make(dtype=torch.float16, device="cuda"):
    """The model with random weights; the rotary frequencies stay f32, as in the ONNX model."""
    model = Llama().eval().to(device, dtype)
    model.frequencies = 1 / THETA ** (torch.arange(0, HEAD, 2, dtype=torch.float32, device=device) / HEAD)
    return model


def inputs(batch, past, length=1, dtype=torch.float16, device="cuda"):
    """Of one step: ids, mask, caches of random values."""
    cache = [torch.randn(batch, KV_HEADS, past, HEAD, device=device).to(dtype) for _ in range(2 * LAYERS)]
    return [torch.randint(0, VOCAB, (batch, length), device=device), torch.ones(batch, past + length, dtype=torch.int64, device=device), *cache]
