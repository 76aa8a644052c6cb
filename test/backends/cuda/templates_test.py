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


def product(name, t, batch, m, n, k, transposed=False, padded=False):
    """relu(a b + bias), bias of f32; `transposed`: b lies as [n, k]; `padded`: as cuda-pad-products leaves them, but with NaN where nothing may be read."""
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
    lines.append(f"%y = graph.relu %s : ({tensor(shape, 'f32')}) -> {tensor(shape, 'f32')}")
    text = function(name, "gemm", [("a", held[0].shape, t), ("b", held[1].shape, t), ("c", (n,), "f32")], lines, (shape, "f32"))
    right_values = np.swapaxes(b, -1, -2) if transposed else b
    wanted = np.maximum(a.astype(np.float64) @ right_values.astype(np.float64) + bias, 0)
    return Case(name, text, [stored(held[0], t), stored(held[1], t), bias], wanted, "f32")


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


def attention(name, t, batch, heads, m, n, d):
    q, k, v = ((RNG.standard_normal((batch, heads, rows, d)) * 0.7).astype(np.float32) for rows in (m, n, n))
    q, k, v = (loaded(stored(x.astype(np.float16) if t == "f16" else x, t), t) for x in (q, k, v))
    scores, shape = (batch, heads, m, n), (batch, heads, m, d)
    lines = [f"%t = graph.transpose %ib {{perm = array<i64: 0, 1, 3, 2>}} : ({tensor(k.shape, t)}) -> {tensor((batch, heads, d, n), t)}",
             f"%s = graph.matmul %ia, %t : ({tensor(q.shape, t)}, {tensor((batch, heads, d, n), t)}) -> {tensor(scores, t)}",
             f"%w = graph.cast %s {{to = f32}} : ({tensor(scores, t)}) -> {tensor(scores, 'f32')}",
             f"%l = graph.reduce_max %w {{axes = array<i64: 3>}} : ({tensor(scores, 'f32')}) -> {tensor((batch, heads, m, 1), 'f32')}",
             f"%f = graph.sub %w, %l : ({tensor(scores, 'f32')}, {tensor((batch, heads, m, 1), 'f32')}) -> {tensor(scores, 'f32')}",
             f"%e = graph.exp %f : ({tensor(scores, 'f32')}) -> {tensor(scores, 'f32')}",
             f"%n = graph.reduce_sum %e {{axes = array<i64: 3>}} : ({tensor(scores, 'f32')}) -> {tensor((batch, heads, m, 1), 'f32')}",
             f"%p = graph.div %e, %n : ({tensor(scores, 'f32')}, {tensor((batch, heads, m, 1), 'f32')}) -> {tensor(scores, 'f32')}",
             f"%h = graph.cast %p {{to = {t}}} : ({tensor(scores, 'f32')}) -> {tensor(scores, t)}",
             f"%y = graph.matmul %h, %ic : ({tensor(scores, t)}, {tensor(v.shape, t)}) -> {tensor(shape, t)}"]
    s = q.astype(np.float64) @ np.swapaxes(k, -1, -2)
    e = np.exp(s - s.max(-1, keepdims=True))
    wanted = e / e.sum(-1, keepdims=True) @ v
    held = [stored(x.astype(np.float16) if t == "f16" else x, t) for x in (q, k, v)]
    return Case(name, function(name, "attention", [("a", q.shape, t), ("b", k.shape, t), ("c", v.shape, t)], lines, (shape, t)), held, wanted, t, tolerance=1e-2 if t == "bf16" else 1.2e-3)


def cases():
    yield product("vectors_all", "f16", (), 37, 48, 264)            # every tile and split, rows and columns that end inside of tiles
    yield product("columns_all", "f32", (), 21, 40, 132, transposed=True)
    yield product("deep", "f16", (), 16, 64, 1096)                  # the widest cluster
    yield product("odd_deep", "f16", (), 16, 43, 1096)              # the same with columns stored one by one
    yield product("boxes_all", "f16", (), 200, 136, 200)            # every tile of sm_90a's template, its K longer than a tile's stages and shorter
    yield product("boxes_columns_all", "bf16", (), 130, 72, 712, transposed=True)
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
    yield attention("heads", "f16", 1, 2, 37, 75, 32)
    yield attention("heads_bf16", "bf16", 2, 1, 70, 33, 64)


def difference(ours, wanted, case):
    """Why the result differs, or None."""
    if case.tolerance:
        bad = ~(np.abs(ours - wanted) <= case.tolerance)
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
