# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Motifs of pointwise operators, products, reductions and norms."""
import numpy as np
from onnx import TensorProto

from random_attention import heads
from random_builder import CHANNELS, Declined, dim, need, product, small


# ---- pointwise ----
def activation(g, x, public=False):
    kind = g.one(["Relu", "Sigmoid", "Tanh", "Erf", "HardSwish", "HardSigmoid", "LeakyRelu", "Elu", "Softplus", "Abs", "Neg", "Clip", "gelu", "gelu_tanh", "silu", "mish", "sqrt", "exp", "Celu", "prelu"])
    if kind == "gelu":
        y = g.binary("Mul", x, g.binary("Add", g.map("Erf", g.binary("Div", x, g.scalar(2**0.5))), g.scalar(1)))
        return g.binary("Mul", y, g.scalar(0.5), public)
    if kind == "gelu_tanh":
        cube = g.binary("Mul", g.op("Pow", [g.map("Clip", x), g.scalar(3)], x.dims, public=False), g.scalar(0.044715))
        t = g.map("Tanh", g.binary("Mul", g.binary("Add", cube, x), g.scalar(0.7978846)))
        return g.binary("Mul", g.binary("Mul", x, g.binary("Add", t, g.scalar(1))), g.scalar(0.5), public)
    if kind == "silu":
        return g.binary("Mul", g.map("Sigmoid", x), x, public)
    if kind == "mish":
        return g.binary("Mul", x, g.map("Tanh", g.map("Softplus", x)), public)
    if kind == "sqrt":
        return g.map("Sqrt", g.binary("Add", g.map("Abs", x), g.scalar(0.1)), public)
    if kind == "exp":
        return g.map("Exp", g.map("Tanh", x), public)
    if kind == "prelu":
        return g.op("PRelu", [x, g.scalar(0.2)], x.dims, public=public)
    if kind == "Clip":
        return g.op("Clip", [x, g.const(np.float32(-1)), g.const(np.float32(1.5))], x.dims, public=public)
    return g.map(kind, x, public)


def unary(g):
    activation(g, need(g.pick()), True)


def broadcast_constant(g):
    x = need(g.pick(lambda v: v.rank > 0))
    shape = [int(d) if d.static and g.chance(0.6) else 1 for d in x.dims]
    shape = shape[g.rng.integers(len(shape)) :] if g.chance(0.6) else shape
    kind = g.one(["Add", "Sub", "Mul", "Max", "Min", "Div"])
    c = g.weight(*shape, fan_in=4) if kind in ("Add", "Sub", "Max", "Min") else g.const(g.rng.uniform(0.7, 1.4, shape).astype(np.float32))
    g.binary(kind, x, c, True)


def broadcasts(y, x):
    return y.rank <= x.rank and all(a == b or a == dim(1) for a, b in zip(y.dims[::-1], x.dims[::-1]))


def join(g):
    """Two computed values: a residual, a gate, or a bounded quotient."""
    x = need(g.pick())
    y = need(g.pick(lambda v: v != x and broadcasts(v, x)))
    kind = g.one(["Add", "Add", "Add", "Sub", "Max", "Min", "gate", "gate", "quotient"])
    if kind == "gate":
        g.binary("Mul", x, g.map(g.one(["Sigmoid", "Tanh", "HardSigmoid"]), y), True)
    elif kind == "quotient":
        g.binary("Div", x, g.binary("Add", g.map("Abs", y), g.scalar(0.8)), True)
    else:
        g.binary(kind, x, y, True)


def where(g):
    """A condition from an input (never from what rounding could flip)."""
    x = need(g.pick(lambda v: v.rank > 1))
    flags = g.input([1 if g.chance(0.4) else d.symbol or d if d.static or d.symbol else 1 for d in x.dims], TensorProto.BOOL, "flag")
    other = g.scalar(0.25) if g.chance(0.5) else g.map("Neg", x)
    g.op("Where", [flags, x, other] if g.chance(0.5) else [flags, other, x], x.dims)


# ---- products ----
def linear(g):
    x = need(g.pick(lambda v: v.rank >= 2 and v.dims[-1].static))
    n = g.one(CHANNELS)
    small(*x.dims[:-1], n)
    y = g.linear(x, n, public=True)
    if g.chance(0.5):
        activation(g, y, True)


def mlp(g):
    x = need(g.pick(lambda v: v.rank >= 2 and v.dims[-1].static and int(v.dims[-1]) > 1))
    c = int(x.dims[-1])
    y = g.linear(activation(g, g.linear(normalise(g, x) if g.chance(0.5) else x, 2 * c)), c)
    g.binary("Add", x, y, True)


def gemm(g):
    x = need(g.pick(lambda v: v.rank == 2 and (v.dims[-1].static or v.dims[0].static)))
    trans_a = not x.dims[1].static
    m, k = (x.dims[1], int(x.dims[0])) if trans_a else (x.dims[0], int(x.dims[1]))
    n, trans_b = g.one(CHANNELS), int(g.chance(0.5))
    w = g.weight(*((n, k) if trans_b else (k, n)), fan_in=k)
    ins = [x, w] + ([g.weight(*g.one([(n,), (1, n), (1,)]), fan_in=4)] if g.chance(0.7) else [])
    g.op("Gemm", ins, [m, n], alpha=g.one([1.0, 0.5]), beta=g.one([1.0, 2.0]), transA=int(trans_a), transB=trans_b)


def computed_product(g):
    """x y^T / sqrt(k), also of a value with itself, and a product of it with a third."""
    x = need(g.pick(lambda v: v.rank >= 2 and v.dims[-1].static))
    y = g.pick(lambda v: v.rank == x.rank and v.dims[-1] == x.dims[-1] and v.dims[:-2] == x.dims[:-2])
    small(*x.dims[:-1], y.dims[-2])
    perm = list(range(y.rank))
    scores = g.matmul(x, g.transpose(y, perm[:-2] + [perm[-1], perm[-2]]))
    scores = g.binary("Mul", scores, g.scalar(int(x.dims[-1]) ** -0.5), True)
    if g.chance(0.5):
        scores = g.map("Softmax", scores, True, axis=-1)
        second = g.one([y, y, y, g.transpose(scores, perm[:-2] + [perm[-1], perm[-2]]), *[scores] * (scores.dims[-1] == scores.dims[-2])])
        g.matmul(scores, second, True)


def stacked_product(g):
    """A right operand of rank 3 or 4 that is constant: one matrix per head."""
    x = need(g.pick(lambda v: v.rank >= 3 and v.dims[-1].static and v.dims[-3].static))
    n = g.one((3, 8, 16, 17))
    small(*x.dims[:-1], n)
    y = g.matmul(x, g.weight(int(x.dims[-3]), int(x.dims[-1]), n, fan_in=int(x.dims[-1])), True)
    if g.chance(0.5):
        g.binary("Add", y, g.weight(n, fan_in=4), True)


def split_products(g):
    """Several products of one tensor, each split into heads: what MergeProducts looks for, with results that are also used otherwise."""
    x = need(g.pick(lambda v: v.rank == 3 and v.dims[-1].static))
    made = []
    for _ in range(g.rng.integers(2, 4)):
        h, d = g.one((1, 2, 3)), g.one((4, 5, 8, 16))
        y = g.linear(x, h * d)
        if g.chance(0.15):
            g.publish(y)
        made.append(g.publish(heads(g, y, h, d, g.one(["bhsd", "bhsd", "bshd"]))))
    return made


# ---- reductions and norms ----
def reduce(g):
    x = need(g.pick(lambda v: v.rank >= 2))
    count = 1 if g.chance(0.6) else min(2, x.rank - 1)
    axes = sorted(int(a) for a in g.rng.choice(np.arange(1, x.rank) if g.chance(0.7) else x.rank, min(count, x.rank - 1), replace=False))
    keep = int(g.chance(0.6))
    dims = [dim(1) if i in axes else d for i, d in enumerate(x.dims) if keep or i not in axes]
    kind = g.one(["ReduceMean", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceL2", "ReduceSumSquare"])
    shown = [a - x.rank for a in axes] if g.chance(0.4) else axes
    y = g.op(kind, [x, g.ints(*shown)], dims, public=False, keepdims=keep)
    if kind in ("ReduceSum", "ReduceSumSquare"):
        y = g.binary("Mul", y, g.scalar(1 / 16))
    g.publish(y)
    if keep and g.chance(0.4):
        g.binary("Sub", x, y, True)


def softmax(g):
    x = need(g.pick(lambda v: v.rank >= 2))
    g.map(g.one(["Softmax", "Softmax", "LogSoftmax"]), x, True, axis=int(g.one([-1, -1, 1, x.rank - 1])))


def normalise(g, x, public=False):
    """LayerNormalization as one operator, in primitives, or without centring (RMS)."""
    c = int(x.dims[-1])
    scale, shift = g.const(g.rng.uniform(0.7, 1.3, c).astype(np.float32)), g.weight(c, fan_in=9)
    kind = g.one(["op", "op", "primitives", "rms"])
    if kind == "op":
        return g.op("LayerNormalization", [x, scale] + ([shift] if g.chance(0.8) else []), x.dims, public=public, axis=-1, epsilon=1e-2)
    means = [*x.dims[:-1], 1]
    centred = x
    if kind == "primitives":
        centred = g.binary("Sub", x, g.op("ReduceMean", [x, g.ints(-1)], means, public=False))
    square = g.op("Pow", [centred, g.scalar(2)], x.dims, public=False) if g.chance(0.5) else g.op("Mul", [centred, centred], x.dims, public=False)
    variance = g.op("ReduceMean", [square, g.ints(x.rank - 1)], means, public=False)
    deviation = g.map("Sqrt", g.binary("Add", variance, g.scalar(1e-2)))
    y = g.binary("Mul", centred, g.map("Reciprocal", deviation)) if g.chance(0.4) else g.binary("Div", centred, deviation)
    return g.binary("Add", g.binary("Mul", y, scale), shift, public)


def layer_norm(g):
    normalise(g, need(g.pick(lambda v: v.rank >= 2 and v.dims[-1].static and int(v.dims[-1]) > 2)), True)


def channel_norm(g):
    """InstanceNormalization, or GroupNorm as torch exports it: reshaped to groups, normalised, reshaped back, scaled."""
    x = need(g.pick(lambda v: v.rank in (3, 4) and v.dims[1].static and min(product(v.dims[2:]).at) > 2))
    c = int(x.dims[1])
    scale, shift = g.const(g.rng.uniform(0.7, 1.3, c).astype(np.float32)), g.weight(c, fan_in=9)
    if g.chance(0.4):
        g.op("InstanceNormalization", [x, scale, shift], x.dims, epsilon=1e-2)
        return
    if not all(d.static for d in x.dims[1:]):
        raise Declined
    groups = next((d for d in (4, 3, 2) if c % d == 0), 1)
    flat = g.reshape(x, [x.dims[0], groups, int(product(x.dims[1:])) // groups])
    flat = g.op("InstanceNormalization", [flat, g.const(np.ones(groups, np.float32)), g.const(np.zeros(groups, np.float32))], flat.dims, public=False, epsilon=1e-2)
    y = g.reshape(flat, x.dims)
    wide = [c] + [1] * (x.rank - 2)
    y = g.binary("Mul", y, g.const(g.rng.uniform(0.7, 1.3, wide).astype(np.float32)))
    g.binary("Add", y, g.weight(*wide, fan_in=9), True)
