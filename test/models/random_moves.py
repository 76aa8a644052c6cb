# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Motifs that move values: transposes, reshapes, slices, concatenations, lookups, windows."""
import numpy as np
from onnx import TensorProto

from random_attention import attention
from random_builder import CHANNELS, Declined, add, dim, need, product, small
from random_compute import activation


def transpose(g):
    x = need(g.pick(lambda v: v.rank >= 2))
    usual = {3: [[0, 2, 1]], 4: [[0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 1, 3], [0, 1, 3, 2]]}.get(x.rank, [])
    g.transpose(x, g.one(usual) if usual and g.chance(0.8) else [int(p) for p in g.rng.permutation(x.rank)], True)


def flatten(g):
    """Neighbouring dims become one."""
    x = need(g.pick(lambda v: v.rank >= 3))
    i = int(g.rng.integers(0, x.rank - 1))
    j = int(g.rng.integers(i + 2, x.rank + 1))
    g.reshape(x, [*x.dims[:i], product(x.dims[i:j]), *x.dims[j:]], True)


def unflatten(g):
    x = need(g.pick(lambda v: v.rank <= 4 and any(d.static and int(d) in (4, 6, 8, 9, 12, 16, 24, 32, 48, 64, 128) for d in v.dims)))
    i = g.one([i for i, d in enumerate(x.dims) if d.static and int(d) in (4, 6, 8, 9, 12, 16, 24, 32, 48, 64, 128)])
    part = g.one([p for p in (2, 3, 4, 8) if int(x.dims[i]) % p == 0])
    parts = [part, int(x.dims[i]) // part]
    g.reshape(x, [*x.dims[:i], *(parts if g.chance(0.5) else parts[::-1]), *x.dims[i + 1 :]], True)


def there_and_back(g):
    """Reshape or transpose, compute, and back: what sinking passes cancel."""
    x = need(g.pick(lambda v: v.rank >= 3))
    if g.chance(0.5):
        i = int(g.rng.integers(0, x.rank - 1))
        inner = g.reshape(x, [*x.dims[:i], product(x.dims[i : i + 2]), *x.dims[i + 2 :]])
        back = lambda y: g.reshape(y, x.dims, True)
    else:
        perm = g.one([[0, 2, 1], [1, 0, 2]]) if x.rank == 3 else [0, *range(2, x.rank), 1]
        inner = g.transpose(x, perm)
        back = lambda y: g.transpose(y, [int(p) for p in np.argsort(perm)], True)
    y = activation(g, inner)
    if g.chance(0.5) and y.dims[-1].static:
        y = g.binary("Add", y, g.weight(int(y.dims[-1]), fan_in=4))
    if g.chance(0.3):
        g.publish(y)
    y = back(y)
    if g.chance(0.6):
        g.binary("Add", x, y, True)


def squeeze(g):
    x = need(g.pick(lambda v: v.rank < 5))
    ones = [i for i, d in enumerate(x.dims) if d == dim(1)]
    if ones and x.rank > 2 and g.chance(0.6):
        i = g.one(ones)
        g.op("Squeeze", [x, g.ints(i)], [d for j, d in enumerate(x.dims) if j != i])
    else:
        i = int(g.rng.integers(0, x.rank + 1))
        g.op("Unsqueeze", [x, g.ints(i)], [*x.dims[:i], 1, *x.dims[i:]])


def slice_(g, x=None, public=True):
    x = x or need(g.pick(lambda v: v.rank >= 2 and any(min(d.at) > 2 for d in v.dims)))
    i = g.one([i for i, d in enumerate(x.dims) if min(d.at) > 2])
    low = int(g.rng.integers(0, 3))
    kind = g.one(["head", "tail", "inner", "inner", "step", "reverse"])
    if kind == "head":
        start, end, step, out = 0, min(x.dims[i].at) - 1, 1, dim(min(x.dims[i].at) - 1)
    elif kind == "tail":
        start, end, step, out = -2, 2**63 - 1, 1, dim(2)
    elif kind == "inner":
        start, end, step, out = low, -1, 1, x.dims[i].map(lambda v: max(0, v - 1 - low))
    elif kind == "step":
        start, end, step, out = low, 2**63 - 1, 2, x.dims[i].map(lambda v: (v - low + 1) // 2)
    else:
        start, end, step, out = -1, -(2**63), -1, x.dims[i]
    if min(out.at) < 1:
        raise Declined
    axis = i - x.rank if g.chance(0.3) else i
    return g.op("Slice", [x, g.ints(start), g.ints(end), g.ints(axis), g.ints(step)], [*x.dims[:i], out, *x.dims[i + 1 :]], public=public)


def slices_computed(g):
    """Parts of one tensor (Split, or Slices), each computed with: ReGLU, channel shuffles, C2f blocks."""
    x = need(g.pick(lambda v: v.rank >= 2 and any(d.static and int(d) > 3 for d in v.dims[1:])))
    i = g.one([i for i, d in enumerate(x.dims) if i and d.static and int(d) > 3])
    n = int(x.dims[i])
    a = n // 2 if n % 2 == 0 else int(g.rng.integers(1, n))
    sizes = [a, n - a]
    dims = [[*x.dims[:i], s, *x.dims[i + 1 :]] for s in sizes]
    if g.chance(0.5):
        parts = g.split(x, sizes, i)
    else:
        bounds = [0, a, n]
        parts = [g.op("Slice", [x, g.ints(bounds[j]), g.ints(bounds[j + 1]), g.ints(i)], dims[j], public=False) for j in range(2)]
    kind = g.one(["gate", "conv", "linear", "swap", "plain"])
    if kind == "gate" and sizes[0] == sizes[1]:
        g.binary("Mul", parts[0], g.map("Sigmoid", parts[1]), True)
        return
    if kind == "conv" and i == 1 and x.rank == 4:
        w = g.weight(sizes[0], sizes[0], 3, 3, fan_in=sizes[0] * 9)
        y = g.op("Conv", [parts[0], w], dims[0], kernel_shape=[3, 3], pads=[1, 1, 1, 1], public=False)
        g.op("Concat", [y, parts[1]], x.dims, axis=1)
    elif kind == "linear" and i == x.rank - 1:
        g.op("Concat", [g.linear(parts[0], sizes[0]), activation(g, parts[1])], x.dims, axis=i)
    elif kind == "swap":
        g.op("Concat", parts[::-1], x.dims, axis=i - x.rank)
    else:
        for p in parts:
            g.publish(activation(g, p) if g.chance(0.5) else p)


def concat(g):
    x = need(g.pick(lambda v: v.rank >= 2))
    i = int(g.rng.integers(1, x.rank))
    y = g.pick(lambda v: v.rank == x.rank and all(a == b for j, (a, b) in enumerate(zip(v.dims, x.dims)) if j != i))
    parts = [x, y] + ([activation(g, x)] if g.chance(0.3) else [])
    out = [*x.dims[:i], add(*(p.dims[i] for p in parts)), *x.dims[i + 1 :]]
    small(*out)
    g.op("Concat", parts, out, axis=i if g.chance(0.7) else i - x.rank)


def gather(g):
    x = need(g.pick(lambda v: v.rank >= 2))
    i = int(g.rng.integers(0, x.rank))
    least = min(x.dims[i].at)
    kind = g.one(["one", "list", "table"])
    if kind == "one" and x.rank > 1:
        g.op("Gather", [x, g.const(np.int64(g.rng.integers(-least, least)))], [d for j, d in enumerate(x.dims) if j != i], axis=i)
    elif kind == "list" or least < 3:
        at = g.rng.integers(-least, least, g.rng.integers(1, 5))
        g.op("Gather", [x, g.ints(*at)], [*x.dims[:i], len(at), *x.dims[i + 1 :]], axis=i)
    else:
        table = g.input([3], TensorProto.INT64, "index")  # of values below 3
        g.op("Gather", [x, table], [*x.dims[:i], 3, *x.dims[i + 1 :]], axis=i)


def embed(g):
    ids = g.input(["b" if g.batch_symbolic else 2, "s" if g.sequence_symbolic else 11], TensorProto.INT64, "ids")
    c = g.one(CHANNELS)
    g.op("Gather", [g.weight(3, c, fan_in=1), ids], [*ids.dims, c])


def expand(g):
    x = need(g.pick(lambda v: v.rank >= 2 and all(d.static for d in v.dims) or v.rank >= 2 and dim(1) in v.dims[1:]))
    out = [dim(3) if d == dim(1) and i else d for i, d in enumerate(x.dims)]
    small(*out)
    if g.chance(0.5):
        g.op("Expand", [x, g.ints(*[int(d) if d.static else 1 for d in out])], out)
    else:
        repeats = [3 if a != b else 1 for a, b in zip(out, x.dims)]
        g.op("Tile", [x, g.ints(*repeats)], out)


def pad(g):
    x = need(g.pick(lambda v: v.rank >= 3))
    mode = g.one(["constant", "constant", "reflect", "edge"])
    low, high = ([0 if i < 1 or g.chance(0.5) else int(g.rng.integers(0, min(3, min(d.at)))) for i, d in enumerate(x.dims)] for _ in range(2))
    out = [add(d, a, b) for d, a, b in zip(x.dims, low, high)]
    small(*out)
    ins = [x, g.ints(*low, *high)] + ([g.const(np.float32(g.one((0, 0.5))))] if mode == "constant" and g.chance(0.7) else [])
    g.op("Pad", ins, out, mode=mode)


def depth_to_space(g):
    x = need(g.pick(lambda v: v.rank == 4 and v.dims[1].static))
    if int(x.dims[1]) % 4 == 0:
        g.op("DepthToSpace", [x], [x.dims[0], int(x.dims[1]) // 4, *[d.map(lambda v: 2 * v) for d in x.dims[2:]]], blocksize=2, mode=g.one(["DCR", "CRD"]))
    elif all(v % 2 == 0 for d in x.dims[2:] for v in d.at):
        g.op("SpaceToDepth", [x], [x.dims[0], int(x.dims[1]) * 4, *[d.map(lambda v: v // 2) for d in x.dims[2:]]], blocksize=2)
    else:
        raise Declined


def tokens(g):
    """Pictures to sequences and back."""
    x = need(g.pick(lambda v: v.rank == 4 or v.rank == 3 and v.dims[1].static))
    if x.rank == 4:
        flat = g.reshape(x, [*x.dims[:2], product(x.dims[2:])])
        g.transpose(flat, [0, 2, 1], True)
    else:
        n = int(x.dims[1])
        h = next((h for h in (4, 3, 2) if n % h == 0), 1)
        y = g.transpose(x, [0, 2, 1])
        g.reshape(y, [x.dims[0], x.dims[2], h, n // h], True)


def windows(g):
    """Shifted windows: a picture of [B, H, W, C] cut into windows, attention in each, put together again."""
    x = need(g.pick(lambda v: v.rank == 4 and all(d.static for d in v.dims[1:]) and int(v.dims[1]) % 2 == 0 and int(v.dims[2]) % 2 == 0 and int(v.dims[3]) <= 64))
    h, w, c = (int(d) for d in x.dims[1:])
    split = g.transpose(g.reshape(x, [x.dims[0], h // 2, 2, w // 2, 2, c]), [0, 1, 3, 2, 4, 5])
    rows = g.reshape(split, [product([x.dims[0], h // 2, w // 2]), 4, c])
    rows = g.publish(g.linear(rows, c)) if g.chance(0.3) else attention(g, rows)
    if rows.dims[:2] != (product([x.dims[0], h // 2, w // 2]), dim(4)):
        raise Declined
    rows = rows if rows.dims[-1] == dim(c) else g.linear(rows, c)
    back = g.transpose(g.reshape(rows, split.dims), [0, 1, 3, 2, 4, 5])
    g.reshape(back, x.dims, True)
