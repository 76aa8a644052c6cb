# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What --fp16 leaves to the user: --calibrate, --keep-fp32, --io. The module that the GPU's kernels are made from (--stop-after=fuse) is compiled for the host too, so that its numbers can be seen here."""
import os
import pathlib

import numpy as np
from onnx import helper

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


models.loud = loud


class Precision(ToolTest):
    def setUp(self):
        super().setUp()
        self.x = np.random.default_rng(3).standard_normal((5, 32)).astype(np.float32)
        np.savez(self.path("in.npz"), x=self.x)

    def fused(self, *words):
        """The text of the first target's fused module."""
        text = self.tool("mlc-compile", self.model("loud"), "--arch", "sm_80", "--fp16", "--stop-after", "fuse", *words).stdout
        module = "module" + text.split("\nmodule")[0].removeprefix("module")
        return module + text[text.index("{-#"):text.index("#-}") + 3] if "{-#" in text and "{-#" not in module else module

    def run_fused(self, module, inputs="in.npz"):
        """The outputs of a fused module, run here."""
        (self.dir / "fused.mlir").write_text(module)
        self.compile(self.path("fused.mlir"), "--arch", "host")
        self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path(inputs), "--save-outputs", self.path("out.npz"), "--iterations", 1)
        return dict(np.load(self.path("out.npz")))["y"]

    def exact(self):
        self.compile(self.model("loud"), "--arch", "host", "-O", "0")
        self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path("in.npz"), "--save-outputs", self.path("exact.npz"), "--iterations", 1)
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
                            (["--bf16", "--calibrate", "x"], "--calibrate needs --fp16"), (["--fp16", "--keep-fp32", "laud"], "laud means no node and no tensor"),
                            (["--fp16", "--keep-fp32", "[a"], "--keep-fp32 [a"), (["--fp16", "--bucket", "batch=1", "--calibrate", self.path("in.npz")], "--calibrate and --bucket"),
                            (["--fp16", "--calibrate", self.path("none.npz")], "none.npz")):
            self.assertIn(said, self.compile(model, "--arch", "sm_80", *words, code=2).stderr)
        np.savez(self.path("other.npz"), z=self.x)
        self.assertIn("it has no array 'x', which is an input", self.compile(model, "--arch", "sm_80", "--fp16", "--calibrate", self.path("other.npz"), code=2).stderr)
        np.savez(self.path("shape.npz"), x=self.x[:, :7])
        self.assertIn("--calibrate " + self.path("shape.npz") + ": ", self.compile(model, "--arch", "sm_80", "--fp16", "--calibrate", self.path("shape.npz"), code=2).stderr)


if __name__ == "__main__":
    run_where_cuda_compiles()
