# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What --fp16 leaves to the user: --calibrate, --keep-fp32, --io. The module that the GPU's kernels are made from (--stop-after=fuse) is compiled for the host too, so that its numbers can be seen here."""
import os
import pathlib

import numpy as np
from onnx import helper, numpy_helper, parser

import models
from cuda_code_test import run_where_cuda_compiles
from tooltest import ToolTest


def loud():
    """Three products with normalisation in between; the second's result, and its operands squared in front of the third, are far beyond 65504."""
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["p"], name="quiet"),
        helper.make_node("Relu", ["p"], ["r"], name="relu"),
        helper.make_node("MatMul", ["r", "b"], ["q"], name="loud"),
        helper.make_node("Softmax", ["q"], ["s"], name="softmax", axis=-1),
        helper.make_node("Mul", ["q", "s"], ["big"], name="scaled"),
        helper.make_node("ReduceMax", ["big"], ["largest"], name="largest", axes=[1], keepdims=1),
        helper.make_node("Div", ["big", "largest"], ["n"], name="normal"),
        helper.make_node("MatMul", ["n", "c"], ["y"], name="last"),
    ]
    return models.make(nodes, [("x", ["batch", 32])], [("y", ["batch", 16])],
                       [models.tensor("a", 32, 64), models.tensor("b", 64, 64, scale=2000, seed=1), models.tensor("c", 64, 16, seed=2)])


def delicate():
    """The difference of two products that are almost equal, behind a product whose rounding does no harm: `fine` would not notice halves, `left` and `right` lose their leading digits."""
    a = models.tensor("a", 32, 64)
    near = np.random.default_rng(9).standard_normal((32, 64)).astype(np.float32) * 2e-3 + numpy_helper.to_array(a)
    nodes = [
        helper.make_node("MatMul", ["x", "e"], ["p"], name="fine"),
        helper.make_node("Tanh", ["p"], ["t"], name="tanh"),
        helper.make_node("MatMul", ["t", "a"], ["l"], name="left"),
        helper.make_node("Sigmoid", ["l"], ["sl"], name="left_gate"),
        helper.make_node("MatMul", ["t", "near"], ["r"], name="right"),
        helper.make_node("Sigmoid", ["r"], ["sr"], name="right_gate"),
        helper.make_node("Sub", ["sl", "sr"], ["d"], name="difference"),
        helper.make_node("Softmax", ["x"], ["s"], name="softmax", axis=-1),
        helper.make_node("MatMul", ["s", "g"], ["other"], name="harmless"),
        helper.make_node("Mul", ["d", "other"], ["y"], name="last"),
    ]
    return models.make(nodes, [("x", ["batch", 32])], [("y", ["batch", 64])],
                       [a, numpy_helper.from_array(near, "near"), models.tensor("e", 32, 32, scale=0.2, seed=4), models.tensor("g", 32, 64, seed=5)])


def branch():
    """`delicate`'s difference inside of one branch of an If."""
    proto = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        branch (float[2, 32] x, bool[1] c) => (float[2, 64] y) {
          h = MatMul(x, e)
          y = If (c) <then_branch = a () => (float[2, 64] p) { l = MatMul(h, w) r = MatMul(h, v) sl = Sigmoid(l) sr = Sigmoid(r) p = Sub(sl, sr) },
                      else_branch = b () => (float[2, 64] q) { r = MatMul(h, w) q = Neg(r) }>
        }""")
    w = models.tensor("w", 32, 64)
    near = np.random.default_rng(9).standard_normal((32, 64)).astype(np.float32) * 2e-3 + numpy_helper.to_array(w)
    proto.graph.initializer.extend([w, numpy_helper.from_array(near, "v"), models.tensor("e", 32, 32, scale=0.2, seed=4)])
    return proto


def attention():
    """Scores with a bias, whose product is cast before it is added; lengths that no tile divides."""
    proto = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        attention (float[n, 2, 9, 16] q, float[n, 2, 16, 33] k, float[n, 2, 33, 16] v, float[n, 2, 9, 33] bias) => (float[n, 2, 9, 16] y) {
          s = MatMul(q, k) m = Mul(s, scale) b = Add(m, bias) w = Softmax(b) y = MatMul(w, v)
        }""")
    proto.graph.initializer.append(numpy_helper.from_array(np.array(0.25, np.float32), "scale"))
    return proto


models.loud, models.delicate, models.branch, models.attention = loud, delicate, branch, attention


class Precision(ToolTest):
    def setUp(self):
        super().setUp()
        self.x = np.random.default_rng(3).standard_normal((5, 32)).astype(np.float32)
        np.savez(self.path("in.npz"), x=self.x)

    def fused(self, *words, model="loud", precision="--fp16"):
        """The text of the first target's fused module."""
        text = self.tool("mlc-compile", self.model(model), "--arch", "sm_80", precision, "--stop-after", "fuse", *words).stdout
        module = "module" + text.split("\nmodule")[0].removeprefix("module")
        return module + text[text.index("{-#"):text.index("#-}") + 3] if "{-#" in text and "{-#" not in module else module

    def run_fused(self, module, inputs="in.npz"):
        """The outputs of a fused module, run here."""
        (self.dir / "fused.mlir").write_text(module)
        self.compile(self.path("fused.mlir"), "--arch", "host")
        self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path(inputs), "--save-outputs", self.path("out.npz"), "--iterations", 1)
        return dict(np.load(self.path("out.npz")))["y"]

    def exact(self, model="loud", inputs="in.npz"):
        self.compile(self.model(model), "--arch", "host", "-O", "0")
        self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path(inputs), "--save-outputs", self.path("exact.npz"), "--iterations", 1)
        return dict(np.load(self.path("exact.npz")))["y"]

    def test_calibration_keeps_what_overflows(self):
        exact = self.exact()
        self.assertFalse(np.isfinite(self.run_fused(self.fused())).all(), "this model overflows f16")
        module = self.fused("--calibrate", self.path("in.npz"))
        ours = self.run_fused(module)
        np.testing.assert_allclose(ours, exact, rtol=2e-2, atol=2e-2 * np.std(exact))
        self.assertIn("xf16>", module, "the rest is narrow all the same")

    def test_what_stays_is_told(self):
        report = self.compile_json(self.model("loud"), "--arch", "sm_80", "--fp16", "--calibrate", self.path("in.npz"))
        self.assertTrue(any(line.startswith("'loud'") and "reaches" in line for line in report["kept_f32"]), report["kept_f32"])
        self.assertFalse(any("'quiet'" in line for line in report["kept_f32"]))
        said = self.compile(self.model("loud"), "--arch", "sm_80", "--fp16", "--calibrate", self.path("in.npz")).stderr
        self.assertIn("stays f32: 'loud'", said)
        first = pathlib.Path(self.path("model.plan")).read_bytes()
        self.compile(self.model("loud"), "--arch", "sm_80", "--fp16", "--calibrate", self.path("in.npz"), "--no-cache")
        self.assertEqual(pathlib.Path(self.path("model.plan")).read_bytes(), first)

    def error(self, ours, exact):
        return float(np.sqrt(np.mean((ours - exact) ** 2)) / np.std(exact))

    def test_as_much_stays_as_the_error_asks_for(self):
        np.savez(self.path("other.npz"), x=np.random.default_rng(8).standard_normal((3, 32)).astype(np.float32))
        exact = self.exact("delicate", "other.npz")
        for precision in ("--fp16", "--bf16"):
            plain = self.error(self.run_fused(self.fused(model="delicate", precision=precision), "other.npz"), exact)
            self.assertGreater(plain, 0.05, precision)
            module = self.fused("--calibrate", self.path("in.npz"), model="delicate", precision=precision)
            self.assertLess(self.error(self.run_fused(module, "other.npz"), exact), 0.02, precision)
            self.assertIn("xf16>" if precision == "--fp16" else "xbf16>", module, "the rest is narrow all the same")
        strict = self.fused("--calibrate", self.path("in.npz"), "--max-error", "1e-6", model="delicate")
        self.assertNotIn("f16", strict)
        self.assertEqual(self.fused("--calibrate", self.path("in.npz"), "--max-error", "inf", model="delicate"), self.fused(model="delicate"))
        np.savez(self.path("easy.npz"), x=self.x[:, :16])
        easy = self.compile_json(self.model("mlp"), "--arch", "sm_80", "--fp16", "--calibrate", self.path("easy.npz"))
        self.assertTrue(all(a["kept_f32"] == 0 and 0 < a["error"] == a["error_narrow"] < 2e-3 for a in easy["accuracy"]), easy["accuracy"])

    def test_attention_in_halves_on_the_host(self):
        random = np.random.default_rng(4)
        np.savez(self.path("heads.npz"), **{name: random.standard_normal((3, 2, *shape)).astype(np.float32) for name, shape in (("q", (9, 16)), ("k", (16, 33)), ("v", (33, 16)), ("bias", (9, 33)))})
        exact = self.exact("attention", "heads.npz")
        module = self.fused("--io", "fp16", model="attention")
        self.assertIn('"attention"', module)
        np.savez(self.path("half.npz"), **{name: array.astype(np.float16) for name, array in np.load(self.path("heads.npz")).items()})
        self.assertLess(self.error(self.run_fused(module, "half.npz").astype(np.float32), exact), 2e-3)

    def test_branches_are_measured_too(self):
        np.savez(self.path("then.npz"), x=self.x[:2], c=np.array([True]))
        exact = self.exact("branch", "then.npz")
        self.assertGreater(self.error(self.run_fused(self.fused(model="branch"), "then.npz"), exact), 0.05)
        module = self.fused("--calibrate", self.path("then.npz"), model="branch")
        self.assertLess(self.error(self.run_fused(module, "then.npz"), exact), 0.02)
        self.assertIn("xf16>", module)

    def test_the_error_is_told(self):
        words = (self.model("delicate"), "--arch", "sm_80", "--fp16", "--calibrate", self.path("in.npz"))
        report = self.compile_json(*words)
        first = pathlib.Path(self.path("model.plan")).read_bytes()
        self.assertEqual([a["arch"] for a in report["accuracy"]], ["sm_80", "compute_80"])
        for a in report["accuracy"]:
            self.assertTrue(a["error"] <= 0.01 < 0.05 < a["error_narrow"] and 0 < a["kept_f32"] < a["kernels"], a)
        self.assertTrue(any("alone moves the answer by" in line for line in report["kept_f32"]), report["kept_f32"])
        said = self.compile(*words, "--no-cache").stderr
        self.assertIn("the answers to the samples differ from f32 by", said)
        self.assertIn("(--max-error 0.02)", said)
        self.assertEqual(pathlib.Path(self.path("model.plan")).read_bytes(), first)

    def test_keep_fp32_by_node_tensor_and_pattern(self):
        exact = self.exact()
        kept = self.fused("--keep-fp32", "loud,scaled,largest,normal,softmax")
        np.testing.assert_allclose(self.run_fused(kept), exact, rtol=2e-2, atol=2e-2 * np.std(exact))
        self.assertEqual(self.fused("--keep-fp32", "q"), self.fused("--keep-fp32", "loud"), "the tensor that it gives")
        self.assertEqual(self.fused("--keep-fp32", "l?ud"), self.fused("--keep-fp32", "loud"))
        self.assertNotIn("f16", self.fused("--keep-fp32", "*"))

    def test_io(self):
        np.savez(self.path("half.npz"), x=self.x.astype(np.float16))
        module = self.fused("--io", "fp16", "--calibrate", self.path("in.npz"))
        exact, ours = self.exact(), self.run_fused(module, "half.npz")
        self.assertEqual(ours.dtype, np.float16)
        np.testing.assert_allclose(ours.astype(np.float32), exact, rtol=3e-2, atol=3e-2 * np.std(exact))
        self.compile(self.model("resnet"), "--arch", "sm_80", "--fp16", "--io", "fp16")
        plan = self.inspect_json()
        self.assertEqual([t["dtype"] for t in plan["inputs"] + plan["outputs"]], ["float16"] * 2)
        narrow = [launch["kernel"] for launch in plan["targets"][0]["launches"]]
        self.compile(self.model("resnet"), "--arch", "sm_80", "--fp16")
        self.assertEqual(len(narrow), len(self.inspect_json()["targets"][0]["launches"]), "no launch for the conversion")

    def test_usage_errors(self):
        model = self.model("loud")
        for words, said in ((["--io", "fp16"], "--io fp16 needs --fp16"), (["--bf16", "--io", "fp16"], "--io fp16 needs --fp16"), (["--keep-fp32", "loud"], "needs --fp16 or --bf16"),
                            (["--calibrate", self.path("in.npz")], "--calibrate needs --fp16 or --bf16"), (["--fp16", "--max-error", "0.1"], "--max-error needs --calibrate"),
                            (["--fp16", "--calibrate", self.path("in.npz"), "--max-error", "0"], "--max-error"), (["--fp16", "--keep-fp32", "laud"], "laud means no node and no tensor"),
                            (["--fp16", "--keep-fp32", "[a"], "--keep-fp32 [a"), (["--fp16", "--bucket", "batch=1", "--calibrate", self.path("in.npz")], "--calibrate and --bucket"),
                            (["--fp16", "--calibrate", self.path("none.npz")], "none.npz")):
            self.assertIn(said, self.compile(model, "--arch", "sm_80", *words, code=2).stderr)
        np.savez(self.path("other.npz"), z=self.x)
        self.assertIn("it has no array 'x', which is an input", self.compile(model, "--arch", "sm_80", "--fp16", "--calibrate", self.path("other.npz"), code=2).stderr)
        np.savez(self.path("nan.npz"), x=np.full_like(self.x, np.nan))
        self.assertIn("sample 2: an output has no finite number", self.compile(model, "--arch", "sm_80", "--fp16", "--calibrate", self.path("in.npz"), "--calibrate", self.path("nan.npz"), code=2).stderr)
        np.savez(self.path("shape.npz"), x=self.x[:, :7])
        self.assertIn("--calibrate " + self.path("shape.npz") + ": ", self.compile(model, "--arch", "sm_80", "--fp16", "--calibrate", self.path("shape.npz"), code=2).stderr)


if __name__ == "__main__":
    run_where_cuda_compiles()
