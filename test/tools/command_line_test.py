# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What all tools share: help that needs no manual, versions, exit codes, files that are complete or untouched."""
import os
import pathlib
import re
import tempfile
import unittest

from tooltest import ToolTest

TOOLS = ("mlc-compile", "mlc-run", "mlc-inspect", "mlc-refit")


class CommandLine(ToolTest):
    def test_help(self):
        for tool in TOOLS:
            text = self.tool(tool, "--help").stdout
            self.assertIn("Exit codes: 0", text, tool)
            self.assertIn("Example", text, tool)
            self.assertIn(f"  {tool} ", text, "an example")
            self.assertNotRegex(text, r" (TEXT|UINT|FLOAT|INT)\b", f"{tool}: arguments say what they are")
            options = re.findall(r"^  (-[^\s=]+)(?:[ =].*)?$", text, re.M)
            self.assertGreater(len(options), 3)

    def test_versions(self):
        for tool in TOOLS + ("mlc-opt",):
            self.assertRegex(self.tool(tool, "--version").stdout, rf"^{tool} \d+\.\d+\.\d+")

    def test_a_dim_that_no_input_gives_is_the_models_fault(self):
        with tempfile.TemporaryDirectory() as folder:
            model, plan = os.path.join(folder, "model.mlir"), os.path.join(folder, "model.plan")
            with open(model, "w") as f:
                f.write("""func.func @main(%x: tensor<1x4xf32> {graph.name = "x"}) -> (tensor<?x4xf32> {graph.name = "y"}) attributes {graph.symbols = {z = array<i64: 1, 0, 64, 1>}} {
  %y = graph.expand %x {dims = #graph.dims<["z", 4]>} : (tensor<1x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}""")
            done = self.tool("mlc-compile", model, "-o", plan, code=1)
            self.assertIn("the dim 'z' follows from no input's shape; fix it with --shape or --dims", done.stderr)
            self.assertNotIn("graph.expand", done.stderr, "no dump of the model")
            self.assertFalse(os.path.exists(plan))

    def test_usage_errors(self):
        for tool in TOOLS:
            self.tool(tool, code=2)
            self.tool(tool, "--frobnicate", code=2)
        self.tool("mlc-compile", self.path("none.onnx"), code=2)
        self.tool("mlc-run", self.path("none.plan"), code=2)
        self.tool("mlc-inspect", self.path("none.plan"), code=2)
        self.tool("mlc-refit", self.path("none.plan"), "--weights", self.path("none.onnx"), "-o", self.path("x"), code=2)
        self.compile(self.model("mlp"), "--arch", "abacus", code=2)
        self.compile(self.model("mlp"), "--dims", "batch=3:2:1", code=2)

    def test_faults_of_the_model_and_the_plan(self):
        pathlib.Path(self.path("bad.onnx")).write_bytes(b"\x08\xff\xff")
        self.compile(self.path("bad.onnx"), code=1)
        pathlib.Path(self.path("bad.plan")).write_bytes(b"no plan" * 100)
        self.tool("mlc-run", self.path("bad.plan"), code=1)
        self.tool("mlc-inspect", self.path("bad.plan"), code=1)
        self.tool("mlc-refit", self.path("bad.plan"), "--weights", self.model("mlp"), "-o", self.path("x"), code=1)

    def test_files_are_complete_or_untouched(self):
        model = self.model("mlp")
        self.compile(model)
        plan = self.path("model.plan")
        missing = self.path("missing/file")
        self.tool("mlc-compile", model, "-o", missing, code=3)
        self.compile(model, "--json", missing, code=3)
        self.tool("mlc-run", plan, "--json", missing, code=3)
        self.tool("mlc-run", plan, "--save-outputs", missing + ".npz", code=3)
        self.tool("mlc-inspect", plan, "--html", missing, code=3)
        # A name that is taken by a folder: the rename fails and nothing is left beside.
        os.mkdir(self.path("taken"))
        pathlib.Path(self.path("taken/inside")).write_text("kept")
        self.compile(model, "--json", self.path("taken"), code=3)
        self.tool("mlc-inspect", plan, "--html", self.path("taken"), code=3)
        self.tool("mlc-compile", model, "-o", self.path("taken"), code=3)
        self.assertEqual(sorted(os.listdir(self.dir)), ["mlp.onnx", "model.plan", "taken"])


if __name__ == "__main__":
    unittest.main()
