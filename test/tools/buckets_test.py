# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --dims and --bucket: programs of their own for parts of the shapes, one copy of the weights, right results in the whole range."""
import hashlib
import json
import unittest

import numpy as np

from tooltest import ToolTest

RANGES = ["--dims", "batch=1:4:8,sequence=1:32:128"]
BUCKETS = ["--bucket", "opt", "--bucket", "batch=1", "--bucket", "batch=2,sequence=32", "--bucket", "sequence=64:96:128,batch=2:2:4"]


class Buckets(ToolTest):
    def run_at(self, batch, sequence, code=0):
        """(what ended, its JSON or None, inputs) of a run at random ids, the last of each line masked."""
        rng = np.random.default_rng(batch * 1000 + sequence)
        feeds = {"ids": rng.integers(0, 50, (batch, sequence)), "mask": np.ones((batch, sequence), np.int64)}
        feeds["mask"][:, 1 + sequence // 2:] = rng.integers(0, 2)
        np.savez(self.path("in.npz"), **feeds)
        done = self.tool("mlc-run", self.path("model.plan"), "--device", "host", "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), "--iterations", 1, "--warmup", 0,
                         "--json", "-", code=code)
        return done, json.loads(done.stdout) if code == 0 else None, feeds

    def test_right_at_20_random_shapes_and_at_each_bucket(self):
        import onnxruntime as ort
        model = self.model("encoder")
        self.compile(model, *RANGES, *BUCKETS)
        oracle = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        rng = np.random.default_rng(0)
        shapes = [(int(rng.integers(1, 9)), int(rng.integers(1, 129))) for _ in range(20)]
        seen = set()
        for batch, sequence in shapes + [(4, 32), (2, 32), (1, 1), (1, 32), (8, 128), (3, 128), (2, 64)]:
            _, report, feeds = self.run_at(batch, sequence)
            with np.load(self.path("out.npz")) as out:
                np.testing.assert_allclose(out["y"], oracle.run(None, feeds)[0], rtol=1e-3, atol=1e-4, err_msg=f"{batch} x {sequence}")
            narrowest = ("batch=4, sequence=32" if (batch, sequence) == (4, 32) else "batch=2, sequence=32" if (batch, sequence) == (2, 32) else "batch=1" if batch == 1
                         else "batch=2..4, sequence=64..128" if 2 <= batch <= 4 and sequence >= 64 else "")
            self.assertEqual(report["bucket"], narrowest)
            seen.add(narrowest)
        self.assertEqual(len(seen), 5, "each program ran")

    def test_outside_of_the_range(self):
        self.compile(self.model("encoder"), *RANGES, *BUCKETS)
        for batch, sequence, name, value, most in ((9, 32, "batch", 9, 8), (1, 129, "sequence", 129, 128)):
            done, _, _ = self.run_at(batch, sequence, code=2)
            self.assertIn(f"'{name}' is {value}", done.stderr)
            self.assertIn(f"compiled for 1 to {most}", done.stderr)
            self.assertIn("--dims", done.stderr)

    def test_weights_are_shared(self):
        model = self.model("mlp_wide")
        generic = self.compile_json(model, "--dims", "batch=1:8:32")["targets"][0]
        report = self.compile_json(model, "--dims", "batch=1:8:32", "--bucket", "opt", "--bucket", "batch=1")
        target = report["targets"][0]
        self.assertEqual([b["bucket"] for b in target["buckets"]], ["batch=8", "batch=1"])
        for bucket in target["buckets"]:
            self.assertEqual(bucket["own_weights_bytes"], 0)
            self.assertEqual(bucket["weights_bytes"], generic["weights_bytes"])
            self.assertGreater(bucket["own_code_bytes"], 0)
        self.assertEqual(target["launches"], generic["launches"])
        self.assertEqual(self.inspect_json()["targets"][0]["buckets"], target["buckets"])

    def test_what_buckets_fold_alike_is_shared(self):
        """The positions cut to 32 are new beside the generic program's, but the same for all buckets of that length."""
        weights = []
        for most in (1, 4):
            self.compile(self.model("encoder"), *RANGES, *[w for b in range(1, most + 1) for w in ("--bucket", f"batch={b},sequence=32")])
            inspected = self.inspect_json()
            weights.append(inspected["weights_bytes"])
            self.assertEqual({b["own_weights_bytes"] for b in inspected["targets"][0]["buckets"]}, {32 * 32 * 4})
        self.assertEqual(*weights)

    def test_a_program_is_what_its_shape_alone_compiles_to(self):
        model = self.model("encoder")
        bucket = self.compile_json(model, *RANGES, "--bucket", "opt")["targets"][0]["buckets"][0]
        exact = self.compile_json(model, "--dims", "batch=4,sequence=32")["targets"][0]
        for key in ("nodes", "kind", "flops", "bytes"):
            self.assertEqual([launch[key] for launch in bucket["launches"]], [launch[key] for launch in exact["launches"]])
        self.assertEqual(bucket["planned_peak_bytes"], exact["planned_peak_bytes"])
        self.assertEqual(bucket["code_bytes"], sum(k["code_bytes"] for k in exact["kernels"]))

    def test_same_bytes(self):
        digests = set()
        for words in (["--threads", 1, "--no-cache"], ["--threads", 4], []):
            self.compile(self.model("encoder"), "--arch", "x86-64-v2,x86-64-v3", *RANGES, *BUCKETS, *words)
            digests.add(hashlib.sha256((self.dir / "model.plan").read_bytes()).hexdigest())
        self.assertEqual(len(digests), 1)

    def test_verify_runs_each_program(self):
        done = self.compile(self.model("encoder"), *RANGES, *BUCKETS, "--verify", "--json", self.path("r.json"))
        rows = json.loads((self.dir / "r.json").read_text())["verify"]
        self.assertEqual([r["bucket"] for r in rows], ["", "batch=4, sequence=32", "batch=2, sequence=32", "batch=1", "batch=2..4, sequence=64..128"])
        self.assertTrue(all(r["within"] for r in rows), done.stderr)

    def test_refit_and_page(self):
        self.compile(self.model("encoder"), *RANGES, *BUCKETS)
        self.compile(self.model("encoder"), *RANGES, *BUCKETS, "--strip-weights", plan="stripped.plan")
        self.tool("mlc-refit", self.path("stripped.plan"), "--weights", self.path("encoder.onnx"), "-o", self.path("full.plan"))
        self.assertEqual((self.dir / "full.plan").read_bytes(), (self.dir / "model.plan").read_bytes())
        self.tool("mlc-run", self.path("model.plan"), "--dims", "batch=2,sequence=32", "--profile", "--json", self.path("p.json"))
        self.tool("mlc-inspect", self.path("model.plan"), "--html", self.path("page.html"), "--profile", self.path("p.json"))
        self.assertIn('"bucket":"batch=2, sequence=32"', (self.dir / "page.html").read_text())
        self.assertIn("bucket batch=2, sequence=32 of", self.tool("mlc-inspect", self.path("model.plan")).stdout)

    def test_options_that_do_not_fit(self):
        model = self.model("encoder")

        def refused(message, *words):
            self.assertIn(message, self.compile(model, *words, code=2).stderr)

        refused("--dims gives 'batch' twice", "--dims", "batch=1:2:3,batch=1:2:4")
        refused("--dims gives 'batch' twice", "--dims", "batch=1:2:3", "--dims", "batch=4")
        refused("--dims takes NAME=MIN:OPT:MAX", "--dims", "batch=1:2:3,sequence")
        refused("--dims names 'bach', which is no symbolic dim", "--dims", "bach=1:2:3")
        refused("--bucket takes NAME=MIN:OPT:MAX", "--bucket", "batch")
        refused("--bucket gives 'batch' twice", "--bucket", "batch=1,batch=2")
        refused("--bucket length=8: the model has no symbolic dim 'length'; it has: batch, sequence", "--bucket", "length=8")
        refused("--bucket batch=9: 'batch' ranges from 1 to 8; widen it with --dims", *RANGES, "--bucket", "batch=9")
        refused("--bucket batch=1:4:8: it holds every shape", *RANGES, "--bucket", "batch=1:4:8")
        refused("--bucket batch=1 is given twice", "--bucket", "batch=1", "--bucket", "batch=1")
        refused("--bucket opt: no dim has an opt point", "--bucket", "opt")


if __name__ == "__main__":
    unittest.main()
