# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Candidates whose machine code spills, overruns shared memory or is not what was written give way to others; a ptxas in front of the real one says so of chosen kernels."""
import json
import os
import re
import sys
import unittest

from cuda_code_test import program
from tooltest import ToolTest

# Says of every entry of `threads` threads what the test wants ptxas to say.
PTXAS = """#!{python}
import re, subprocess, sys
done = subprocess.run([{real!r}] + sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
log = done.stdout
for path in sys.argv[1:]:
    if path.endswith(".ptx"):
        for name in re.findall(r"\\.entry ([^(]+)\\([^)]*\\)\\s*\\.maxntid (?:{threads})\\b", open(path).read()):
            log += {line!r}.replace("NAME", name)
sys.stdout.write(log)
sys.exit(done.returncode)
"""
SPILL = "ptxas info    : Function properties for NAME\n    16 bytes stack frame, 20 bytes spill stores, 24 bytes spill loads\n"


class RefusedKernels(ToolTest):
    def compile_with(self, line, threads, code=0):
        """The report of compiling under a ptxas that adds `line` about kernels of so many threads ('128|256')."""
        folder = self.dir / f"toolkit{len(os.listdir(self.dir))}"
        (folder / "bin").mkdir(parents=True)
        ptxas = folder / "bin/ptxas"
        ptxas.write_text(PTXAS.format(python=sys.executable, real=program("ptxas"), threads=threads, line=line))
        ptxas.chmod(0o755)
        done = self.compile(self.model("mlp"), "--arch", "sm_80", "--fp16", "--no-cache", "--cuda-path", folder, "--json", self.path("report.json"), code=code)
        self.stderr = done.stderr
        return json.loads((self.dir / "report.json").read_text()) if code == 0 else None

    def gemm_threads(self, report):
        return {k["threads"] for k in report["targets"][0]["kernels"] if k["kind"] == "gemm"}

    def test_nothing_is_refused_as_it_is(self):
        report = self.compile_with("", 1)
        self.assertEqual((report["refused_kernels"], report["warnings"]), ([], []))
        self.assertTrue(self.gemm_threads(report))

    def test_another_candidate_takes_the_place(self):
        threads = max(self.gemm_threads(self.compile_with("", 1)))
        report = self.compile_with(SPILL, threads)
        self.assertNotIn(threads, self.gemm_threads(report))
        self.assertTrue(report["refused_kernels"])
        for why in report["refused_kernels"]:
            self.assertRegex(why, r"^sm_80 kernel k\d+_\w+ spills registers \(44 bytes stored and loaded\)$")
        report = self.compile_with("ptxas info    : (C7510) Potential Performance Loss: wgmma is serialized in the function 'NAME'\n", threads)
        self.assertNotIn(threads, self.gemm_threads(report))
        self.assertIn("is not compiled as written: ptxas info    : (C7510)", report["refused_kernels"][0])

    def test_the_first_stays_when_all_are_refused(self):
        plain = self.gemm_threads(self.compile_with("", 1))
        report = self.compile_with(SPILL, "64|128|256|512")
        self.assertEqual(self.gemm_threads(report), plain)
        self.assertTrue(any(re.search("gemm spills registers .* and has no other candidate", w) for w in report["warnings"]), report["warnings"])
        self.assertIn("mlc-compile: warning: sm_80 kernel", self.stderr)

    def test_a_fault_of_no_kernel_is_an_error(self):
        self.compile_with("ptxas info    : (C7508) Potential Performance Loss\n", "64|128|256|512", code=3)
        self.assertIn("ptxas did not compile what was written", self.stderr)


if __name__ == "__main__":
    if not program("ptxas"):
        print("skipped: there is no ptxas")
        sys.exit(77)
    unittest.main()
