# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The spellings that mlc-compile and mlc-run share with trtexec."""
import os
import unittest

from tooltest import ToolTest


class Trtexec(ToolTest):
    def shapes(self, model, low, usual, high, code=0):
        words = ["--onnx=" + model, "--saveEngine=" + self.path("model.plan")]
        words += [f"--{which}Shapes={value}" for which, value in (("min", low), ("opt", usual), ("max", high)) if value]
        return self.tool("mlc-compile", *words, code=code)

    def test_ranges_reach_the_plan(self):
        self.shapes(self.model("resnet"), "x:1x3x32x32", "x:2x3x32x32", "x:4x3x32x32")
        plan = self.inspect_json()
        self.assertEqual(plan["inputs"][0]["dims"], ["n", 3, 32, 32])
        self.assertEqual(plan["inputs"][0]["ranges"], [[1, 4], [3, 3], [32, 32], [32, 32]])
        self.assertEqual(plan["dims"], {"n": 2})
        engine = "--loadEngine=" + self.path("model.plan")
        self.tool("mlc-run", engine, "--dims", "n=4", "--iterations", 1)
        self.tool("mlc-run", engine, "--dims", "n=5", "--iterations", 1, code=2)

    def test_opt_shapes_alone_fix_the_dims(self):
        self.shapes(self.model("mlp"), None, "x:5x16", None)
        self.assertEqual(self.inspect_json()["inputs"][0]["dims"], [5, 16])

    def test_expressions_and_inner_symbols(self):
        model = self.model("cache")
        self.shapes(model, "x:1x1x4,mask:1x1", "x:1x1x4,mask:1x5", "x:2x1x4,mask:2x9", code=2)  # mask's past + 1: no range of past
        self.shapes(model, "x:1x1x4,past:1x0x4,mask:1x1", "x:1x1x4,past:1x4x4,mask:1x5", "x:2x1x4,past:2x8x4,mask:2x9")
        self.assertEqual(self.inspect_json()["inputs"][1]["ranges"], [[1, 2], [0, 8], [4, 4]])

    def test_contradictions_are_usage_errors(self):
        model = self.model("resnet")
        for low, usual, high, text in [
            ("x:1x3x32x32", "x:2x3x32x32", None, "maxShapes"),
            ("x:1x3x32x32", "x:2x3x32x32", "x:1x3x32x32", "min <= opt <= max"),
            ("x:1x3x16x32", "x:2x3x32x32", "x:4x3x32x32", "dim 2 of input 'x' is 32, which does not range from 16"),
            ("x:1x3", "x:2x3", "x:4x3", "has 4 dims"),
            (None, "z:1x3x32x32", None, "'z', which is no input"),
            (None, "x=1x3", None, "INPUT:1x3x224x224"),
        ]:
            self.assertIn(text, self.shapes(model, low, usual, high, code=2).stderr)
        twice = self.tool("mlc-compile", model, "--onnx=" + model, code=2)
        self.assertIn("excludes", twice.stderr + twice.stdout)
        self.assertFalse(os.path.exists(self.path("model.plan")))


if __name__ == "__main__":
    unittest.main()
