# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What random graphs are put together with: values whose dims are known at several sizes of the symbols, and nodes that keep them near 1.

A Dim knows its value at each of SIZES, so shapes need no algebra: two dims are equal when they are equal at all sizes. Values stay near a standard
deviation of 1 (weights are scaled by their fan-in, exp and div only see bounded operands), so that rounding is not amplified beyond the tolerance.
"""
import dataclasses

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIZES = [{"b": 2, "s": 9, "p": 5}, {"b": 1, "s": 140, "p": 1}, {"b": 3, "s": 4, "p": 130}]
LIMIT = 60000  # elements of a value
CHANNELS = (1, 3, 4, 7, 8, 12, 16, 17, 24, 31, 32, 33, 48, 64, 65, 130)


class Declined(Exception):
    """A motif found nothing to build on."""


def need(v):
    if v is None:
        raise Declined
    return v


@dataclasses.dataclass(frozen=True)
class Dim:
    at: tuple  # the value at each of SIZES
    symbol: str = ""  # of an input's dim

    @property
    def static(self):
        return len(set(self.at)) == 1 and not self.symbol

    def __int__(self):
        assert self.static, self
        return self.at[0]

    def __eq__(self, other):
        return self.at == dim(other).at

    def __hash__(self):
        return hash(self.at)

    def map(self, f):
        return Dim(tuple(f(v) for v in self.at))


def dim(v):
    """A Dim of a number, a symbol of SIZES, or a Dim."""
    if isinstance(v, Dim):
        return v
    return Dim(tuple(size[v] for size in SIZES), v) if isinstance(v, str) else Dim((int(v),) * len(SIZES))


def add(*dims):
    return Dim(tuple(map(sum, zip(*(dim(d).at for d in dims)))))


def product(dims):
    return Dim(tuple(int(np.prod(v)) for v in zip(*(dim(d).at for d in dims)))) if dims else dim(1)


@dataclasses.dataclass(frozen=True)
class Value:
    name: str
    dims: tuple
    dtype: int = TensorProto.FLOAT

    @property
    def rank(self):
        return len(self.dims)


def small(*dims):
    """Declined where a value of these dims would be large."""
    if max(product(dims).at) > LIMIT:
        raise Declined


class Graph:
    """A growing graph. values: what motifs may build on, oldest first."""

    def __init__(self, rng):
        self.rng, self.nodes, self.init, self.inputs, self.values, self.names = rng, [], [], [], [], 0
        self.sequence_symbolic, self.batch_symbolic = rng.random() < 0.5, rng.random() < 0.5

    # ---- random choices ----
    def chance(self, p):
        return self.rng.random() < p

    def one(self, options):
        return options[self.rng.integers(len(options))]

    def pick(self, fits=lambda v: True):
        """A value of floats that fits, rather a young one; None when there is none."""
        found = [v for v in self.values if v.dtype == TensorProto.FLOAT and fits(v)]
        if not found:
            return None
        return found[-1] if self.chance(0.6) else self.one(found)

    # ---- what a graph consists of ----
    def name(self, stem):
        self.names += 1
        return f"{stem}{self.names}"

    def input(self, dims, dtype=TensorProto.FLOAT, stem="x"):
        v = Value(self.name(stem), tuple(dim(d) for d in dims), dtype)
        self.inputs.append(v)
        if dtype == TensorProto.FLOAT and stem == "x":
            self.values.append(v)
        return v

    def const(self, array, stem="c"):
        array = np.asarray(array)
        v = Value(self.name(stem), tuple(dim(d) for d in array.shape), helper.np_dtype_to_tensor_dtype(array.dtype))
        if self.chance(0.15):
            self.nodes.append(helper.make_node("Constant", [], [v.name], name="/" + v.name, value=numpy_helper.from_array(array, v.name)))
        else:
            self.init.append(numpy_helper.from_array(array, v.name))
        return v

    def weight(self, *shape, fan_in=None, mean=0.0):
        """Normal, of standard deviation fan_in**-0.5 (default: the product of all dims but the last)."""
        fan_in = fan_in or max(1, int(np.prod(shape[:-1])))
        return self.const((mean + self.rng.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32), "w")

    def scalar(self, v):
        return self.const(np.full([1] if self.chance(0.3) else [], v, np.float32))

    def ints(self, *v):
        return self.const(np.array(v, np.int64), "i")

    def op(self, kind, inputs, dims, dtype=TensorProto.FLOAT, public=True, **attributes):
        """A node of one result with these dims; public: later motifs may use it."""
        v = Value(self.name(kind.lower()), tuple(dim(d) for d in dims), dtype)
        self.node(kind, inputs, [v], **attributes)
        if public and dtype == TensorProto.FLOAT:
            self.values.append(v)
        return v

    def node(self, kind, inputs, outputs, **attributes):
        self.nodes.append(helper.make_node(kind, [i.name if i else "" for i in inputs], [o.name for o in outputs], name="/" + outputs[0].name, **attributes))

    def split(self, x, sizes, axis, numbered=False):
        """The parts of a Split, not public; numbered: equal parts by their number alone."""
        at = axis % x.rank
        parts = [Value(self.name("part"), (*x.dims[:at], dim(n), *x.dims[at + 1 :])) for n in sizes]
        if numbered:
            self.node("Split", [x], parts, axis=axis, num_outputs=len(sizes))
        else:
            self.node("Split", [x, self.ints(*sizes)], parts, axis=axis)
        return parts

    # ---- small steps that motifs share ----
    def map(self, kind, x, public=False, **attributes):
        return self.op(kind, [x], x.dims, public=public, **attributes)

    def binary(self, kind, x, y, public=False):
        """y is broadcast to x, in either order of the operands where that means the same."""
        operands = [y, x] if kind in ("Add", "Mul", "Max", "Min") and self.chance(0.5) else [x, y]
        return self.op(kind, operands, x.dims, public=public)

    def transpose(self, x, perm, public=False):
        return self.op("Transpose", [x], [x.dims[p] for p in perm], public=public, perm=list(perm))

    def reshape(self, x, dims, public=False):
        """The target as exporters write it: numbers with 0 and -1, or computed from the operand's shape."""
        dims = [dim(d) for d in dims]
        target = [int(d) if d.static else None for d in dims]
        if target.count(None) <= 1 and self.chance(0.6):
            words = [-1 if t is None else t for t in target]
        elif all(t is not None or (i < x.rank and x.dims[i] == dims[i]) for i, t in enumerate(target)) and self.chance(0.6):
            words = [0 if t is None else t for t in target]
        else:
            return self.op("Reshape", [x, self.computed_shape(x, dims)], dims, public=public)
        return self.op("Reshape", [x, self.ints(*words)], dims, public=public)

    def computed_shape(self, x, dims):
        """Shape, Gather, Mul and Concat of the operand's own dims; at most one -1."""
        shape = self.op("Shape", [x], [x.rank], TensorProto.INT64)
        parts, open_dim = [], False
        for d in dims:
            found = [i for i, own in enumerate(x.dims) if own == d]
            if d.static:
                parts.append(self.ints(int(d)))
            elif found:
                parts.append(self.op("Gather", [shape, self.ints(found[0])], [1], TensorProto.INT64, axis=0))
            elif not open_dim:
                open_dim = True
                parts.append(self.ints(-1))
            else:
                pairs = [(i, j) for i in range(x.rank) for j in range(x.rank) if product([x.dims[i], x.dims[j]]) == d]
                if not pairs:
                    raise Declined
                a, b = pairs[0]
                both = [self.op("Gather", [shape, self.ints(i)], [1], TensorProto.INT64, axis=0) for i in (a, b)]
                parts.append(self.op("Mul", both, [1], TensorProto.INT64))
        return self.op("Concat", parts, [len(parts)], TensorProto.INT64, axis=0)

    def matmul(self, x, y, public=False):
        wide, other = (x, y) if x.rank >= y.rank else (y, x)
        lead = list(wide.dims[:-2])
        for i, d in enumerate(other.dims[:-2], len(lead) - other.rank + 2):
            lead[i] = d if lead[i] == dim(1) else lead[i]
        return self.op("MatMul", [x, y], [*lead, x.dims[-2], y.dims[-1]], public=public)

    def linear(self, x, n, bias=None, public=False):
        k = int(x.dims[-1])
        y = self.op("MatMul", [x, self.weight(k, n)], [*x.dims[:-1], n], public=public)
        return self.binary("Add", y, self.weight(n, fan_in=4), public) if (self.chance(0.6) if bias is None else bias) else y

    def publish(self, v):
        if v not in self.values:
            self.values.append(v)
        return v

    def model(self, rng_outputs):
        """The model: what nobody uses, and some inner values, are its outputs."""
        used = {i for n in self.nodes for i in n.input}
        made = {o for n in self.nodes for o in n.output}
        outputs = [v for v in self.values if v.name in made and (v.name not in used or rng_outputs.random() < 0.08)]
        return make_model(self.nodes, self.init, self.inputs, [(v.name, v.dtype, v.rank) for v in outputs])


def make_model(nodes, init, inputs, outputs):
    def info(v):
        return helper.make_tensor_value_info(v.name, v.dtype, [d.symbol or d.at[0] for d in v.dims])

    results = [helper.make_tensor_value_info(name, dtype, [f"{name}_{i}" for i in range(rank)]) for name, dtype, rank in outputs]
    graph = helper.make_graph(nodes, "random", [info(v) for v in inputs], results, init)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def feeds(inputs, size, seed):
    """{input: array} at SIZES[size]."""
    rng = np.random.default_rng([seed, size])
    made = {}
    for v in inputs:
        shape = [d.at[size] for d in v.dims]
        if v.dtype == TensorProto.BOOL:
            made[v.name] = rng.random(shape) < 0.8
        elif v.dtype == TensorProto.INT64:
            made[v.name] = rng.integers(0, 3, shape)
        else:
            made[v.name] = rng.standard_normal(shape).astype(np.float32)
    return made
