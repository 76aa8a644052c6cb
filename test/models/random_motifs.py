# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The steps by which a random graph grows: single operators of every family, and their compositions as exporters write them.

A motif takes the graph, builds on values of its choice and returns; it raises Declined when none fits (what it added is dropped).
Attention lives in random_attention.py.
"""
import numpy as np
from onnx import TensorProto

from random_attention import attention, causal, heads, rotary
from random_builder import LIMIT, Declined, Graph, add, dim, need, product

CHANNELS = (1, 3, 4, 7, 8, 12, 16, 17, 24, 31, 32, 33, 48, 64, 65, 130)
LARGE = (1, 2, 5, 15, 16, 17, 32, 63, 96, 100, 144, 193, 260)


def small(*dims):
    if max(product(dims).at) > LIMIT:
        raise Declined


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


def squeeze_excite(g):
    x = need(g.pick(lambda v: v.rank == 4 and v.dims[1].static))
    c, r = int(x.dims[1]), g.one((2, 4, 5))
    if g.chance(0.5):
        s = g.op("GlobalAveragePool", [x], [*x.dims[:2], 1, 1], public=False)
    else:
        s = g.op("ReduceMean", [x, g.ints(2, 3)], [*x.dims[:2], 1, 1], public=False, keepdims=1)
    s = g.map("Relu", g.op("Conv", [s, g.weight(r, c, 1, 1, fan_in=c), g.weight(r, fan_in=4)], [x.dims[0], r, 1, 1], public=False))
    s = g.op("Conv", [s, g.weight(c, r, 1, 1, fan_in=r), g.weight(c, fan_in=4)], [*x.dims[:2], 1, 1], public=False)
    y = g.binary("Mul", x, g.map(g.one(["Sigmoid", "HardSigmoid"]), s), True)
    if g.chance(0.7):  # the projection whose rows the gate scales
        n = g.one(CHANNELS)
        g.op("Conv", [y, g.weight(n, c, 1, 1, fan_in=c)], [x.dims[0], n, *x.dims[2:]])


# ---- convolutions and pools ----
def window(g, extents, k, stride, dilation, pads):
    """Output extents; Declined where an extent becomes empty."""
    out = []
    for i, e in enumerate(extents):
        o = e.map(lambda v: (v + pads[i] + pads[i + len(extents)] - dilation * (k[i] - 1) - 1) // stride[i] + 1)
        if min(o.at) < 1:
            raise Declined
        out.append(o)
    return out


def conv(g):
    x = need(g.pick(lambda v: v.rank in (3, 4) and v.dims[1].static))
    n, c = x.rank - 2, int(x.dims[1])
    kind = g.one(["point", "dense", "dense", "depthwise", "depthwise", "grouped"])
    group = {"depthwise": c, "grouped": next((d for d in (2, 3, 4) if c % d == 0), 1)}.get(kind, 1)
    m = c * g.one((1, 1, 1, 2)) if kind == "depthwise" else group * g.one((1, 2, 4, 8, 16, 17)) if group > 1 else g.one(CHANNELS)
    k = [1] * n if kind == "point" else [g.one((1, 2, 3, 3, 3, 5, 7)) for _ in range(n)]
    stride, dilation = [g.one((1, 1, 1, 2, 3)) for _ in range(n)], g.one((1, 1, 1, 2))
    pads = [0] * (2 * n) if g.chance(0.3) else [d * (e - 1) // 2 for d, e in zip([dilation] * n, k)] * 2 if g.chance(0.7) else [int(g.rng.integers(0, e)) for e in k * 2]
    out = window(g, x.dims[2:], k, stride, dilation, pads)
    small(x.dims[0], m, *out)
    ins = [x, g.weight(m, c // group, *k, fan_in=c // group * int(np.prod(k)))] + ([g.weight(m, fan_in=4)] if g.chance(0.6) else [])
    y = g.op("Conv", ins, [x.dims[0], m, *out], kernel_shape=k, strides=stride, dilations=[dilation] * n, pads=pads, group=group, public=g.chance(0.3))
    if g.chance(0.4):
        y = batch_norm(g, y)
    y = activation(g, y) if g.chance(0.6) else y
    g.publish(y)
    if y.dims == x.dims and g.chance(0.6):
        g.binary("Add", y, x, True)


def batch_norm(g, x):
    c = int(x.dims[1])
    p = [g.const(a.astype(np.float32)) for a in (g.rng.uniform(0.7, 1.3, c), 0.2 * g.rng.standard_normal(c), 0.2 * g.rng.standard_normal(c), g.rng.uniform(0.7, 1.5, c))]
    return g.op("BatchNormalization", [x, *p], x.dims, public=False)


def conv_transpose(g):
    x = need(g.pick(lambda v: v.rank == 4 and v.dims[1].static))
    c, m, s, k = int(x.dims[1]), g.one((1, 3, 8, 16)), g.one((1, 2)), g.one((2, 3))
    out = [d.map(lambda v: (v - 1) * s + k) for d in x.dims[2:]]
    small(x.dims[0], m, *out)
    ins = [x, g.weight(c, m, k, k, fan_in=c * 2)] + ([g.weight(m, fan_in=4)] if g.chance(0.5) else [])
    g.op("ConvTranspose", ins, [x.dims[0], m, *out], kernel_shape=[k, k], strides=[s, s])


def pool(g):
    x = need(g.pick(lambda v: v.rank in (3, 4)))
    n = x.rank - 2
    kind = g.one(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
    if kind.startswith("Global"):
        g.op(kind, [x], [*x.dims[:2], *[1] * n])
        return
    k, s = [g.one((1, 2, 3)) for _ in range(n)], [g.one((1, 2)) for _ in range(n)]
    pads = [(e - 1) // 2 for e in k] * 2 if g.chance(0.5) else [0] * (2 * n)
    out = window(g, x.dims[2:], k, s, 1, pads)
    extra = {"count_include_pad": g.one((0, 1))} if kind == "AveragePool" else {}
    g.op(kind, [x], [*x.dims[:2], *out], kernel_shape=k, strides=s, pads=pads, **extra)


def resize(g):
    x = need(g.pick(lambda v: v.rank == 4))
    small(*x.dims, 4)
    out = [*x.dims[:2], *[d.map(lambda v: 2 * v) for d in x.dims[2:]]]
    mode, how = g.one([("nearest", "asymmetric"), ("nearest", "half_pixel"), ("linear", "half_pixel"), ("linear", "align_corners"), ("linear", "asymmetric")])
    extra = {"nearest_mode": "floor"} if mode == "nearest" else {}
    g.op("Resize", [x, None, g.const(np.array([1, 1, 2, 2], np.float32))], out, mode=mode, coordinate_transformation_mode=how, **extra)


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


# ---- moves ----
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


MOTIFS = [(4, attention), (2, causal), (1, rotary), (2, split_products), (2, windows), (5, conv), (1, conv_transpose), (1, pool), (1, resize), (3, squeeze_excite),
          (2, linear), (2, mlp), (1, gemm), (2, computed_product), (1, stacked_product), (2, unary), (2, broadcast_constant), (3, join), (1, where), (2, reduce), (1, softmax),
          (2, layer_norm), (1, channel_norm), (2, transpose), (1, flatten), (1, unflatten), (2, there_and_back), (1, squeeze), (2, slice_), (2, slices_computed), (2, concat),
          (1, gather), (1, embed), (1, expand), (1, pad), (1, depth_to_space), (2, tokens)]
WEIGHTS = np.array([w for w, _ in MOTIFS]) / sum(w for w, _ in MOTIFS)


def start(g, large):
    batch = "b" if g.batch_symbolic else g.one((1, 2, 3))
    length = "s" if g.sequence_symbolic else g.one((1, 5, 8, 13, 16, 33, 66, 128, 140, 200))
    for _ in range(1 if g.chance(0.7) else 2):
        kind = g.one(["sequence", "sequence", "picture", "picture", "picture", "rows", "signal", "picture_last"])
        c = g.one(LARGE if large else CHANNELS)
        sides = [g.one((1, 2, 5, 9, 14, 20, 33, 40) if large else (4, 6, 7, 8, 12, 15)) for _ in range(2)]
        g.input({"sequence": [batch, length, c], "picture": [batch, c, *sides], "rows": [batch, c], "signal": [batch, c, length], "picture_last": [batch, *sides, c]}[kind])


def grow(seed):
    """A graph of 5 to 40 nodes (a last motif may exceed that); every fourth is small and of larger tensors, for kernels' edges."""
    g = Graph(np.random.default_rng(seed))
    large = g.chance(0.25)
    start(g, large)
    wanted = int(g.rng.integers(2, 9) if large else g.rng.integers(5, 41))
    for _ in range(400):
        if len(g.nodes) >= wanted:
            break
        motif = MOTIFS[g.rng.choice(len(MOTIFS), p=WEIGHTS)][1]
        kept = len(g.nodes), len(g.init), len(g.inputs), len(g.values)
        try:
            motif(g)
        except Declined:
            for rows, n in zip((g.nodes, g.init, g.inputs, g.values), kept):
                del rows[n:]
    return g
