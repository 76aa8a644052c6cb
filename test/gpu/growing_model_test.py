#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""usage: growing_model_test.py BIN RUNTIME SIM: a real model's plan with parallel branches at 256 growing lengths on the simulated driver, whose kernels do nothing: its arena is placed anew each time, which moves edges
between the branches, and yet a few graphs serve all lengths and nothing is allocated after the second."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "models"))
import corpus  # noqa: E402


def main():
    programs, runtime, sim = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        plan = os.path.join(scratch, "minilm.plan")
        subprocess.run([os.path.join(programs, "mlc-compile"), corpus.model_file("minilm_l6")[0], "--arch", "sm_90", "--quiet", "-o", plan], check=True)
        env = {**os.environ, "LD_LIBRARY_PATH": sim, "MLC_SIM_MEMORY_MB": "2048", "MLC_SIM_ANY_KERNEL": "1"}
        row = [sys.executable, os.path.join(HERE, "row_growing.py"), runtime, plan, "--grow", "sequence", "--dims", "batch=1", "--steps", "256", "--most-graphs", "6"]
        return subprocess.run(row, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
