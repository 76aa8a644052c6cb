# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compare: figures of each engine, peers that are absent, accuracy and exit codes, and the region that deviates."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import unittest

import numpy as np
import onnx
from onnx import numpy_helper

from tooltest import BIN, ToolTest

PEERS = [e for e, package in (("ort", "onnxruntime"), ("openvino", "openvino")) if importlib.util.find_spec(package)]
QUICK = ("--rounds", 2, "--seconds", 0.05, "--threads", 1)


class Compare(ToolTest):
    def compare(self, *words, code=0, env=None):
        done = subprocess.run([sys.executable, os.path.join(BIN, "mlc-compare"), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=240,
                              env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def changed(self, name, weight, by):
        """The path of a model of models.py with another value of one weight."""
        path = self.path(f"{name}-changed.onnx")
        model = onnx.load(self.model(name))
        tensor = next(t for t in model.graph.initializer if t.name == weight)
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) + np.float32(by), weight))
        onnx.save(model, path)
        return path

    def test_figures_of_each_engine(self):
        report = self.path("r.json")
        text = self.compare(self.model("resnet"), "--against", ",".join(PEERS), "--shape", "x=2x3x32x32", "--json", report, *QUICK).stdout
        found = json.loads(pathlib.Path(report).read_text())
        self.assertEqual(found["inputs"], {"x": [2, 3, 32, 32]})
        self.assertEqual([e["engine"] for e in found["engines"]], ["mlc", *PEERS])
        self.assertTrue(found["within_tolerance"])
        for e in found["engines"]:
            self.assertEqual(len(e["rounds"]), 2)
            self.assertLessEqual(0, e["min_ms"])
            self.assertLessEqual(e["min_ms"], e["p50_ms"])
            self.assertLessEqual(e["p50_ms"], e["p90_ms"])
            for key in ("throughput_per_s", "load_ms", "first_run_ms", "peak_mb", "artifact_bytes", "runs"):
                self.assertGreater(e[key], 0, f"{key} of {e['engine']}")
            self.assertLess(e["outputs"][0]["error_in_tolerances"], 1)
            self.assertRegex(e["version"], r"^\d+\.\d+")
            self.assertIn(os.path.basename(e["command"][0]), text)
        self.assertIn("mlc-compile", " ".join(found["engines"][0]["compile_command"]))
        self.assertEqual(found["engines"][1]["artifact_bytes"], os.path.getsize(self.model("resnet")))

    def test_json_alone_on_standard_output(self):
        self.assertEqual(json.loads(self.compare(self.model("mlp"), "--json", "-", *QUICK).stdout)["schema_version"], 1)

    def test_absent_peers_are_named(self):
        bare = self.path("python")  # a Python that has no packages
        pathlib.Path(bare).write_text(f"#!/bin/sh\nexec {sys.executable} -S \"$@\"\n")
        os.chmod(bare, 0o755)
        words = [w for e in ("openvino", "torch", "tensorrt") for w in ("--python", f"{e}={bare}")]
        done = self.compare(self.model("mlp"), "--against", "openvino,torch,tensorrt", "--json", self.path("r.json"), *words, *QUICK,
                            env={"PATH": "/usr/bin:/bin", "TENSORRT_ROOT": self.path("none")})
        for title, hint in (("OpenVINO", "pip install openvino"), ("PyTorch", "pip install torch onnx2torch"), ("TensorRT", "no trtexec in PATH")):
            self.assertRegex(done.stdout, rf"{title} +not installed: .*{hint}")
        found = json.loads(pathlib.Path(self.path("r.json")).read_text())["engines"]
        self.assertEqual([("fault" in e) for e in found], [False, True, True, True])

    def test_symbolic_dims_and_given_inputs(self):
        np.savez(self.path("in.npz"), x=np.ones((5, 16), np.float32))
        words = (self.model("mlp"), "--dims", "batch=1:3:8", "--json", self.path("r.json"), *QUICK)
        self.compare(*words)
        self.assertEqual(json.loads(pathlib.Path(self.path("r.json")).read_text())["inputs"], {"x": [3, 16]})
        self.compare(*words, "--inputs", self.path("in.npz"))
        self.assertEqual(json.loads(pathlib.Path(self.path("r.json")).read_text())["inputs"], {"x": [5, 16]})

    def test_a_difference_is_exit_code_4(self):
        done = self.compare(self.model("resnet"), "--reference", self.changed("resnet", "fc_b", 0.1), *QUICK, code=4)
        self.assertRegex(done.stdout, r"MLC: output 'logits' DIFFERS .* max abs error 0\.1,")

    def test_the_region_that_deviates(self):
        report = self.path("r.json")
        found = []
        for words, code in (((), 0), (("--reference", self.changed("resnet", "block1a_w", 0.1)), 4)):
            for chunk in (2, 64):
                done = self.compare(self.model("resnet"), "--per-node", "--chunk", chunk, "--json", report, *words, code=code)
                found.append(json.loads(pathlib.Path(report).read_text())["per_node"])
                self.assertEqual([r["tensor"] for r in found[-1]["regions"]], ["stem", "pooled", "block0a", "block0", "block1a", "block1skip", "block1", "mean", "logits"])
                self.assertLess(max(r["error_in_tolerances"] for r in found[-1]["regions"][:4]), 1)
        for same in found[:2]:
            self.assertIsNone(same["first"])
        for other in found[2:]:
            self.assertEqual(other["first"]["tensor"], "block1a")
            self.assertEqual(other["first"]["nodes"], ["block1a/conv", "block1a/bn", "block1a/relu"])
            self.assertIn("'block1a/conv' (Conv)", other["cause"])
        self.assertIn("first that deviates: 'block1a'", done.stdout)

    def test_a_fault_of_fusion_is_told_from_one_of_a_node(self):
        """Contracted into one FMA the fused region keeps a rounding error that each of its nodes computed alone loses."""
        with open("/proc/cpuinfo") as f:
            if "fma" not in f.read().split():
                self.skipTest("this CPU has no FMA, which the difference comes from")
        done = self.compare(self.model("cancelling"), "--per-node", code=4)
        self.assertIn("first that deviates: 'y'", done.stdout)
        self.assertIn("the fault lies in computing them together", done.stdout)

    def test_usage_and_faults(self):
        model = self.model("resnet")
        text = self.compare("--help").stdout
        self.assertIn("Exit codes: 0", text)
        self.assertIn("  mlc-compare ", text)
        self.assertRegex(self.compare("--version").stdout, r"^mlc-compare \d+\.\d+\.\d+")
        self.compare(code=2)
        self.compare(self.path("none.onnx"), code=2)
        for words, hint in ((("--against", "abacus"), "knows ort"), (("--shape", "z=1"), "no input; inputs: x"), (("--shape", "x=1x2"), "it has 4"), (("--dims", "n"), "NAME=N"),
                            (("--inputs", self.path("none.npz")), "none.npz"), (("--rounds", 0), "positive"), (("--python", "mlc=x"), "ENGINE=PYTHON")):
            self.assertIn(hint, self.compare(model, *words, code=2).stderr)
        pathlib.Path(self.path("bad.onnx")).write_bytes(b"\x08\xff\xff")
        self.compare(self.path("bad.onnx"), code=1)
        self.assertIn("--bin", self.compare(model, "--bin", self.path("none"), code=3).stderr)
        self.compare(model, "--json", self.path("missing/r.json"), *QUICK, code=3)
        os.mkdir(self.path("taken"))
        self.compare(model, "--json", self.path("taken"), *QUICK, code=3)
        self.assertEqual(sorted(os.listdir(self.dir)), ["bad.onnx", "resnet.onnx", "taken"])


if __name__ == "__main__":
    unittest.main()
