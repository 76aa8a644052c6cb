# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Motifs of several readers of one value: reductions, convolutions and products beside each other, dense blocks, windows."""
from random_builder import CHANNELS, Declined, add, dim, need, small


def moments(g):
    """Two or three reductions of one value over the same dims, some joined again."""
    x = need(g.pick(lambda v: v.rank >= 2))
    axes = [x.rank - 1] if g.chance(0.5) or x.rank < 3 else list(range(2, x.rank)) if x.rank == 4 and g.chance(0.5) else [1]
    dims = [dim(1) if i in axes else d for i, d in enumerate(x.dims)]
    made = []
    for kind in g.one([("ReduceMean", "ReduceMax"), ("ReduceMax", "ReduceMin"), ("ReduceMean", "square"), ("square", "ReduceMean", "ReduceMax")]):
        source = g.binary("Mul", x, x) if kind == "square" else x
        made.append(g.op("ReduceMean" if kind == "square" else kind, [source, g.ints(*axes)], dims, public=g.chance(0.5), keepdims=1))
    if g.chance(0.4):
        made[0] = g.map("Sigmoid", made[0])
    y = g.binary("Add", made[0], made[-1])
    if g.chance(0.5):
        g.binary("Mul", x, g.map("Sigmoid", y), True)
    else:
        g.publish(y)


def same_activation(g, y, kind):
    return g.map(kind, y) if kind != "silu" else g.binary("Mul", y, g.map("Sigmoid", y))


def branches(g):
    """Convolutions or products of one value that differ in their columns, mostly with the same activation, each read by another product or reduction."""
    x = need(g.pick(lambda v: v.rank in (3, 4) and v.dims[1 if v.rank == 4 else -1].static))
    k, kind = g.one((1, 1, 3)), g.one(["Relu", "silu", "Sigmoid"])
    for _ in range(g.one((2, 2, 3))):
        m = g.one(CHANNELS)
        kind = g.one(["Relu", "silu"]) if g.chance(0.15) else kind
        if x.rank == 4:
            c = int(x.dims[1])
            small(x.dims[0], m, *x.dims[2:])
            ins = [x, g.weight(m, c, k, k, fan_in=c * k * k)] + ([g.weight(m, fan_in=4)] if g.chance(0.8) else [])
            y = same_activation(g, g.op("Conv", ins, [x.dims[0], m, *x.dims[2:]], pads=[k // 2] * 4, kernel_shape=[k, k], public=False), kind)
            if g.chance(0.6):
                y = g.op("Conv", [y, g.weight(5, m, 1, 1, fan_in=m)], [x.dims[0], 5, *x.dims[2:]], public=False)
        else:
            y = same_activation(g, g.linear(x, m), kind)
            if g.chance(0.6):
                y = g.linear(y, 5)
        g.publish(y)


def dense_block(g):
    """Each layer reads all features so far."""
    x = need(g.pick(lambda v: v.rank == 4 and v.dims[1].static))
    features = [g.map("Relu", x)]
    for _ in range(g.one((2, 3, 4))):
        channels = sum(int(f.dims[1]) for f in features)
        small(x.dims[0], channels + 8, *x.dims[2:])
        all_of_them = features[0] if len(features) == 1 else g.op("Concat", features, [x.dims[0], add(*(f.dims[1] for f in features)), *x.dims[2:]], axis=1, public=g.chance(0.1))
        m, k = g.one((3, 4, 8)), g.one((1, 3))
        y = g.op("Conv", [g.map("Relu", all_of_them), g.weight(m, channels, k, k, fan_in=channels * k * k)], [x.dims[0], m, *x.dims[2:]], pads=[k // 2] * 4, kernel_shape=[k, k], public=False)
        features.append(y)
    g.map("Relu", g.op("Concat", features, [x.dims[0], add(*(f.dims[1] for f in features)), *x.dims[2:]], axis=1, public=False), True)


def product_of_windows(g):
    """A product, norm-like rows or a sum, whose rows are regrouped as the windows of an image are."""
    x = need(g.pick(lambda v: v.rank == 3 and v.dims[1].static and v.dims[2].static))
    n, c = int(x.dims[1]), g.one((4, 16, 17, 32))
    split = [p for p in (2, 3, 4, 5, 7, 8, 11) if n % p == 0 and n > p]
    if not split:
        raise Declined
    p = g.one(split)
    small(x.dims[0], n, c)
    y = g.linear(x, c)
    if g.chance(0.4):
        y = g.binary("Sub", y, g.op("ReduceMean", [y, g.ints(2)], [*y.dims[:2], 1], keepdims=1, public=False), g.chance(0.3))
    y = g.transpose(g.reshape(y, [x.dims[0], p, n // p, c]), g.one([[0, 2, 1, 3], [1, 0, 2, 3], [2, 0, 1, 3]]), g.chance(0.2))
    g.publish(g.linear(y, 5) if g.chance(0.5) else g.map("Tanh", y))
