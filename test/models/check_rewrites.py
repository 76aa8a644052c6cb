#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Small graphs that normalisation rewrites, or must not: -O2 gives what -O0 (which keeps them) and ONNX Runtime give, in as many launches as stated."""
import argparse
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.parser
from onnx import TensorProto, helper, numpy_helper

from random_graphs import Failed, Oracle, call
from tools import default_bin

INF = np.float32(np.inf)


def weights(*dims):
    return (np.random.default_rng(sum(dims)).standard_normal(dims) / 2).astype(np.float32)


def pads(low, high):
    return np.array([0, 0, *low, 0, 0, *high], np.int64)


NORM = """e = ReduceMean<axes=[-1]>(x) d = Sub(x, e) d2 = Mul(d, d) v = ReduceMean<axes=[-1]>(d2) ve = Add(v, eps) sd = Sqrt(ve) n = Div(d, sd) m = Mul(n, g) a = Add(m, s)"""
SCALE = {"eps": np.float32(1e-5), "g": weights(16) + 1, "s": weights(16)}
TRIPS = {"two": np.int64(2), "yes": np.array(True)}


def joined_to_itself(times):
    """A constant that is joined to itself and cut again: its value is reached by 2 ** times ways."""
    steps = "".join(f" j{i} = Concat<axis=0>(c{i}, c{i}) c{i + 1} = Slice(j{i}, one, past)" for i in range(times))
    return f"(float[n,64] x) => (float[n,64] y) {{{steps} y = Add(x, c{times}) }}"


# what: (launches where these tell, two of which change the layout around a convolution; graph in ONNX's text form, its constants)
CASES = {
    "zeros into a convolution": (None, """(float[n,3,9,8] x) => (float[n,4,h,w] y) { p = Pad(x, pads, zero) y = Conv<pads=[0,1,1,0], strides=[2,1]>(p, k) }""",
                                 {"pads": pads([1, 0], [2, 1]), "zero": np.float32(0), "k": weights(4, 3, 3, 3)}),
    "ones stay before a convolution": (None, """(float[n,3,9,8] x) => (float[n,4,h,w] y) { p = Pad(x, pads, one) y = Conv(p, k) }""",
                                       {"pads": pads([1, 1], [1, 1]), "one": np.float32(1), "k": weights(4, 3, 3, 3)}),
    "zeros into an average that counts them": (None, """(float[n,3,9,8] x) => (float[n,3,h,w] y) { p = Pad(x, pads) y = AveragePool<kernel_shape=[3,3], pads=[1,0,0,0], count_include_pad=1>(p) }""",
                                               {"pads": pads([1, 0], [2, 1])}),
    "zeros before an average that does not": (None, """(float[n,3,9,8] x) => (float[n,3,h,w] y) { p = Pad(x, pads) y = AveragePool<kernel_shape=[3,3], pads=[1,0,0,0]>(p) }""",
                                              {"pads": pads([1, 0], [2, 1])}),
    "zeros around a relu's maximum": (None, """(float[n,3,9,8] x) => (float[n,3,h,w] y) { r = Relu(x) p = Pad(r, pads) y = MaxPool<kernel_shape=[3,3], strides=[2,2]>(p) }""", {"pads": pads([1, 1], [1, 1])}),
    "zeros that may be the maximum": (None, """(float[n,3,9,8] x) => (float[n,3,h,w] y) { p = Pad(x, pads) y = MaxPool<kernel_shape=[3,3], strides=[2,2]>(p) }""", {"pads": pads([1, 1], [1, 1])}),
    "-inf into a maximum": (None, """(float[n,3,9,8] x) => (float[n,3,h,w] y) { p = Pad(x, pads, inf) y = MaxPool<kernel_shape=[3,3], pads=[1,1,0,0]>(p) }""",
                            {"pads": pads([0, 1], [2, 1]), "inf": -INF}),
    "an if of a computed constant": (1, """(float[n,4] x) => (float[n,4] y) { c = Greater(a, b)
        y = If(c) <then_branch = t () => (float[n,4] u) { u = Exp(x) }, else_branch = e () => (float[n,4] v) { v = Neg(x) }> }""", {"a": np.float32(2), "b": np.float32(1)}),
    "a loop of two iterations, one value stacked": (None, """(float[4] x, float[4] w) => (float[k,4] y) { last, all = Loop(two, yes, x) <body = b (int64 i, bool c, float[4] s) => (bool d, float[4] t, float[4] u)
        { d = Identity(c) e = Exp(w) f = Cast<to=1>(i) g = Add(e, f) t = Mul(s, g) u = Tanh(t) }> o = Unsqueeze(last, zero) y = Concat<axis=0>(all, o) }""", {**TRIPS, "zero": np.array([0])}),
    "what does not change in a loop of unknown length": (None, """(float[4] x, float[4] w, float[1] r) => (float[4] y) { ra = Abs(r) rc = Cast<to=7>(ra) rs = Squeeze(rc) y = Loop(rs, yes, x) <body = b (int64 i, bool c, float[4] s) => (bool d, float[4] t)
        { d = Identity(c) e = Tanh(w) t = Mul(s, e) }> }""", TRIPS),
    "slices of a concat and of slices": (None, """(float[n,8] x, float[n,3] z) => (float[n,7] y) { c = Concat<axis=1>(x, z) a = Slice(c, nine, eleven, one) b = Slice(x, two, seven, one) d = Slice(b, one, three, one)
        e = Slice(c, seven, ten, one) y = Concat<axis=1>(a, d, e) }""", {name: np.array([v]) for name, v in {"one": 1, "two": 2, "three": 3, "seven": 7, "nine": 9, "ten": 10, "eleven": 11}.items()}),
    "two layers": (1, """(float[n,16] x) => (float[n,5] y) { p = MatMul(x, v) a = Add(p, b) q = MatMul(a, w) y = Add(c, q) }""", {"v": weights(16, 12), "b": weights(12), "w": weights(12, 5), "c": weights(5)}),
    "layers of low rank": (2, """(float[n,16] x) => (float[n,16] y) { p = MatMul(x, v) y = MatMul(p, w) }""", {"v": weights(16, 2), "w": weights(2, 16)}),
    "three convolutions of a pixel": (3, """(float[n,8,9,9] x) => (float[n,4,h,w] y) { a = Conv<strides=[2,1]>(x, u, b) c = Conv<strides=[1,2]>(a, v) y = Conv(c, t, d) }""",
                                      {"u": weights(12, 8, 1, 1), "b": weights(12), "v": weights(6, 12, 1, 1), "t": weights(4, 6, 1, 1), "d": weights(4)}),
    "a norm before two products": (None, "(float[n,7,16] x) => (float[n,7,9] y) { " + NORM + " p = MatMul(a, w) pb = Add(p, b) q = MatMul(a, u) t = Tanh(q) y = Add(pb, t) }",
                                   {**SCALE, "w": weights(16, 9), "b": weights(9), "u": weights(16, 9) * 2}),
    "a norm that others use": (None, "(float[n,7,16] x) => (float[n,7,16] y) { " + NORM + " p = MatMul(a, w) y = Add(p, a) }", {**SCALE, "w": weights(16, 16)}),
    "a constant joined to itself 200 times": (1, joined_to_itself(200), {"c0": weights(64), "one": np.array([1]), "past": np.array([65])}),
    "what both branches compute": (6, """(float[n,4] x, bool c) => (float[n,4] y, float[n,4] z) { y, z = If(c) <then_branch = t () => (float[n,4] u, float[n,4] v) { u = Exp(x) e = Tanh(u) v = Neg(e) },
        else_branch = e () => (float[n,4] w, float[n,4] r) { w = Exp(x) f = Tanh(w) r = Abs(f) }> }""", {}),
    "rotary by halves": (1, """(float[n,4,6,32] x, float[6,32] c, float[6,32] s) => (float[n,4,6,32] y) { a = Mul(x, c) l = Slice(x, none, half, last) h = Slice(x, half, all, last) m = Neg(h)
        r = Concat<axis=-1>(m, l) b = Mul(r, s) y = Add(b, a) }""", {"none": np.array([0]), "half": np.array([16]), "all": np.array([32]), "last": np.array([3])}),
    "rotary by parts": (1, """(float[n,4,6,32] x, float[6,16] c, float[6,16] s) => (float[n,4,6,32] y) { l = Slice(x, none, half, last) h = Slice(x, half, all, last) p = Mul(l, c) q = Mul(h, s) d = Sub(p, q)
        e = Mul(h, c) f = Mul(l, s) g = Add(e, f) y = Concat<axis=-1>(d, g) }""", {"none": np.array([0]), "half": np.array([16]), "all": np.array([32]), "last": np.array([3])}),
    "rotary of what others read": (None, """(float[n,4,6,32] x, float[6,32] c, float[6,32] s) => (float[n,4,6,32] y, float[n,4,6,32] b) { a = Mul(x, c) l = Slice(x, none, half, last) h = Slice(x, half, all, last)
        m = Neg(h) r = Concat<axis=-1>(m, l) b = Mul(r, s) y = Sub(a, b) }""", {"none": np.array([0]), "half": np.array([16]), "all": np.array([32]), "last": np.array([3])}),
    "attention with its probabilities on the right": (None, """(float[n,6,8] q, float[n,8,6] k, float[n,8,6] v) => (float[n,8,6] y) { s = MatMul(q, k) p = Softmax<axis=-1>(s) t = Transpose<perm=[0,2,1]>(p) y = MatMul(v, t) }""", {}),
    "a deconvolution of windows side by side": (None, """(float[n,4,5,6] x) => (float[n,3,h,w] y) { a = ConvTranspose<strides=[2,2]>(x, k) b = Add(a, c) d = Mul(b, e) f = Add(d, g) r = Relu(f) y = Mul(r, half) }""",
                                                {"k": weights(4, 3, 2, 2), "c": weights(3, 1, 1), "e": weights(3, 1, 1), "g": weights(1, 3, 1, 1), "half": np.float32(0.5)}),
    "branches of which one has one column": (None, "(float[n,9,64] x) => (float[n,9,5] y, float[n,9,3] z) { a = MatMul(x, u) b = Add(a, c) p = MatMul(x, v) q = Add(p, d) y = MatMul(b, s) z = MatMul(q, t) }",
                                             {"u": weights(64, 1), "c": weights(1), "v": weights(64, 130), "d": weights(130), "s": weights(1, 5), "t": weights(130, 3)}),
    "a product by the identity": (1, "(float[n,16] x) => (float[n,16] y) { a = Exp(x) p = MatMul(a, i) y = Neg(p) }", {"i": np.eye(16, dtype=np.float32)}),
}
SIZES = {"n": 3}


def model(text, constants):
    graph = onnx.parser.parse_graph("graph " + text)
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())
    for i, node in enumerate(graph.node):
        node.name = f"/{node.op_type}_{i}"
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def feeds(graph):
    rng = np.random.default_rng(0)
    dims = {v.name: [d.dim_value or SIZES[d.dim_param] for d in v.type.tensor_type.shape.dim] for v in graph.input}
    bools = {v.name for v in graph.input if v.type.tensor_type.elem_type == TensorProto.BOOL}
    return {name: np.array(True) if name in bools else rng.standard_normal(d).astype(np.float32) * 2 for name, d in dims.items()}


def launches(args, proto):
    with tempfile.TemporaryDirectory() as folder:
        path, report = os.path.join(folder, "model.onnx"), os.path.join(folder, "report.json")
        onnx.save(proto, path)
        call([os.path.join(args.bin, "mlc-compile"), path, "-o", os.path.join(folder, "model.plan"), "--json", report, "--quiet"])
        with open(report) as f:
            return len(json.load(f)["targets"][0]["launches"])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    args = ap.parse_args()
    failed = 0
    for what, (wanted, text, constants) in CASES.items():
        try:
            proto = model(text, constants)
            Oracle(args.bin).check(proto, [feeds(proto.graph)])
            found = launches(args, proto)
            if wanted not in (None, found):
                raise Failed("not rewritten as expected", f"{found} launches, expected {wanted}")
        except Failed as failure:
            failed += 1
            print(f"{what}: {failure}", flush=True)
    print(f"{len(CASES) - failed} of {len(CASES)} graphs are right")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
