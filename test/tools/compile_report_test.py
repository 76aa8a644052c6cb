# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile's summary and --json: the same targets as mlc-inspect gives, sizes at the stated dims."""
import os
import unittest

from tooltest import ToolTest


class CompileReport(ToolTest):
    def test_json_has_what_inspect_says(self):
        model = self.model("mlp")
        report = self.compile_json(model, "--arch", "x86-64-v2,x86-64-v3", "--dims", "batch=1:6:8")
        self.assertEqual(report["plan_bytes"], os.path.getsize(self.path("model.plan")))
        self.assertGreater(report["compile_ms"], 0)
        self.assertGreater(report["peak_rss_bytes"], 10 << 20)
        self.assertEqual(report["dims"], {"batch": 6})
        self.assertEqual(report["graph_ops"], 4)
        inspected = self.inspect_json()
        self.assertEqual(len(report["targets"]), 2)
        for ours, theirs in zip(report["targets"], inspected["targets"]):
            self.assertEqual({key: ours[key] for key in theirs}, theirs)
            self.assertEqual(sum(launch["flops"] for launch in ours["launches"]), 2 * 6 * (16 * 32 + 32 * 8) + 2 * 6 * 32)
            self.assertEqual(ours["weights_bytes"], sum(4 * n for n in (16 * 32, 32, 32 * 16)), "c is padded to a panel of 16 columns")
            self.assertGreaterEqual(ours["planned_peak_bytes"], ours["lower_bound_bytes"])
            self.assertIn("batch", ours["flops"])

    def test_summary_names_the_dims_of_its_numbers(self):
        summary = self.compile(self.model("mlp"), "--arch", "x86-64-v3").stderr
        self.assertIn("4 graph ops -> 2 launches of 2 kernels", summary)
        self.assertIn("at batch=1\n", summary)
        self.assertIn("FLOP/B", summary)
        self.assertLessEqual(len(summary.splitlines()), 3)
        static = self.compile(self.model("mlp"), "--dims", "batch=3").stderr
        self.assertNotIn(" at ", static)

    def test_explains_what_is_not_fused(self):
        done = self.compile(self.model("mlp"), "--arch", "x86-64-v3", "--explain-fusion", "--quiet")
        self.assertRegex(done.stderr, r"gemm 'relu' -> single 'second', \[batch, 32\] 0.1 kB: a product reads whole rows")
        self.assertIn("explain-fusion: 1 values go through memory between 2 kernels", done.stderr)

    def test_dumps_after_a_pass_that_ran(self):
        self.assertIn("graph.peaks", self.compile(self.model("mlp"), "--dump-after", "order-for-memory").stderr)
        wrong = self.compile(self.model("mlp"), "--dump-after", "no-such-pass", code=2)
        self.assertIn("these did: canonicalize, channels-last", wrong.stderr)

    def test_times_of_passes_and_stages(self):
        report = self.compile_json(self.model("mlp"))
        names = [time["name"] for time in report["times"]]
        self.assertEqual(names[0], "import")
        self.assertEqual(names[-1], "write-plan")
        self.assertLess(names.index("fold-shapes"), names.index("emit-kernels"))
        self.assertLessEqual(sum(time["ms"] for time in report["times"]), report["compile_ms"])
        text = self.compile(self.model("mlp"), "--time-passes").stderr
        for name in {*names, "everything else", "total"}:
            self.assertRegex(text, rf"\d  {name}\n")

    def test_quiet_and_stdout(self):
        done = self.compile(self.model("mlp"), "--quiet", "--json", "-")
        self.assertEqual(done.stderr, "")
        self.assertTrue(done.stdout.startswith("{"))


if __name__ == "__main__":
    unittest.main()
