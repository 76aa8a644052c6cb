#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""usage: conformance_runner_test.py BIN: run_conformance.py on the host tells right from wrong answers and survives cases that crash or hang."""
import csv
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run_conformance as runner  # noqa: E402

# A worker that dies in one case and hangs in another.
BROKEN_WORKER = """
import os, sys, time
sys.path.insert(0, {here!r})
import run_conformance as runner
run_case = runner.run_case
def broken(library, device, folder, case):
    if case["case"] == "test_acos":
        os.abort()
    if case["case"] == "test_tanh":
        time.sleep(600)
    return run_case(library, device, folder, case)
runner.run_case = broken
sys.exit(runner.main())
"""


def spoil(folder, change):
    """Rewrites the pack's files: change(name, bytes) -> bytes."""
    path = os.path.join(folder, "cases.tar.xz")
    with lzma.open(path) as file, tarfile.open(fileobj=file) as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive}
    with lzma.open(path, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in files.items():
            data = change(name, data, json.loads(files["manifest.json"])["cases"])
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def break_two(name, data, cases):
    number, _, suffix = name.partition(".")
    case = cases[int(number)]["case"] if number.isdigit() else ""
    if case == "test_relu" and suffix == "plan":
        return data[:-100]
    if case == "test_abs" and suffix == "npz":
        with np.load(io.BytesIO(data)) as arrays:
            wrong = {k: v + 1 if ".output." in k else v for k, v in arrays.items()}
        file = io.BytesIO()
        np.savez(file, **wrong)
        return file.getvalue()
    return data


def main():
    with tempfile.TemporaryDirectory() as scratch:
        pack, results, worker = (os.path.join(scratch, n) for n in ("pack", "results.csv", "worker.py"))
        listed = os.path.join(scratch, "host.csv")
        with open(listed, "w") as file:
            file.write("kind,case,verdict\n" + "".join(f"node,test_{c},pass\n" for c in ("abs", "acos", "add", "relu", "tanh")))
        subprocess.run([sys.executable, os.path.join(HERE, "pack_conformance.py"), "--bin", sys.argv[1], "--arch", "host", "--csv", listed, "--out", pack], check=True)
        assert runner.main([pack, "--device", "host", "-j", "1"]) == 0
        assert runner.main([pack, "--device", "toaster", "-j", "1"]) == 1  # no worker starts
        spoil(pack, break_two)
        with open(worker, "w") as file:
            file.write(BROKEN_WORKER.format(here=HERE))
        runner.WORKER = worker
        assert runner.main([pack, "--device", "host", "-j", "1", "--timeout", "3", "--csv", results]) == 1
        with open(results) as file:
            verdicts = {row["case"]: row["verdict"] for row in csv.DictReader(file)}
        wanted = {"test_abs": "mismatch", "test_acos": "crash", "test_add": "pass", "test_relu": "error", "test_tanh": "timeout"}
        assert verdicts == wanted, verdicts
    print("conformance_runner_test: ok")


if __name__ == "__main__":
    main()
