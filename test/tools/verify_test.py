# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --verify: passes where kernels agree with the reference lowering, exit code 4 where they do not."""
import json
import os
import unittest

from tooltest import ToolTest


class Verify(ToolTest):
    def test_agrees(self):
        for name in ("mlp", "resnet"):
            done = self.compile(self.model(name), "--verify", "--json", self.path("r.json"))
            self.assertIn("agrees with -O0: max abs error", done.stderr)
            with open(self.path("r.json")) as f:
                report = json.load(f)
            self.assertTrue(report["verify"][0]["within"])
            self.assertLess(report["verify"][0]["max_abs_error"], 1e-3)

    def test_several_targets_and_levels(self):
        self.assertIn("verify x86-64-v", self.compile(self.model("mlp"), "--arch", "x86-64-v2,host" if self.has("avx2") else "x86-64-v2", "--verify").stderr)
        self.assertIn("max abs error 0", self.compile(self.model("mlp"), "-O", "0", "--verify").stderr)

    def test_a_difference_is_exit_code_4(self):
        if not self.has("fma"):
            self.skipTest("this CPU has no FMA, which the difference comes from")
        done = self.compile(self.model("cancelling"), "--arch", "x86-64-v3", "--verify", "--quiet", code=4)
        self.assertIn("output 'y' DIFFERS from -O0", done.stderr)
        self.assertTrue(os.path.exists(self.path("model.plan")), "the plan is written all the same")

    def test_stop_after_excludes_it(self):
        self.compile(self.model("mlp"), "--verify", "--stop-after", "plan", code=2)

    @staticmethod
    def has(feature):
        with open("/proc/cpuinfo") as f:
            return feature in f.read().split()


if __name__ == "__main__":
    unittest.main()
