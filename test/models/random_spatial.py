# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Motifs of convolutions, pooling, resizing, and squeeze and excitation."""
import numpy as np

from random_builder import CHANNELS, Declined, need, small
from random_compute import activation


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
