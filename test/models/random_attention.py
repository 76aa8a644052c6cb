# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Attention as exporters write it: many ways to split heads, scale, mask, normalise and join, and values that are used elsewhere too."""
import numpy as np
from onnx import TensorProto

from random_builder import Declined, add, need, product


def heads(g, y, h, d, order="bhsd"):
    """[B, S, h*d] to [B, h, S, d], [B, S, h, d] or [B, h, d, S]."""
    split = g.reshape(y, [*y.dims[:2], h, d])
    if order == "bshd":
        return split
    if order == "bhds" and g.chance(0.5):
        return g.transpose(g.transpose(split, [0, 2, 1, 3]), [0, 1, 3, 2])
    return g.transpose(split, [0, 2, 1, 3] if order == "bhsd" else [0, 2, 3, 1])


def projections(g, x, h, d):
    """q, k, v of [B, h, S, d]: three products, or one that is split, sliced or gathered."""
    kind = g.one(["three", "three", "split", "slices", "stacked"])
    if kind == "three":
        return [heads(g, g.linear(x, h * d), h, d) for _ in range(3)]
    y = g.linear(x, 3 * h * d)
    part = [*x.dims[:2], h * d]
    if kind == "split":
        parts = g.split(y, [h * d] * 3, g.one((2, -1)), numbered=g.chance(0.5))
    elif kind == "slices":
        parts = [g.op("Slice", [y, g.ints(i * h * d), g.ints((i + 1) * h * d), g.ints(2)], part, public=False) for i in range(3)]
    else:
        split = g.transpose(g.reshape(y, [*x.dims[:2], 3, h, d]), [2, 0, 3, 1, 4])
        return [g.op("Gather", [split, g.const(np.int64(i))], split.dims[1:], public=False, axis=0) for i in range(3)]
    return [heads(g, p, h, d) for p in parts]


def swapped(g, k):
    return g.transpose(k, [0, 1, 3, 2])


def masked(g, scores):
    """A mask on [B, h, S, T], or none."""
    b, h, s, t = scores.dims
    kind = g.one(["none", "none", "added", "added_full", "where", "constant", "heads", "expanded"])
    size = lambda d: d.symbol or (int(d) if d.static else None)
    if kind == "added" and size(b) and size(t):
        given = g.input([size(b), size(t)], TensorProto.BOOL, "flag")
        number = g.op("Cast", [given], given.dims, public=False, to=TensorProto.FLOAT)
        number = g.op("Mul", [g.op("Sub", [g.scalar(1), number], given.dims, public=False), g.const(np.float32(-1e4))], given.dims, public=False)
        number = g.op("Unsqueeze", [number, g.ints(1, 2)], [b, 1, 1, t], public=False)
        return g.binary("Add", scores, number)
    if kind == "added_full" and size(b) and size(s) and size(t):
        return g.binary("Add", scores, g.input([g.one([size(b), 1]), 1, size(s), size(t)], stem="bias"))
    if kind == "where" and size(b) and size(t):
        given = g.input([size(b), 1, g.one([1, size(s) or 1]), size(t)], TensorProto.BOOL, "flag")
        low = g.const(np.float32(g.one([-1e9, float(np.finfo(np.float32).min)])))
        return g.op("Where", [given, scores, low], scores.dims, public=False)
    if kind == "constant" and s.static and t.static:
        upper = np.triu(np.full((int(s), int(t)), -1e4, np.float32), 1 + max(0, int(t) - int(s)))
        return g.binary("Add", scores, g.const(upper.reshape(g.one([(1, 1, int(s), int(t)), (int(s), int(t))]))))
    if kind == "heads" and s.static and t.static:
        return g.binary("Add", scores, g.weight(1, int(h), int(s), int(t), fan_in=4))
    if kind == "expanded" and size(b) and size(s) and size(t):
        given = g.input([size(b), 1, 1, size(t)], TensorProto.BOOL, "flag")
        shape = g.op("Shape", [scores], [4], TensorProto.INT64)
        wide = g.op("Expand", [given, shape], scores.dims, TensorProto.BOOL)
        return g.op("Where", [wide, scores, g.const(np.float32(-1e9))], scores.dims, public=False)
    return scores


def row_softmax(g, scores):
    if g.chance(0.65):
        return g.map("Softmax", scores, axis=g.one([-1, 3]))
    reduced = [*scores.dims[:-1], 1]
    shifted = g.binary("Sub", scores, g.op("ReduceMax", [scores, g.ints(-1)], reduced, public=False))
    e = g.map("Exp", shifted)
    return g.binary("Div", e, g.op("ReduceSum", [e, g.ints(-1)], reduced, public=False))


def core(g, q, k, v, d):
    """softmax(q k^T / sqrt(d) + mask) v of [B, h, S|T, d]."""
    scale = d**-0.5
    kind = g.one(["query", "both", "scores", "divided", "none"])
    if kind == "query":
        q = g.binary("Mul", q, g.scalar(scale))
    if kind == "both":
        q, k = (g.binary("Mul", t, g.scalar(scale**0.5)) for t in (q, k))
    scores = g.matmul(q, swapped(g, k))
    if kind == "scores":
        scores = g.binary("Mul", scores, g.scalar(scale))
    elif kind == "divided":
        scores = g.binary("Div", scores, g.scalar(1 / scale))
    if g.chance(0.1):
        g.publish(scores)
    scores = masked(g, scores)
    p = row_softmax(g, scores)
    if g.chance(0.1):  # a guard against rows of -inf
        p = g.op("Where", [g.op("IsNaN", [p], p.dims, TensorProto.BOOL), g.const(np.float32(0)), p], p.dims, public=False)
    if g.chance(0.1):
        g.publish(p)
    return g.matmul(p, v)


def merged(g, y, residual):
    """[B, h, S, d] back to [B, S, h*d], projected."""
    if g.chance(0.9):
        y = g.transpose(y, [0, 2, 1, 3])
    else:
        g.publish(y)
        y = g.transpose(y, [0, 2, 1, 3])
    e = int(y.dims[2]) * int(y.dims[3])
    y = g.reshape(y, [*y.dims[:2], e])
    if g.chance(0.8):
        y = g.linear(y, int(residual.dims[-1]))
        if y.dims == residual.dims and g.chance(0.7):
            y = g.binary("Add", residual, y)
    return g.publish(y)


def sequence(g):
    return need(g.pick(lambda v: v.rank == 3 and v.dims[2].static and max(product(v.dims).at) < 16000 and max(v.dims[1].at) <= 200))


def attention(g, x=None):
    x = x or sequence(g)
    h, d = g.one((1, 2, 3, 4)), g.one((3, 4, 8, 16, 17, 32))
    q, k, v = projections(g, x, h, d)
    kind = g.one(["self", "self", "self", "cross", "grouped", "same", "wide_values", "learned"])
    if kind == "cross":
        other = need(g.pick(lambda o: o.rank == 3 and o.dims[0] == x.dims[0] and o.dims[2].static and max(o.dims[1].at) <= 200))
        k, v = (heads(g, g.linear(other, h * d), h, d) for _ in range(2))
    elif kind == "same":
        k = q
    elif kind == "grouped":  # one key and value head for all queries, repeated
        kv = [heads(g, g.linear(x, d), 1, d) for _ in range(2)]
        k, v = (g.op("Tile", [t, g.ints(1, h, 1, 1)], [t.dims[0], h, *t.dims[2:]], public=False) for t in kv) if g.chance(0.5) else kv
    elif kind == "learned":  # scores of parameters alone, for all samples: their batch is 1
        n = g.one((5, 16))
        q = g.op("Tanh", [g.weight(1, h, n, d, fan_in=1)], [1, h, n, d], public=False)
        k = g.op("Tanh", [g.weight(1, h, int(v.dims[2]), d, fan_in=1)], [1, h, v.dims[2], d], public=False) if v.dims[2].static else k
    elif kind == "wide_values":
        v = heads(g, g.linear(x, h * (d + 1)), h, d + 1)
    return merged(g, core(g, q, k, v, d), x)


def causal(g):
    """A step of decoding: keys and values are appended to what is given; both are results too."""
    x = sequence(g)
    h, d = g.one((1, 2, 4)), g.one((4, 8, 16))
    q, k, v = projections(g, x, h, d)
    batch = x.dims[0].symbol or (int(x.dims[0]) if x.dims[0].static else None)
    if batch is None:
        raise Declined
    length = g.one(("p", 6))
    past = [g.input([batch, h, length, d], stem="past") for _ in range(2)]
    k, v = (g.op("Concat", [p, t], [*t.dims[:2], add(p.dims[2], t.dims[2]), d], axis=2, public=g.chance(0.8)) for p, t in zip(past, (k, v)))
    merged(g, core(g, q, k, v, d), x)


def rotated(g, x, d):
    """x cos + rotate_half(x) sin, or interleaved halves, with constant tables over the first positions of a static S."""
    s = int(x.dims[2])
    half = d // 2
    angles = np.arange(s)[:, None] * 10.0 ** (-np.arange(half) / half)
    cos, sin = (np.concatenate([f(angles)] * 2, axis=1).astype(np.float32).reshape(1, 1, s, d) for f in (np.cos, np.sin))
    parts = [g.op("Slice", [x, g.ints(a), g.ints(b), g.ints(3)], [*x.dims[:3], half], public=False) for a, b in ((0, half), (half, d))]
    turned = g.op("Concat", [g.map("Neg", parts[1]), parts[0]], x.dims, axis=3, public=False)
    return g.op("Add", [g.binary("Mul", x, g.const(cos)), g.binary("Mul", turned, g.const(sin))], x.dims, public=False)


def rotary(g):
    x = sequence(g)
    if not x.dims[1].static:
        raise Declined
    h, d = g.one((1, 2)), g.one((4, 8, 16))
    q, k, v = projections(g, x, h, d)
    merged(g, core(g, rotated(g, q, d), rotated(g, k, d), v, d), x)
