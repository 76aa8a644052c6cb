# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Dims that only a run's shapes decide: each model gives right results where they fit, and a run names the node where they do not (exit code 2)."""
import unittest

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tooltest import ToolTest

F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
DTYPES = {F: np.float32, I: np.int64, B: np.bool_}


def model(op, inputs, initializers=(), outputs=1, **attributes):
    """One node '/node' of the given operator; inputs are (name, type, dims), initializers ("" leaves an input out) come in the places that `inputs` names."""
    names = [i if isinstance(i, str) else i[0] for i in inputs]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, name="/node", **attributes)
    graph = helper.make_graph([node], "test", [helper.make_tensor_value_info(*i) for i in inputs if not isinstance(i, str)],
                              [helper.make_tensor_value_info(r, F, None) for r in results], [numpy_helper.from_array(v, n) for n, v in initializers])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def values(name, dtype, shape, limit):
    rng = np.random.default_rng(len(name))
    if dtype == I:
        return rng.integers(0, limit, shape)
    return rng.standard_normal(shape).astype(np.float32) if dtype == F else rng.integers(0, 2, shape).astype(np.bool_)


class ShapeChecks(ToolTest):
    def check(self, m, fits, misfits, expected, limit=2, word="must be", words=()):
        """expected(**inputs) gives the first output for each shape of `fits`; each of `misfits` is refused. limit: integer inputs are below it."""
        self.dir.joinpath("m.onnx").write_bytes(m.SerializeToString())
        self.compile(self.path("m.onnx"), *words)
        fitting = ",".join(f"{d.dim_param}={s}" for i, shape in zip(m.graph.input, fits[0]) for d, s in zip(i.type.tensor_type.shape.dim, shape) if d.dim_param)
        self.assertTrue(any(c["node"] == "/node" for c in self.inspect_json("--dims", fitting)["checks"]))
        types = {i.name: i.type.tensor_type.elem_type for i in m.graph.input}

        def run(shapes, code):
            inputs = {n: values(n, types[n], s, limit) for n, s in zip(types, shapes)}
            np.savez(self.path("in.npz"), **inputs)
            done = self.tool("mlc-run", self.path("model.plan"), "--device", "host", "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), code=code)
            return inputs, done

        for shapes in fits:
            inputs, _ = run(shapes, 0)
            with np.load(self.path("out.npz")) as out:
                want = expected(**inputs)
                self.assertEqual(out["y0"].shape, want.shape)
                np.testing.assert_allclose(out["y0"], want, rtol=1e-4, atol=1e-5)
        for shapes in misfits:
            _, done = run(shapes, 2)
            self.assertIn("node '/node'", done.stderr)
            self.assertIn(word, done.stderr)

    def test_tools_look_for_sizes_that_can_run(self):
        # A window of 400 needs more than the 64 that tools assume first.
        m = model("AveragePool", [("x", F, ["b", 1, "samples"])], kernel_shape=[400], strides=[160])
        self.dir.joinpath("m.onnx").write_bytes(m.SerializeToString())
        self.compile(self.path("m.onnx"))
        self.assertEqual(self.inspect_json()["dims"], {"b": 1, "samples": 512})
        self.assertIn("float32 [1, 1, 1]", self.tool("mlc-run", self.path("model.plan"), "--iterations", "1").stdout)

    def test_add(self):
        self.check(model("Add", [("a", F, ["n", 4]), ("b", F, ["m", 4])]), fits=[[(3, 4), (3, 4)], [(1, 4), (3, 4)], [(3, 4), (1, 4)]],
                   misfits=[[(3, 4), (2, 4)], [(2, 4), (3, 4)]], expected=lambda a, b: a + b, word="must be equal or one of them 1")

    def test_add_to_a_number(self):
        self.check(model("Add", [("a", F, ["n", 4]), ("b", F, [3, 4])]), fits=[[(3, 4), (3, 4)], [(1, 4), (3, 4)]], misfits=[[(2, 4), (3, 4)], [(5, 4), (3, 4)]],
                   expected=lambda a, b: a + b)

    def test_none_against_one_is_none(self):
        self.check(model("Add", [("a", F, ["n", 4]), ("b", F, ["m", 4])]), fits=[[(0, 4), (1, 4)], [(1, 4), (0, 4)], [(0, 4), (0, 4)], [(2, 4), (1, 4)]],
                   misfits=[[(0, 4), (2, 4)]], expected=lambda a, b: a + b, words=["--dims", "n=0:1:8", "--dims", "m=0:1:8"])

    def test_where(self):
        self.check(model("Where", [("c", B, ["n", 3]), ("a", F, ["m", 3]), ("b", F, ["k", 3])]), fits=[[(2, 3), (2, 3), (2, 3)], [(2, 3), (1, 3), (2, 3)], [(1, 3), (1, 3), (4, 3)]],
                   misfits=[[(2, 3), (3, 3), (2, 3)], [(2, 3), (2, 3), (3, 3)], [(1, 3), (2, 3), (3, 3)]], expected=lambda c, a, b: np.where(c, a, b))

    def test_matmul(self):
        m = model("MatMul", [("a", F, ["n", "k"]), ("b", F, ["l", 17])])
        self.check(m, fits=[[(5, 6), (6, 17)], [(1, 1), (1, 17)]], misfits=[[(5, 6), (5, 17)], [(5, 6), (1, 17)], [(5, 1), (6, 17)]], expected=lambda a, b: a @ b)

    def test_matmul_batch(self):
        m = model("MatMul", [("a", F, ["n", 5, 8]), ("b", F, ["m", 8, 3])])
        self.check(m, fits=[[(2, 5, 8), (2, 8, 3)], [(1, 5, 8), (4, 8, 3)], [(4, 5, 8), (1, 8, 3)]], misfits=[[(2, 5, 8), (3, 8, 3)], [(3, 5, 8), (2, 8, 3)]],
                   expected=lambda a, b: a @ b)

    def test_concat(self):
        m = model("Concat", [("a", F, ["n", 3]), ("b", F, ["m", 2])], axis=1)
        self.check(m, fits=[[(4, 3), (4, 2)]], misfits=[[(4, 3), (3, 2)], [(3, 3), (4, 2)], [(1, 3), (4, 2)]], expected=lambda a, b: np.concatenate([a, b], 1))

    def test_gather_elements(self):
        m = model("GatherElements", [("a", F, ["n", 4]), ("i", I, ["m", 4])], axis=1)
        self.check(m, fits=[[(3, 4), (3, 4)], [(3, 4), (2, 4)]], misfits=[[(3, 4), (4, 4)]], expected=lambda a, i: np.take_along_axis(a[:len(i)], i, 1), limit=4,
                   word="must be at most")

    def test_scatter_nd(self):
        def scattered(a, i, u):
            y = a.copy()
            for k in range(len(i)):
                y[i[k, 0]] = u[k]
            return y

        m = model("ScatterND", [("a", F, ["n", 4]), ("i", I, ["m", 1]), ("u", F, ["k", 4])])
        self.check(m, fits=[[(3, 4), (1, 1), (1, 4)]], misfits=[[(3, 4), (2, 1), (1, 4)], [(3, 4), (1, 1), (2, 4)]], expected=scattered)

    def test_scatter_elements(self):
        m = model("ScatterElements", [("a", F, ["n", 4]), ("i", I, ["m", 1]), ("u", F, ["k", 1])], axis=1)

        def scattered(a, i, u):
            y = a.copy()
            np.put_along_axis(y[:len(i)], i, u, 1)
            return y

        self.check(m, fits=[[(3, 4), (3, 1), (3, 1)], [(3, 4), (2, 1), (2, 1)]], misfits=[[(3, 4), (4, 1), (4, 1)], [(3, 4), (3, 1), (2, 1)]], expected=scattered)

    def test_convolution(self):
        w = np.random.default_rng(1).standard_normal((5, 3, 1, 1)).astype(np.float32)
        m = model("Conv", [("a", F, ["n", "c", "h", "w"]), "weights"], [("weights", w)], kernel_shape=[1, 1])
        self.check(m, fits=[[(2, 3, 4, 4)]], misfits=[[(2, 2, 4, 4)], [(2, 4, 4, 4)]], expected=lambda a: np.einsum("nchw,oc->nohw", a, w[:, :, 0, 0]))

    def test_a_window_larger_than_its_input(self):
        w = np.random.default_rng(1).standard_normal((2, 1, 3, 3)).astype(np.float32)
        m = model("Conv", [("a", F, [1, 1, "h", "w"]), "weights"], [("weights", w)], kernel_shape=[3, 3])
        self.check(m, fits=[[(1, 1, 3, 3)]], misfits=[[(1, 1, 1, 1)], [(1, 1, 1, 5)]], expected=lambda a: np.einsum("nchw,ochw->no", a, w)[:, :, None, None],
                   word="must be at most")

    def test_expand(self):
        m = model("Expand", [("a", F, ["n", 4]), ("s", I, [2])])
        m.graph.input[1].name = "s"
        self.dir.joinpath("m.onnx").write_bytes(m.SerializeToString())
        self.compile(self.path("m.onnx"))
        for n, shape, code in ((1, [3, 4], 0), (3, [3, 4], 0), (2, [3, 4], 2)):
            a = values("a", F, (n, 4), 0)
            np.savez(self.path("in.npz"), a=a, s=np.array(shape))
            done = self.tool("mlc-run", self.path("model.plan"), "--device", "host", "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), code=code)
            if code == 0:
                with np.load(self.path("out.npz")) as out:
                    np.testing.assert_array_equal(out["y0"], np.broadcast_to(a, shape))
            else:
                self.assertIn("node '/node'", done.stderr)

    def test_reshape(self):
        m = model("Reshape", [("a", F, ["n", "m"]), "shape"], [("shape", np.array([-1, 4]))])
        self.check(m, fits=[[(2, 6)], [(3, 4)]], misfits=[[(3, 5)], [(1, 1)]], expected=lambda a: a.reshape(-1, 4))

    def test_split(self):
        m = model("Split", [("a", F, ["n", 3]), "sizes"], [("sizes", np.array([2, 3]))], outputs=2, axis=0)
        self.check(m, fits=[[(5, 3)]], misfits=[[(4, 3)], [(6, 3)]], expected=lambda a: a[:2])

    def test_recurrence(self):
        rng = np.random.default_rng(3)
        w, r = rng.standard_normal((1, 4, 3)).astype(np.float32), np.zeros((1, 4, 4), np.float32)
        m = model("RNN", [("a", F, ["t", "n", 3]), "w", "r", "", "", ("h", F, [1, "m", 4])], [("w", w), ("r", r)], hidden_size=4)
        self.check(m, fits=[[(5, 2, 3), (1, 2, 4)]], misfits=[[(5, 2, 3), (1, 3, 4)], [(5, 3, 3), (1, 2, 4)]], expected=lambda a, h: np.tanh(np.einsum("tnc,doc->tdno", a, w)))

    def test_layer_norm(self):
        m = model("LayerNormalization", [("a", F, ["n", "c"]), ("s", F, ["k"])])

        def norm(a, s):
            return (a - a.mean(1, keepdims=True)) / np.sqrt(a.var(1, keepdims=True) + 1e-5) * s

        self.check(m, fits=[[(2, 8), (8,)], [(2, 8), (1,)]], misfits=[[(2, 8), (7,)], [(2, 8), (9,)]], expected=norm)

    def test_one_symbol_needs_no_check(self):
        self.compile(self.model("mlp"))
        self.assertEqual(self.inspect_json()["checks"], [])


if __name__ == "__main__":
    unittest.main()
