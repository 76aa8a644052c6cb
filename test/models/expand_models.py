# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Expand the weight-stripped ONNX test models ("skeletons") to full models.

A skeleton keeps the graph, all integer/shape constants and all small tensors; the payload of a
large float tensor is replaced by a recipe in its doc_string, and this script refills it:

  refill normal MEAN STD    bell-shaped values (sum of four 16-bit uniforms of one 64-bit hash)
  refill rows MEAN STD      as normal, but with zero sum over each index of the first axis
  refill uniform LOW HIGH   uniform values
  refill zlib               raw_data holds the exact original bytes, zlib-compressed

Values depend only on (model name, tensor name, element index): element i uses the i-th output of a
SplitMix64 stream whose seed is the first 8 bytes (little endian) of sha256("model/tensor").  Only
integer arithmetic and one IEEE double multiply-add per element are used, so files are byte-identical
on every machine.

usage: expand_models.py [--out DIR] [--inputs] [--reference] [--list] [NAME...]     (DIR is build/models unless given)

  --inputs      also write NAME.inputs.npz (seeded inputs, batch 1, see default_inputs)
  --reference   also write NAME.outputs.npz (onnxruntime, CPU, float32; implies --inputs)

Needs numpy and onnx; onnxruntime only for --reference.
"""
import argparse
import hashlib
import math
import os
import sys
import zlib

import numpy as np
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
SKELETONS = os.path.join(HERE, "skeletons")
OUT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "models")
EXTERNAL_LIMIT = 1_500_000_000      # above this many weight bytes the data goes to NAME.onnx.data
CHUNK = 1 << 20

# Default input sizes.  Symbolic dimensions not listed here: batch 1, height/width 256.
TEXT_SEQUENCE = 32      # encoders: 32 tokens, the last 5 are padding (attention_mask 0)
PREFILL_SEQUENCE = 32   # causal language models without cache
PAST_SEQUENCE = 64      # decode graphs: 1 new token after 64 cached positions
AUDIO_SAMPLES = 16000   # one second at 16 kHz
VOCABULARY = {"bert": 30522, "minilm": 30522, "distilbert": 30522, "t5": 32128, "gpt2": 50257,
              "llama": 32000, "clip": 49406, "lstm": 8000}
CLIP_END_TOKEN = 49407


# ---------------------------------------------------------------- weights

def tensor_seed(model, tensor):
    """64-bit stream seed of one tensor."""
    return int.from_bytes(hashlib.sha256(f"{model}/{tensor}".encode()).digest()[:8], "little")


def splitmix64(seed, start, count):
    """Outputs start .. start+count-1 of the SplitMix64 stream, as uint64."""
    z = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(seed)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def refill_values(kind, a, b, seed, dims):
    """Flat float32 array with the values of the recipe (kind, a, b) for a tensor of shape dims."""
    count = math.prod(dims)
    row = count // dims[0] if kind == "rows" else 1
    step = max(1, CHUNK // row) * row
    scale = b / math.sqrt((65536 ** 2 - 1) / 3)
    out = np.empty(count, np.float32)
    for start in range(0, count, step):
        n = min(step, count - start)
        h = splitmix64(seed, start, n)
        if kind in ("normal", "rows"):
            k = h.view("<u2").reshape(n, 4).sum(1, dtype=np.int64) - 131070
            if kind == "rows":
                k = k.reshape(-1, row)
                k = (k - k.sum(1, keepdims=True) // row).ravel()
            v = k.astype(np.float64) * scale + a
        elif kind == "uniform":
            v = (h >> np.uint64(11)).astype(np.float64) * ((b - a) * 2.0 ** -53) + a
        else:
            raise ValueError(f"unknown refill kind {kind}")
        out[start:start + n] = v
    return out


def refill_tensor(model, tensor):
    """Refill one TensorProto in place; tensors without a recipe are left alone."""
    words = tensor.doc_string.split()
    if not words or words[0] != "refill":
        return
    if words[1] == "zlib":
        tensor.raw_data = zlib.decompress(tensor.raw_data)
    else:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            raise ValueError(f"{model}: {tensor.name}: only float32 tensors can be refilled")
        values = refill_values(words[1], float(words[2]), float(words[3]),
                               tensor_seed(model, tensor.name), tensor.dims)
        tensor.raw_data = values.astype("<f4", copy=False).tobytes()
    tensor.ClearField("doc_string")


def graphs(graph):
    """The graph and all graphs nested in node attributes."""
    yield graph
    for node in graph.node:
        for attr in node.attribute:
            for sub in ([attr.g] if attr.HasField("g") else []) + list(attr.graphs):
                yield from graphs(sub)


def load_skeleton(name):
    return onnx.load(os.path.join(SKELETONS, name + ".onnx"), load_external_data=False)


def expand(name):
    """Full ModelProto of the named skeleton."""
    proto = load_skeleton(name)
    for graph in graphs(proto.graph):
        for tensor in graph.initializer:
            refill_tensor(name, tensor)
    return proto


def write_model(proto, path):
    """Save the model; the weights go to an external file when they are too big for protobuf."""
    data = os.path.basename(path) + ".data"
    stale = os.path.join(os.path.dirname(path), data)
    if os.path.exists(stale):
        os.remove(stale)
    size = sum(len(t.raw_data) for g in graphs(proto.graph) for t in g.initializer)
    if size > EXTERNAL_LIMIT:
        onnx.save(proto, path, save_as_external_data=True, all_tensors_to_one_file=True,
                  location=data, size_threshold=1024)
    else:
        onnx.save(proto, path)


# ---------------------------------------------------------------- inputs

def smooth_noise(rng, height, width, grid=8):
    """Bilinear upsampling of a small random grid."""
    g = rng.uniform(-1, 1, (grid + 1, grid + 1))
    y, x = np.linspace(0, grid, height), np.linspace(0, grid, width)
    y0, x0 = np.minimum(y.astype(int), grid - 1), np.minimum(x.astype(int), grid - 1)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    a, b = g[y0][:, x0], g[y0][:, x0 + 1]
    c, d = g[y0 + 1][:, x0], g[y0 + 1][:, x0 + 1]
    return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy


def picture(rng, height, width):
    """Picture-like [3,H,W] array in 0..1: a smooth background, coloured boxes and discs, noise."""
    img = np.stack([smooth_noise(rng, height, width) * 0.25 + rng.uniform(0.2, 0.8) for _ in range(3)])
    yy, xx = np.mgrid[0:height, 0:width]
    for i in range(8):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        ry, rx = rng.uniform(0.05, 0.25) * height, rng.uniform(0.05, 0.25) * width
        dy, dx = np.abs(yy - cy) / ry, np.abs(xx - cx) / rx
        inside = np.maximum(dy, dx) < 1 if i % 2 else dy ** 2 + dx ** 2 < 1
        img[:, inside] = rng.uniform(0, 1, (3, 1))
    return np.clip(img + rng.normal(0, 0.02, img.shape), 0, 1)


def voice_like(rng, samples):
    """Normalised mono audio: harmonics of a gliding tone with an envelope, plus noise."""
    t = np.arange(samples) / 16000.0
    phase = 2 * np.pi * np.cumsum(rng.uniform(100, 220) * (1 + 0.3 * np.sin(2 * np.pi * 3 * t))) / 16000
    wave = sum(rng.uniform(0.2, 1) / k * np.sin(k * phase) for k in range(1, 12))
    wave = wave * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t + rng.uniform(0, 6))) + rng.normal(0, 0.05, samples)
    return (wave - wave.mean()) / wave.std()


def known_models():
    return sorted(f[:-5] for f in os.listdir(SKELETONS) if f.endswith(".onnx"))


def dim_size(dim, sizes):
    """The size of a dim: a number, a name in sizes, or a sum of both; an unknown name is 1."""
    if dim.HasField("dim_value"):
        return dim.dim_value
    return sum(int(t) if t.isdigit() else sizes.get(t, 1) for t in dim.dim_param.replace(" ", "").split("+"))


def default_inputs(name, proto, variant=0, override=None):
    """Seeded realistic inputs: {input name: array}; override = {symbol: size} replaces default sizes.

    image            picture, mean 0 / std 1 per channel (yolo*: 0..1), the model's own size or 256
    input_ids/tokens random tokens: [1,32]; decode graphs [1,1]; clip text ends with its end token
    attention_mask   ones; encoders mask the last 5 of 32 positions; decode graphs [1,65]
    past_key_values  normal values, 64 positions
    audio            [1,16000] voice-like tone;  input_features: [1,80,3000] smooth noise
    """
    rng = np.random.RandomState((tensor_seed(name, f"inputs{variant}")) & 0x7FFFFFFF)
    family = next((k for k in VOCABULARY if name.startswith(k)), "")
    weights = {t.name for t in proto.graph.initializer}
    values = [v for v in proto.graph.input if v.name not in weights]
    decode = any(v.name.startswith("past_key_values") for v in values)
    causal = decode or family in ("gpt2", "llama")
    seq = 1 if decode else PREFILL_SEQUENCE if causal else TEXT_SEQUENCE
    sizes = {"batch": 1, "sequence": seq, "past_sequence": PAST_SEQUENCE, "samples": AUDIO_SAMPLES,
             "height": 256, "width": 256, **(override or {})}
    feeds = {}
    for v in values:
        dims = v.type.tensor_type.shape.dim
        shape = [dim_size(d, sizes) for d in dims]
        if v.name == "image":
            x = np.stack([picture(rng, *shape[2:]) for _ in range(shape[0])])
            if not name.startswith("yolo"):
                x = (x - x.mean((2, 3), keepdims=True)) / x.std((2, 3), keepdims=True)
        elif v.name in ("input_ids", "tokens"):
            x = rng.randint(1, VOCABULARY[family], shape)
            if family == "clip":
                x[:, -6:] = CLIP_END_TOKEN
        elif v.name == "attention_mask":
            x = np.ones(shape)
            if not causal:
                x[:, -5:] = 0
        elif v.name == "audio":
            x = np.stack([voice_like(rng, shape[1]) for _ in range(shape[0])])
        elif v.name == "input_features":
            x = np.stack([smooth_noise(rng, *shape[1:], grid=40) for _ in range(shape[0])])
        else:
            x = rng.normal(0, 1, shape)
        feeds[v.name] = x.astype(onnx.helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type))
    return feeds


def reference(path, feeds):
    """Outputs of onnxruntime on the CPU, without graph rewriting: {output name: array}."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))


# ---------------------------------------------------------------- command line

def main():
    ap = argparse.ArgumentParser(description="Expand the weight-stripped ONNX test models.")
    ap.add_argument("names", nargs="*", metavar="NAME", help="models to expand (default: all)")
    ap.add_argument("--out", default=OUT, metavar="DIR", help="output folder (default: build/models)")
    ap.add_argument("--list", action="store_true", help="list the available models and exit")
    ap.add_argument("--inputs", action="store_true", help="also write NAME.inputs.npz")
    ap.add_argument("--reference", action="store_true",
                    help="also write NAME.outputs.npz computed by onnxruntime (implies --inputs)")
    args = ap.parse_args()
    known = known_models()
    if args.list:
        for name in known:
            graph = load_skeleton(name).graph
            params = sum(math.prod(t.dims) for g in graphs(graph) for t in g.initializer)
            print(f"{name:32s} {len(graph.node):5d} nodes {params / 1e6:8.2f} M parameters")
        return 0
    unknown = [n for n in args.names if n not in known]
    if unknown:
        ap.error("unknown model(s): " + ", ".join(unknown))
    os.makedirs(args.out, exist_ok=True)
    for name in args.names or known:
        proto = expand(name)
        path = os.path.join(args.out, name + ".onnx")
        feeds = default_inputs(name, proto)
        write_model(proto, path)
        if args.inputs or args.reference:
            np.savez(os.path.join(args.out, name + ".inputs.npz"), **feeds)
        if args.reference:
            np.savez(os.path.join(args.out, name + ".outputs.npz"), **reference(path, feeds))
        print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
