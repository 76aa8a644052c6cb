# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What the tests of the command-line tools share: a scratch folder with models, and calls that check exit codes."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import models

BIN = os.environ["MLC_BIN"]


class ToolTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = pathlib.Path(scratch.name)

    def path(self, name):
        return str(self.dir / name)

    def model(self, name):
        """The path of a model of models.py."""
        path = self.dir / (name + ".onnx")
        path.write_bytes(getattr(models, name)().SerializeToString())
        return str(path)

    def tool(self, name, *words, code=0, env=None):
        """Runs a tool, expects its exit code, returns what ended (stdout, stderr)."""
        done = subprocess.run([os.path.join(BIN, name), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=240,
                              env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, f"{name} {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done

    def compile(self, model, *words, plan="model.plan", code=0, env=None):
        return self.tool("mlc-compile", model, "-o", self.path(plan), *words, code=code, env=env)

    def compile_json(self, model, *words):
        self.compile(model, *words, "--json", self.path("compile.json"))
        return json.loads((self.dir / "compile.json").read_text())

    def inspect_json(self, *words, plan="model.plan"):
        return json.loads(self.tool("mlc-inspect", self.path(plan), "--json", *words).stdout)
