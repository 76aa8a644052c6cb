# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compare and TensorRT: what trtexec 10 and 11 print (trtexec_output/, in their form), and a whole comparison against a stand-in that prints so and
computes with ONNX's reference evaluator."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from tooltest import BIN, ToolTest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools" / "mlc-compare"))
from mlc_compare import trtexec  # noqa: E402
from mlc_compare.measure import Fault  # noqa: E402

# Understands what trtexec understands and nothing else, so a misspelt option is an error.
STAND_IN = """#!{python}
import json, pathlib, shutil, sys
import numpy as np, onnx
from onnx.reference import ReferenceEvaluator
BUILD = {{"onnx", "saveEngine", "noTF32", "skipInference", "minShapes", "optShapes", "maxShapes"}}
RUN = {{"loadEngine", "useCudaGraph", "useSpinWait", "iterations", "warmUp", "duration", "percentile", "shapes", "loadInputs", "exportOutput"}}
words = dict(w[2:].partition("=")[::2] for w in sys.argv[1:])
unknown = set(words) - (BUILD if "onnx" in words else RUN)
banner = "TensorRT.trtexec [TensorRT v110100] [b106] # trtexec"
if unknown:
    sys.exit(print("[01/01/2026-00:00:00] [E] Unknown option:", *unknown, "\\n&&&& FAILED", banner) or 1)
if "onnx" in words:
    shutil.copy(words["onnx"], words["saveEngine"])
    print("[01/01/2026-00:00:00] [I] Engine built in 1.5 sec.\\n&&&& PASSED", banner)
    sys.exit(0)
if words.get("exportOutput"):
    model = onnx.load(words["loadEngine"])
    shapes = dict(s.split(":") for s in words["shapes"].split(","))
    given = {{n: np.fromfile(p, np.float32).reshape([int(d) for d in shapes[n].split("x")]) for n, p in (f.split(":") for f in words["loadInputs"].split(","))}}
    rows = [{{"name": o.name, "dimensions": "x".join(map(str, v.shape)), "values": v.ravel().tolist()}} for o, v in zip(model.graph.output, ReferenceEvaluator(model).run(None, given))]
    pathlib.Path(words["exportOutput"]).write_text(json.dumps(rows))
print(pathlib.Path({text!r}).read_text())
"""


def text(name):
    return (HERE / "trtexec_output" / name).read_text()


class Output(unittest.TestCase):
    def test_version_10(self):
        report = trtexec.parse(text("v10.txt"))
        self.assertEqual(report["version"], "10.3.0")
        self.assertEqual((report["throughput_per_s"], report["runs"], report["load_s"], report["wall_s"]), (2047.91, 2050, 0.0413, 1.00102))
        self.assertEqual(report["latency"], {"min": 0.501465, "max": 0.7229, "mean": 0.51314, "median": 0.51123, "p90": 0.520752, "p95": 0.524902, "p99": 0.55603})
        self.assertEqual(report["gpu_compute_time"]["median"], 0.480225)
        self.assertEqual(report["d2h_latency"]["p99"], 0.0054)

    def test_version_11(self):
        report = trtexec.parse(text("v11.txt"))
        self.assertEqual((report["version"], report["build_s"], report["load_s"]), ("11.1.0", 7.25, 0.031))
        self.assertEqual(report["latency"], {"min": 1.9, "max": 2.6, "mean": 2.01, "median": 2, "p99": 2.4})
        self.assertNotIn("h2d_latency", report)

    def test_real_figures(self):
        """Lines that trtexec 10.10 (Windows, published December 2025) and 11.0 (github.com/dataplayer12/SAM3-TensorRT/issues/26) printed for their users (some of the lines; banners without their users' paths); its latency is the sum with both transfers."""
        report = trtexec.parse(text("v10_real.txt"))
        self.assertEqual((report["version"], report["throughput_per_s"], report["wall_s"]), ("10.10.0", 120.031, 3.00755))
        self.assertEqual((report["latency"]["median"], report["latency"]["p99"], report["gpu_compute_time"]["max"]), (8.22565, 9.1152, 7.72314))
        report = trtexec.parse(text("v11_real.txt"))
        self.assertEqual((report["version"], report["wall_s"]), ("11.0.0", 3.36576))
        self.assertEqual(report["latency"], {"min": 147.267, "max": 150.3, "mean": 148.179, "median": 148.031, "p90": 149.318, "p95": 149.428, "p99": 150.3})
        self.assertAlmostEqual(report["latency"]["mean"], sum(report[row]["mean"] for row in ("h2d_latency", "gpu_compute_time", "d2h_latency")), places=2)

    def test_lines_of_windows(self):
        self.assertEqual(trtexec.parse(text("v11.txt").replace("\n", "\r\n")), trtexec.parse(text("v11.txt")))

    def test_failures_carry_the_first_error(self):
        with self.assertRaisesRegex(Fault, "no importer for the node 'scan'"):
            trtexec.parse(text("v11_failed.txt"))
        with self.assertRaisesRegex(Fault, "Segmentation fault"):
            trtexec.parse("&&&& RUNNING TensorRT.trtexec [TensorRT v100300]\nSegmentation fault\n")
        with self.assertRaisesRegex(Fault, "another form"):
            trtexec.parse(text("v10.txt").replace("Latency: min = 0.5", "Latency: minimum 0.5"))

    def test_versions(self):
        for banner, wanted in (("v101000", "10.10.0"), ("v110201", "11.2.1"), ("v8401", "8.4.1"), ("v11.1.0.106", "11.1.0.106")):
            self.assertEqual(trtexec.version(f"&&&& RUNNING TensorRT.trtexec [TensorRT {banner}] # x"), wanted)
        self.assertIsNone(trtexec.version("trtexec"))


class Comparison(ToolTest):
    def compare(self, model, *words):
        os.makedirs(self.path("root/bin"), exist_ok=True)
        program = pathlib.Path(self.path("root/bin/trtexec"))
        program.write_text(STAND_IN.format(python=sys.executable, text=str(HERE / "trtexec_output" / "v11.txt")))
        program.chmod(0o755)
        done = subprocess.run([sys.executable, os.path.join(BIN, "mlc-compare"), model, "--against", "tensorrt", "--rounds", "2", "--seconds", "0.05", "--json", self.path("r.json"), *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=240, env={**os.environ, "PATH": "/usr/bin:/bin", "TENSORRT_ROOT": self.path("root")})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout, json.loads(pathlib.Path(self.path("r.json")).read_text())["engines"][1]

    def test_figures_and_accuracy(self):
        shown, found = self.compare(self.model("mlp"), "--dims", "batch=1:3:8")
        self.assertEqual((found["version"], found["p50_ms"], found["p90_ms"], found["load_ms"], found["build_ms"]), ("11.1.0", 2, 2.6, 31, 1500))
        self.assertEqual(found["artifact_bytes"], os.path.getsize(self.model("mlp")))
        self.assertLess(found["outputs"][0]["error_in_tolerances"], 1)
        self.assertIn("--optShapes=x:3x16", found["command"])
        self.assertRegex(shown, r"TensorRT +11\.1\.0 +2\.000 +2\.600")


if __name__ == "__main__":
    unittest.main()
