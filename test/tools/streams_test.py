# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --streams and mlc-inspect --check: what runs beside what in a plan, and that nothing of it races."""
import re

from cuda_code_test import run_where_cuda_compiles
from tooltest import ToolTest


class Streams(ToolTest):
    def check(self, *words, code=0):
        return self.tool("mlc-inspect", self.path("model.plan"), "--check", *words, code=code)

    def test_the_second_way_of_a_block(self):
        model = self.model("resnet")
        launches = {}
        for count in (1, 4):
            target = self.compile_json(model, "--arch", "sm_90", "--fp16", "--streams", count)["targets"][0]
            launches[count] = target["launches"]
            self.assertEqual([launch["nodes"] for launch in target["launches"] if "stream" in launch], [["block1skip/bn"]] if count > 1 else [])
            self.assertIn(f"--streams {count}", self.inspect_json()["flags"])
            text = self.check("--dims", "n=3").stdout
            launched, streams, edges = map(int, re.search(r"^sm_90a: arena \d+ bytes, no races: (\d+) launches and copies in (\d) streams, (\d+) edges$", text, re.M).groups())
            self.assertEqual((launched, streams, edges), (len(target["launches"]), 1 if count == 1 else 2, launched - 1 if count == 1 else launched))
            self.assertRegex(text, r"(?m)^compute_80: .* no races")
        self.assertEqual(len(launches[1]), len(launches[4]))
        listed = self.tool("mlc-inspect", self.path("model.plan"), "--schedule").stdout
        self.assertIn("1 launches run beside others, in streams of their own", listed)
        self.assertRegex(listed, r"_conv +\{stream 1\} .*block1skip/bn")

    def test_every_program_is_checked(self):
        self.compile(self.model("resnet"), "--arch", "sm_90,x86-64-v3", "--bucket", "n=1")
        arch = [line.split(": arena")[0] for line in self.check().stdout.splitlines()]
        self.assertEqual(sorted(arch), sorted(a + b for a in ("sm_90a", "x86-64-v3", "compute_80") for b in ("", ", bucket n=1")))

    def test_damage_is_found(self):
        self.compile(self.model("resnet"), "--arch", "x86-64-v3")
        plan = self.dir / "model.plan"
        data = bytearray(plan.read_bytes())
        data[-5000] ^= 1
        plan.write_bytes(data)
        self.check(code=1)


if __name__ == "__main__":
    run_where_cuda_compiles()
