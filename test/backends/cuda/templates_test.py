# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The templates' own sources, run on the host thread by thread (host_device.h): how products and attention find their elements (tiles, windows of convolutions, fragments of ldmatrix and mma.sync,
split K over a cluster, edges of all of them) against numpy. Operands are small integers, so that products are exact. Every configuration of the cost model runs for the functions named *_all.

templates_test.py PRINT_TEMPLATES CLANG"""
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(11)


def tensor(shape, t):
    return f"tensor<{'x'.join(map(str, shape))}x{t}>"


def function(name, kind, inputs, lines, result):
    """A function of one region; inputs: [(name, shape, type)], the last line's value is the result (shape, type)."""
    typed = ", ".join(f"%{n}: {tensor(s, t)}" for n, s, t in inputs)
    inner = ", ".join(f"%i{n}: {tensor(s, t)}" for n, s, t in inputs)
    types = ", ".join(tensor(s, t) for _, s, t in inputs)
    body = "\n    ".join(lines)
    return f"""func.func @{name}({typed}) -> {tensor(*result)} {{
  %r = graph.region "{kind}" ({', '.join('%' + n for n, _, _ in inputs)}) : ({types}) -> {tensor(*result)} {{
  ^bb0({inner}):
    {body}
    graph.yield %y : {tensor(*result)}
  }}
  return %r : {tensor(*result)}
}}
"""


class Case:
    """text: the function; operands: arrays in memory's types; wanted: the exact result; result type."""

    def __init__(self, name, text, operands, wanted, t, tolerance=0.0):
        self.name, self.text, self.operands, self.wanted, self.type, self.tolerance = name, text, operands, wanted, t, tolerance
        self.second = None


def with_second(case, value, wanted):
    """The same with one more result of the same type, the value of that name in the region."""
    t = case.text.rpartition("return %r : ")[2].split("\n")[0]
    case.text = case.text.replace(f"-> {t} {{", f"-> ({t}, {t}) {{").replace("%r = graph.region", "%r:2 = graph.region").replace(f"yield %y : {t}", f"yield %y, {value} : {t}, {t}").replace(f"return %r : {t}", f"return %r#0, %r#1 : {t}, {t}")
    case.second = wanted
    return case


def integers(shape, t, largest=2):
    x = RNG.integers(-largest, largest + 1, shape).astype(np.float32)
    return x.astype({"f16": np.float16}.get(t, np.float32))


def stored(x, t):
    return (x.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16) if t == "bf16" else np.ascontiguousarray(x)


def loaded(x, t):
    return (x.astype(np.uint32) << 16).view(np.float32) if t == "bf16" else x.astype(np.float32)


def longer(x, behind):
    """Rows of whole vectors, and what lies behind theirs."""
    return np.concatenate([x, np.full((*x.shape[:-1], -x.shape[-1] % 8), behind, x.dtype)], -1)


def product(name, t, batch, m, n, k, transposed=False, padded=False, narrow=False):
    """relu(a b + bias), bias of f32, the result f32 or (`narrow`) as the operands; `transposed`: b lies as [n, k]; `padded`: as cuda-pad-products leaves them, but with NaN where nothing may be read."""
    a, b, bias = integers((*batch, m, k), t), integers((*batch, n, k) if transposed else (*batch, k, n), t), integers((n,), "f32")
    shape, rank = (*batch, m, n), len(batch) + 2
    right, left = "%ib", "%ia"
    lines, held = [], (a, b)
    if padded:
        held = longer(a, np.nan), longer(b, 0 if transposed else np.nan)
        for operand, x, whole in (("a", a, held[0]), ("b", b, held[1])):
            lines.append(f"%f{operand} = graph.slice %i{operand} {{dims = #graph.dims<[{', '.join(map(str, x.shape))}]>, starts = #graph.dims<[{', '.join(['0'] * x.ndim)}]>, steps = array<i64: {', '.join(['1'] * x.ndim)}>}} : "
                         f"({tensor(whole.shape, t)}) -> {tensor(x.shape, t)}")
        right, left = "%fb", "%fa"
    if transposed:
        perm = [*range(rank - 2), rank - 1, rank - 2]
        lines.append(f"%t = graph.transpose {right} {{perm = array<i64: {', '.join(map(str, perm))}>}} : ({tensor(b.shape, t)}) -> {tensor((*batch, k, n), t)}")
        right = "%t"
    lines.append(f"%p = graph.matmul {left}, {right} : ({tensor(a.shape, t)}, {tensor((*batch, k, n), t)}) -> {tensor(shape, t)}")
    wide = "%p"
    if t != "f32":
        lines.append(f"%w = graph.cast %p {{to = f32}} : ({tensor(shape, t)}) -> {tensor(shape, 'f32')}")
        wide = "%w"
    lines.append(f"%s = graph.add {wide}, %ic : ({tensor(shape, 'f32')}, {tensor((n,), 'f32')}) -> {tensor(shape, 'f32')}")
    lines.append(f"%{'z' if narrow else 'y'} = graph.relu %s : ({tensor(shape, 'f32')}) -> {tensor(shape, 'f32')}")
    if narrow:
        lines.append(f"%y = graph.cast %z {{to = {t}}} : ({tensor(shape, 'f32')}) -> {tensor(shape, t)}")
    result = t if narrow else "f32"
    text = function(name, "gemm", [("a", held[0].shape, t), ("b", held[1].shape, t), ("c", (n,), "f32")], lines, (shape, result))
    right_values = np.swapaxes(b, -1, -2) if transposed else b
    wanted = np.maximum(a.astype(np.float64) @ right_values.astype(np.float64) + bias, 0)
    return Case(name, text, [stored(held[0], t), stored(held[1], t), bias], wanted, result)


def convolution(name, t, images, h, w, channels, filters, kernel, stride, dilation, pads):
    """Channels last, weights packed [filters, r, s, channels] as cuda-pack-weights leaves them. pads: top, left, bottom, right."""
    r, s = kernel
    p, q = (h + pads[0] + pads[2] - dilation * (r - 1) - 1) // stride + 1, (w + pads[1] + pads[3] - dilation * (s - 1) - 1) // stride + 1
    x, weights = integers((images, h, w, channels), t), integers((filters, r, s, channels), t)
    shape = (images, p, q, filters)
    lines = [f"%t = graph.transpose %ib {{perm = array<i64: 0, 3, 1, 2>}} : ({tensor(weights.shape, t)}) -> {tensor((filters, channels, r, s), t)}",
             f"%y = graph.conv %ia, %t {{channels_last = true, dilations = array<i64: {dilation}, {dilation}>, pads = array<i64: {', '.join(map(str, pads))}>, strides = array<i64: {stride}, {stride}>}} : "
             f"({tensor(x.shape, t)}, {tensor((filters, channels, r, s), t)}) -> {tensor(shape, t)}"]
    padded = np.pad(x.astype(np.float64), ((0, 0), (pads[0], pads[2]), (pads[1], pads[3]), (0, 0)))
    wanted = np.zeros(shape)
    for i in range(r):
        for j in range(s):
            window = padded[:, i * dilation:i * dilation + (p - 1) * stride + 1:stride, j * dilation:j * dilation + (q - 1) * stride + 1:stride]
            wanted += np.einsum("npqc,fc->npqf", window, weights[:, i, j].astype(np.float64))
    return Case(name, function(name, "conv", [("a", x.shape, t), ("b", weights.shape, t)], lines, (shape, t)), [stored(x, t), stored(weights, t)], wanted, t)


def depthwise(name, t, images, h, w, channels, kernel, stride, dilation, pads, packed=True, computed=False, two=False):
    """relu(conv + bias), sums of f32, one filter per channel, packed [r, s, channels, 1] as cuda-pack-weights leaves them. `computed`: the image is x + x."""
    r, s = kernel
    p, q = (h + pads[0] + pads[2] - dilation * (r - 1) - 1) // stride + 1, (w + pads[1] + pads[3] - dilation * (s - 1) - 1) // stride + 1
    x, weights, bias = integers((images, h, w, channels), t), integers((r, s, channels, 1), t), integers((channels,), "f32")
    shape, inner = (images, p, q, channels), (channels, 1, r, s)
    held = weights if packed else np.ascontiguousarray(weights.transpose(2, 3, 0, 1))
    lines, image, filters = [], "%ia", "%ib"
    if packed:
        lines.append(f"%t = graph.transpose %ib {{perm = array<i64: 2, 3, 0, 1>}} : ({tensor(weights.shape, t)}) -> {tensor(inner, t)}")
        filters = "%t"
    if computed:
        lines.append(f"%d = graph.add %ia, %ia : ({tensor(x.shape, t)}, {tensor(x.shape, t)}) -> {tensor(x.shape, t)}")
        image = "%d"
    lines.append(f"%v = graph.conv {image}, {filters} {{channels_last = true, group = {channels} : i64, dilations = array<i64: {dilation}, {dilation}>, pads = array<i64: {', '.join(map(str, pads))}>, "
                 f"strides = array<i64: {stride}, {stride}>}} : ({tensor(x.shape, t)}, {tensor(inner, t)}) -> {tensor(shape, t)}")
    wide = "%v"
    if t != "f32":
        lines.append(f"%w = graph.cast %v {{to = f32}} : ({tensor(shape, t)}) -> {tensor(shape, 'f32')}")
        wide = "%w"
    lines += [f"%s = graph.add {wide}, %ic : ({tensor(shape, 'f32')}, {tensor((channels,), 'f32')}) -> {tensor(shape, 'f32')}", f"%y = graph.relu %s : ({tensor(shape, 'f32')}) -> {tensor(shape, 'f32')}"]
    padded = np.pad(x.astype(np.float64) * (2 if computed else 1), ((0, 0), (pads[0], pads[2]), (pads[1], pads[3]), (0, 0)))
    wanted = np.zeros(shape)
    for i in range(r):
        for j in range(s):
            wanted += padded[:, i * dilation:i * dilation + (p - 1) * stride + 1:stride, j * dilation:j * dilation + (q - 1) * stride + 1:stride] * weights[i, j, :, 0].astype(np.float64)
    text = function(name, "conv", [("a", x.shape, t), ("b", held.shape, t), ("c", (channels,), "f32")], lines, (shape, "f32"))
    case = Case(name, text, [stored(x, t), stored(held, t), bias], np.maximum(wanted + bias, 0), "f32")
    return with_second(case, "%s", wanted + bias) if two else case


def stem(name, t, images, h, w, channels, filters, kernel, stride, dilation, pads, picture=False, two=False):
    """relu(conv + bias), weights packed as cuda-pack-stems leaves them. `picture`: the image comes as f32, channels first, and its border is made inside of the region."""
    r, s = kernel
    taps, steps = r * s, -(-r * s // 4)
    pairs = min((pairs for pairs in (4, 2, 1) if pairs == 1 or pairs * steps <= 26), key=lambda pairs: -(-filters // (16 * pairs)) * pairs)
    warps = -(-filters // (16 * pairs))
    p, q = (h + pads[0] + pads[2] - dilation * (r - 1) - 1) // stride + 1, (w + pads[1] + pads[3] - dilation * (s - 1) - 1) // stride + 1
    x, weights, bias = integers((images, h, w, channels), t), integers((filters, r, s, channels), t), integers((filters,), "f32")
    rows = 16 * warps * pairs
    fragments = np.zeros((rows, 4 * steps, 4), weights.dtype)
    fragments[:filters, :taps, :channels] = weights.reshape(filters, taps, channels)
    fragments = np.ascontiguousarray(fragments.reshape(warps, 8, pairs, 2, steps, 4, 2, 2).transpose(0, 2, 4, 1, 5, 6, 3, 7)).reshape(warps * pairs, steps, 256)
    shape = (images, p, q, filters)
    back = [(warps, pairs, steps, 8, 4, 2, 2, 2), (warps, 8, pairs, 2, steps, 4, 2, 2), (rows, 4 * steps, 4), (filters, taps, channels), (filters, r, s, channels), (filters, channels, r, s)]
    moved_back = fragments.reshape(back[0]).transpose(0, 3, 1, 6, 2, 4, 5, 7).reshape(back[2])[:filters, :taps, :channels].reshape(back[4])
    assert (moved_back == weights).all() # what is read where no template takes the region
    dims = ["#graph.dims<[" + ", ".join(map(str, d)) + "]>" for d in back]
    lines = [f"%t0 = graph.reshape %ib {{dims = {dims[0]}}} : ({tensor(fragments.shape, t)}) -> {tensor(back[0], t)}",
             f"%t1 = graph.transpose %t0 {{perm = array<i64: 0, 3, 1, 6, 2, 4, 5, 7>}} : ({tensor(back[0], t)}) -> {tensor(back[1], t)}",
             f"%t2 = graph.reshape %t1 {{dims = {dims[2]}}} : ({tensor(back[1], t)}) -> {tensor(back[2], t)}",
             f"%t3 = graph.slice %t2 {{dims = {dims[3]}, starts = #graph.dims<[0, 0, 0]>, steps = array<i64: 1, 1, 1>}} : ({tensor(back[2], t)}) -> {tensor(back[3], t)}",
             f"%t4 = graph.reshape %t3 {{dims = {dims[4]}}} : ({tensor(back[3], t)}) -> {tensor(back[4], t)}",
             f"%t5 = graph.transpose %t4 {{perm = array<i64: 0, 3, 1, 2>}} : ({tensor(back[4], t)}) -> {tensor(back[5], t)}"]
    held, held_type, image, shape_in = x, t, "%ia", x.shape
    if picture:
        held, held_type = np.ascontiguousarray(loaded(stored(x, t), t).transpose(0, 3, 1, 2)), "f32"
        shape_in = (images, h + pads[0] + pads[2], w + pads[1] + pads[3], channels)
        lines += [f"%m0 = graph.cast %ia {{to = {t}}} : ({tensor(held.shape, 'f32')}) -> {tensor(held.shape, t)}",
                  f"%m1 = graph.transpose %m0 {{perm = array<i64: 0, 2, 3, 1>}} : ({tensor(held.shape, t)}) -> {tensor(x.shape, t)}",
                  f"%m2 = graph.pad %m1 {{low = #graph.dims<[0, {pads[0]}, {pads[1]}, 0]>, high = #graph.dims<[0, {pads[2]}, {pads[3]}, 0]>}} : ({tensor(x.shape, t)}) -> {tensor(shape_in, t)}"]
        image = "%m2"
    lines += [f"%v = graph.conv {image}, %t5 {{channels_last = true, dilations = array<i64: {dilation}, {dilation}>, pads = array<i64: {', '.join(map(str, (0,) * 4 if picture else pads))}>, strides = array<i64: {stride}, {stride}>}} : "
              f"({tensor(shape_in, t)}, {tensor(back[5], t)}) -> {tensor(shape, t)}",
              f"%w = graph.cast %v {{to = f32}} : ({tensor(shape, t)}) -> {tensor(shape, 'f32')}",
              f"%s = graph.add %w, %ic : ({tensor(shape, 'f32')}, {tensor((filters,), 'f32')}) -> {tensor(shape, 'f32')}", f"%y = graph.relu %s : ({tensor(shape, 'f32')}) -> {tensor(shape, 'f32')}"]
    padded = np.pad(loaded(stored(x, t), t).astype(np.float64), ((0, 0), (pads[0], pads[2]), (pads[1], pads[3]), (0, 0)))
    wanted = np.zeros(shape)
    for i in range(r):
        for j in range(s):
            wanted += np.einsum("npqc,fc->npqf", padded[:, i * dilation:i * dilation + (p - 1) * stride + 1:stride, j * dilation:j * dilation + (q - 1) * stride + 1:stride], weights[:, i, j].astype(np.float64))
    text = function(name, "conv", [("a", held.shape, held_type), ("b", fragments.shape, t), ("c", (filters,), "f32")], lines, (shape, "f32"))
    case = Case(name, text, [held if picture else stored(held, t), stored(fragments, t), bias], np.maximum(wanted + bias, 0), "f32")
    return with_second(case, "%s", wanted + bias) if two else case


def attention(name, t, batch, heads, m, n, d, dv=None, group=1, held=None, masked=(), guarded=False):
    """softmax(q k^T / 2 + mask) v. group: heads that share keys and values; held: their type in memory; masked: rows whose mask leaves nothing (of each batch entry and head), where there is a mask at all unless None."""
    dv, held, key_heads = dv or d, held or t, heads // group
    rounded = lambda x, kind: loaded(stored(x.astype(np.float16) if kind == "f16" else x, kind), kind)
    q, k, v = ((RNG.standard_normal((batch, h, rows, e)) * 0.7).astype(np.float32) for h, rows, e in ((heads, m, d), (key_heads, n, d), (key_heads, n, dv)))
    q, k, v = rounded(q, t), rounded(k, held), rounded(v, held)
    mask = np.where(RNG.random((batch, 1, m, n)) < 0.3, -np.inf, 0).astype(np.float32)
    mask[..., 0] = 0
    for row in masked or ():
        mask[:, :, row] = -np.inf
    scores, shape, one = (batch, heads, m, n), (batch, heads, m, dv), (batch, heads, m, 1)
    lines = []

    def repeated(argument, array):
        """As exporters repeat heads: reshape, expand, reshape."""
        value, e = argument, array.shape[-1]
        if held != t:
            lines.append(f"{value}h = graph.cast {value} {{to = {t}}} : ({tensor(array.shape, held)}) -> {tensor(array.shape, t)}")
            value += "h"
        if group > 1:
            apart, wide, whole = (batch, key_heads, 1, n, e), (batch, key_heads, group, n, e), (batch, heads, n, e)
            for to, kind, dims, before in (("a", "reshape", apart, array.shape), ("b", "expand", wide, apart), ("c", "reshape", whole, wide)):
                lines.append(f"{argument}{to} = graph.{kind} {value} {{dims = #graph.dims<[{', '.join(map(str, dims))}]>}} : ({tensor(before, t)}) -> {tensor(dims, t)}")
                value = argument + to
        return value

    keys, values = repeated("%ib", k), repeated("%ic", v)
    lines += [f"%t = graph.transpose {keys} {{perm = array<i64: 0, 1, 3, 2>}} : ({tensor((batch, heads, n, d), t)}) -> {tensor((batch, heads, d, n), t)}",
              f"%s = graph.matmul %ia, %t : ({tensor(q.shape, t)}, {tensor((batch, heads, d, n), t)}) -> {tensor(scores, t)}",
              "%half = graph.constant dense<0.5> : tensor<f32>",
              f"%w = graph.cast %s {{to = f32}} : ({tensor(scores, t)}) -> {tensor(scores, 'f32')}",
              f"%x = graph.mul %w, %half : ({tensor(scores, 'f32')}, tensor<f32>) -> {tensor(scores, 'f32')}"]
    logits = "%x"
    if masked is not None:
        lines.append(f"%g = graph.add %x, %id : ({tensor(scores, 'f32')}, {tensor(mask.shape, 'f32')}) -> {tensor(scores, 'f32')}")
        logits = "%g"
    lines += [f"%l = graph.reduce_max {logits} {{axes = array<i64: 3>}} : ({tensor(scores, 'f32')}) -> {tensor(one, 'f32')}",
              f"%f = graph.sub {logits}, %l : ({tensor(scores, 'f32')}, {tensor(one, 'f32')}) -> {tensor(scores, 'f32')}",
              f"%e = graph.exp %f : ({tensor(scores, 'f32')}) -> {tensor(scores, 'f32')}",
              f"%n = graph.reduce_sum %e {{axes = array<i64: 3>}} : ({tensor(scores, 'f32')}) -> {tensor(one, 'f32')}",
              f"%p = graph.div %e, %n : ({tensor(scores, 'f32')}, {tensor(one, 'f32')}) -> {tensor(scores, 'f32')}"]
    probabilities = "%p"
    if guarded:
        lines += ["%zero = graph.constant dense<0.0> : tensor<f32>", f"%isnan = graph.is_nan %p : ({tensor(scores, 'f32')}) -> {tensor(scores, 'i1')}",
                  f"%ok = graph.where %isnan, %zero, %p : ({tensor(scores, 'i1')}, tensor<f32>, {tensor(scores, 'f32')}) -> {tensor(scores, 'f32')}"]
        probabilities = "%ok"
    lines += [f"%h = graph.cast {probabilities} {{to = {t}}} : ({tensor(scores, 'f32')}) -> {tensor(scores, t)}",
              f"%y = graph.matmul %h, {values} : ({tensor(scores, t)}, {tensor((batch, heads, n, dv), t)}) -> {tensor(shape, t)}"]
    s = q.astype(np.float64) @ np.swapaxes(np.repeat(rounded(k, t), group, 1), -1, -2) / 2
    if masked is not None:
        s = s + mask
    with np.errstate(invalid="ignore"):
        e = np.exp(s - s.max(-1, keepdims=True))
        e /= e.sum(-1, keepdims=True)
    wanted = np.where(np.isnan(e) & guarded, 0, e) @ np.repeat(rounded(v, t), group, 1)
    inputs, arrays = [("a", q, t), ("b", k, held), ("c", v, held)], []
    if masked is not None:
        inputs.append(("d", mask, "f32"))
    arrays = [stored(x.astype(np.float16) if kind == "f16" else x, kind) for _, x, kind in inputs]
    return Case(name, function(name, "attention", [(label, x.shape, kind) for label, x, kind in inputs], lines, (shape, t)), arrays, wanted, t, tolerance={"bf16": 1e-2, "f16": 1.2e-3, "f32": 2e-6}[t])


ACTIVATIONS = {"Sigmoid": lambda x: 1 / (1 + np.exp(-x)), "Tanh": np.tanh, "Relu": lambda x: np.maximum(x, 0), "Affine": lambda x: 2 * x + 0.25, "Softsign": lambda x: x / (1 + np.abs(x))}


def recurrent(kind, name, steps, batch, units, t="f32", lengths=None, peephole=False, clip=None, reverse=False, activations=None, result=0, **flags):
    """An RNN, GRU or LSTM scan, whose result number `result` (y, h, c) is looked at; the others are not stored. Batch entries have `lengths`."""
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    activations = activations or {"rnn": ["Tanh"], "gru": ["Sigmoid", "Tanh"], "lstm": ["Sigmoid", "Tanh", "Tanh"]}[kind]
    random = lambda *shape, scale: loaded(stored((RNG.standard_normal(shape) * scale).astype(np.float16 if t == "f16" else np.float32), t), t)
    inputs = [("x", random(steps, batch, gates * units, scale=0.8), t), ("w", random(gates * units, units, scale=units ** -0.5), t), ("h0", random(batch, units, scale=0.5), t)]
    if kind == "lstm":
        inputs.append(("c0", random(batch, units, scale=0.5), t))
    if kind == "gru":
        inputs.append(("bias", random(units, scale=0.3), t))
    if peephole:
        inputs.append(("p", random(3 * units, scale=0.5), t))
    if lengths:
        inputs.append(("lengths", np.array(lengths, np.int32), "i32"))
    of = {label: x.astype(np.float64) for label, x, _ in inputs}
    f = [ACTIVATIONS[a] for a in activations]
    limited = (lambda x: np.clip(x, -clip, clip)) if clip else (lambda x: x)
    y, last, cells = np.zeros((steps, batch, units)), np.zeros((batch, units)), np.zeros((batch, units))
    rows = lambda g: of["w"][g * units:(g + 1) * units]
    for b in range(batch):
        h, c, n = of["h0"][b], of["c0"][b] if kind == "lstm" else None, min(max(lengths[b], 0), steps) if lengths else steps
        for step in range(n):
            at = n - 1 - step if reverse else step
            x = [of["x"][at, b, g * units:(g + 1) * units] for g in range(gates)]
            s = [x[g] + rows(g) @ h for g in range(gates)]
            if kind == "rnn":
                h = f[0](limited(s[0]))
            elif kind == "gru":
                z, r = f[0](limited(s[0])), f[0](limited(s[1]))
                candidate = x[2] + (r * (rows(2) @ h + of["bias"]) if flags.get("linear_before_reset") else rows(2) @ (r * h) + of["bias"])
                h = (1 - z) * f[1](limited(candidate)) + z * h
            else:
                pi, po, pf = np.split(of["p"], 3) if peephole else (0, 0, 0)
                i = f[0](limited(s[0] + pi * c))
                forget = 1 - i if flags.get("input_forget") else f[0](limited(s[2] + pf * c))
                c = forget * c + i * f[1](limited(s[3]))
                h = f[0](limited(s[1] + po * c)) * f[2](c)
                cells[b] = c
            y[at, b] = h
        last[b] = h
        if kind == "lstm":
            cells[b] = c
    wanted = (y, last, cells)[result]
    shapes = [(steps, batch, units), (batch, units), (batch, units)][:3 if kind == "lstm" else 2]
    attributes = {"activations": "[" + ", ".join(f'"{a}"' for a in activations) + "]", "reverse": str(reverse).lower(), **{k: str(v).lower() for k, v in flags.items()}}
    attributes["alphas"], attributes["betas"] = ("array<f32: " + ", ".join([v] * len(activations)) + ">" for v in ("2.0", "0.25"))
    if clip:
        attributes["clip"] = f"{clip} : f32"
    if kind == "gru":
        attributes.setdefault("linear_before_reset", "false")
    if kind == "lstm":
        attributes["operandSegmentSizes"] = f"array<i32: 1, 1, 1, 1, {int(peephole)}, {int(bool(lengths))}>"
    names = ["%y", "%h", "%c"]
    names[0], names[result] = (names[0], names[result]) if result == 0 else ("%all", "%y")
    line = (f"{', '.join(names[:len(shapes)])} = graph.{kind}_scan {', '.join('%i' + label for label, _, _ in inputs)} {{{', '.join(f'{k} = {v}' for k, v in attributes.items())}}} : "
            f"({', '.join(tensor(x.shape, k) for _, x, k in inputs)}) -> ({', '.join(tensor(s, t) for s in shapes)})")
    arrays = [x if k == "i32" else stored(x.astype(np.float16) if k == "f16" else x, k) for _, x, k in inputs]
    return Case(name, function(name, "single", [(label, x.shape, k) for label, x, k in inputs], [line], (wanted.shape, t)), arrays, wanted, t, tolerance={"f32": 2e-6, "f16": 2e-3, "bf16": 1e-2}[t])


def cases():
    yield product("vectors_all", "f16", (), 37, 48, 264)            # every tile and split, rows and columns that end inside of tiles
    yield product("columns_all", "f32", (), 21, 40, 132, transposed=True)
    yield product("deep", "f16", (), 16, 64, 1096)                  # the widest cluster
    yield product("odd_deep", "f16", (), 16, 43, 1096)              # the same with columns stored one by one
    yield product("boxes_all", "f16", (), 200, 136, 200)            # every tile of sm_90a's template, its K longer than a tile's stages and shorter
    yield product("boxes_columns_all", "bf16", (), 130, 72, 712, transposed=True)
    yield product("odd_narrow_all", "f16", (), 37, 45, 72, narrow=True)  # rows of halves, stored one by one
    yield product("boxes_odd_narrow_all", "f16", (), 70, 155, 72, padded=True, narrow=True)
    yield product("boxes_odd_all", "f16", (), 70, 91, 83, padded=True)  # rows that are stored one by one, operands that are longer than they say
    yield product("boxes_rounds", "f16", (), 64 * 139, 64, 72)      # more tiles than blocks
    yield convolution("boxes_conv_all", "f16", 2, 9, 7, 64, 72, (3, 3), 2, 1, (1, 1, 1, 1))
    yield convolution("boxes_dilated", "bf16", 2, 8, 9, 128, 64, (2, 3), 1, 2, (2, 1, 1, 2))
    yield product("odd", "f16", (), 33, 27, 45)                     # element by element
    yield product("odd_rows", "bf16", (), 17, 64, 39, transposed=True)
    yield product("padded", "f16", (), 33, 43, 77, padded=True)
    yield product("padded_columns", "bf16", (), 35, 40, 61, transposed=True, padded=True)
    yield product("padded_f32", "f32", (2,), 18, 33, 35, padded=True)
    yield product("batches", "bf16", (3,), 20, 24, 56)
    yield product("one_row", "f32", (2,), 1, 19, 130)
    yield convolution("conv3", "f16", 2, 9, 7, 16, 24, (3, 3), 2, 1, (1, 1, 1, 1))
    yield convolution("conv_dilated", "f32", 1, 11, 8, 8, 12, (3, 2), 1, 2, (2, 0, 1, 1))
    yield convolution("window_elements", "f16", 1, 13, 12, 3, 16, (5, 5), 2, 1, (2, 2, 1, 2))
    yield depthwise("channels_all", "f16", 2, 9, 8, 72, (3, 3), 1, 1, (1, 1, 1, 1))           # every number of columns; tiles end outside of the image, vectors behind the channels
    yield depthwise("channels_stride_all", "bf16", 1, 13, 15, 32, (5, 5), 2, 1, (2, 2, 2, 2))
    yield depthwise("channels_many", "f16", 96, 9, 17, 24, (3, 3), 1, 1, (1, 1, 1, 1))         # large blocks: threads to spare, a tile of all channels
    yield depthwise("channels_wide", "f32", 1, 9, 9, 36, (7, 7), 1, 1, (3, 3, 3, 3))
    yield depthwise("channels_dilated", "f16", 2, 12, 11, 16, (3, 2), 1, 3, (3, 0, 2, 1))
    yield depthwise("channels_skipping", "f32", 1, 11, 12, 8, (3, 3), 3, 2, (0, 1, 2, 0))    # a stride and dilation that leave columns out
    yield depthwise("channels_few", "f16", 2, 6, 7, 6, (3, 3), 1, 1, (1, 1, 1, 1))            # vectors of 4 bytes
    yield depthwise("channels_two", "f16", 1, 9, 7, 24, (3, 3), 1, 1, (1, 1, 1, 1), two=True)  # sums before and after the activation
    yield depthwise("channels_odd", "bf16", 1, 5, 6, 5, (3, 3), 2, 1, (1, 1, 0, 0), packed=False)
    yield depthwise("channels_computed", "f16", 1, 7, 7, 24, (3, 3), 1, 1, (1, 1, 1, 1), computed=True)
    yield stem("stem_wide", "f16", 2, 21, 23, 3, 64, (7, 7), 2, 1, (3, 3, 3, 3))               # two warps side by side, a last step of one tap
    yield stem("stem_picture", "bf16", 1, 18, 21, 3, 40, (3, 3), 2, 1, (1, 0, 1, 1), picture=True)
    yield stem("stem_patches", "f16", 1, 20, 24, 4, 96, (4, 4), 4, 1, (0, 0, 0, 0))
    yield stem("stem_two", "bf16", 1, 11, 12, 3, 32, (3, 3), 2, 1, (1, 1, 1, 1), two=True)
    yield stem("stem_odd", "f16", 2, 7, 9, 3, 21, (3, 2), 1, 2, (2, 1, 1, 0))                 # results stored one by one
    yield stem("stem_many", "bf16", 24, 20, 18, 3, 16, (3, 3), 1, 1, (1, 1, 1, 1), picture=True)  # large tiles
    yield attention("heads", "f16", 1, 2, 37, 75, 32, masked=None)
    yield attention("heads_masked", "f16", 1, 4, 37, 75, 32, dv=48, group=2, masked=(3, 36), guarded=True)
    yield attention("heads_bf16", "bf16", 2, 1, 70, 33, 64, masked=None)
    # Few queries: splits and warps that differ in their keys, some without any; heads that end inside of a lane's vectors; tiles of rows that end inside of heads.
    yield attention("one_query", "f16", 1, 2, 1, 513, 64)
    yield attention("one_query_f32_cache", "f16", 2, 3, 1, 130, 64, held="f32", masked=None)
    yield attention("grouped", "f16", 1, 16, 1, 517, 64, group=8)
    yield attention("grouped_bf16", "bf16", 2, 6, 5, 259, 128, dv=80, group=3)
    yield attention("grouped_tiles", "bf16", 1, 10, 4, 70, 48, dv=16, group=10, masked=(2,), guarded=True)
    yield attention("nothing_left", "f16", 1, 2, 3, 140, 32, masked=(0, 1, 2))
    yield attention("few_keys", "f16", 3, 2, 16, 3, 112)
    yield attention("grouped_f32", "f32", 1, 8, 2, 300, 64, group=4, masked=(1,), guarded=True)
    yield attention("long_heads_f32", "f32", 2, 2, 9, 75, 128, dv=96)
    yield attention("short_heads_f32", "f32", 1, 3, 1, 140, 16, dv=48, masked=None)
    # R in registers of a cluster, of one block, and read at each step, in rounds; layers that end inside of blocks, warps and vectors.
    yield recurrent("lstm", "lstm_cluster", 6, 2, 192)
    yield recurrent("lstm", "lstm_pair", 4, 1, 100, reverse=True)
    yield recurrent("lstm", "lstm_read", 3, 1, 324, clip=0.9)
    yield recurrent("lstm", "lstm_features", 5, 3, 7, lengths=[5, 2, 0], peephole=True, clip=0.7, reverse=True, input_forget=True, activations=["Sigmoid", "Affine", "Softsign"])
    yield recurrent("lstm", "lstm_peephole", 5, 2, 40, lengths=[9, -1], peephole=True, result=2)
    yield recurrent("lstm", "lstm_state", 3, 2, 24, "f16", result=1)
    yield recurrent("gru", "gru_linear", 5, 1, 160, linear_before_reset=True)
    yield recurrent("gru", "gru_cluster", 5, 2, 202, lengths=[4, 5], reverse=True)
    yield recurrent("gru", "gru_small", 4, 2, 5, clip=0.5, activations=["Relu", "Affine"], result=1)
    yield recurrent("gru", "gru_bf16", 3, 2, 36, "bf16")
    yield recurrent("rnn", "rnn_one", 4, 3, 1, lengths=[1, 4, 3])
    yield recurrent("rnn", "rnn_wide", 3, 1, 1030, reverse=True)


def difference(ours, wanted, case):
    """Why the result differs, or None."""
    if case.tolerance:
        bad = ~((np.abs(ours - wanted) <= case.tolerance) | (np.isnan(ours) & np.isnan(wanted)))
    else:
        rounded = loaded(stored(wanted.astype(np.float16) if case.type == "f16" else wanted, case.type), case.type) if case.type != "f32" else wanted
        bad = ~(ours == rounded)
    if not bad.any():
        return None
    at = tuple(int(i[0]) for i in np.nonzero(bad))
    return f"{bad.sum()} of {bad.size} differ, first at {at}: {ours[at]} instead of {wanted[at]}"


def main():
    every = list(cases())
    failures = kernels = 0
    seen = set()
    for arch in ("sm_80", "sm_90"):
        # Without clusters, the kernels of sm_80 are among those of sm_90.
        tried = [case for case in every if arch == "sm_90" or not case.name.endswith("_all")]
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            (folder / "cases.mlir").write_text("// -----\n".join(case.text for case in tried))
            printed = subprocess.run([sys.argv[1], folder / "cases.mlir", arch, HERE / "host_device.h"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if printed.returncode:
                sys.exit(printed.stderr)
            (folder / "cases.cpp").write_text(printed.stdout)
            subprocess.run([sys.argv[2], "-xc++", "-std=c++17", "-O1", "-ffp-contract=off", "-fno-strict-aliasing", "-mf16c", "-w", "-shared", "-fPIC", folder / "cases.cpp", "-lm", "-lstdc++", "-o", folder / "cases.so"], check=True)
            library = ctypes.CDLL(str(folder / "cases.so"))
            for line in printed.stderr.splitlines():
                name, _, *launch = line.split()
                case = next(c for c in tried if name.rpartition("_")[0] == c.name)
                kernels += 1
                seen.add(int(launch[2]))
                wanted = [case.wanted] + ([] if case.second is None else [case.second])
                outs = [np.full(w.shape, 0x7e00 if case.type != "f32" else 0x7fc00000, np.uint32 if case.type == "f32" else np.uint16) for w in wanted]
                held = [np.frombuffer(bytearray(x.tobytes() + b"\0" * 64), np.uint8) for x in case.operands]
                pointers = (ctypes.c_void_p * (len(held) + len(outs)))(*(h.ctypes.data for h in held), *(out.ctypes.data for out in outs))
                getattr(library, name)(pointers)
                for out, w in zip(outs, wanted):
                    ours = loaded(out if case.type == "bf16" else out.view(np.float16 if case.type == "f16" else np.float32), case.type)
                    why = difference(ours, w, case)
                    if why:
                        failures += 1
                        print(f"{arch} {line}: {why}")
    print(f"{kernels} kernels of {len(every)} regions, clusters of {sorted(seen)}: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
