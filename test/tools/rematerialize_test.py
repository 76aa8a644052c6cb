# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --rematerialize: less memory for the same answers, and what the report says of it."""
import unittest

from tooltest import ToolTest


class Rematerialize(ToolTest):
    def test_a_late_reader(self):
        model = self.model("late_reader")
        before = self.compile_json(model)["targets"][0]
        self.assertNotIn("rematerialized", before)
        for words in (["--rematerialize"], ["-O", 3]):
            after = self.compile_json(model, *words, "--verify")["targets"][0]
            again = after["rematerialized"]
            self.assertEqual(again["regions"], 1)
            self.assertEqual((again["peak_before_bytes"], again["peak_after_bytes"]), (before["planned_peak_bytes"], after["planned_peak_bytes"]))
            self.assertLess(after["planned_peak_bytes"], before["planned_peak_bytes"])
            self.assertEqual(len(after["launches"]), len(before["launches"]) + 1)
            self.assertEqual(len(after["kernels"]), len(before["kernels"]))
        done = self.compile(model, "--rematerialize")
        self.assertIn("1 kernels run a second time: live at once", done.stderr)
        self.assertIn("--rematerialize", self.inspect_json()["flags"])

    def test_nothing_to_gain(self):
        self.assertNotIn("rematerialized", self.compile_json(self.model("encoder"), "--rematerialize", "--verify")["targets"][0])


if __name__ == "__main__":
    unittest.main()
