#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile ONNX's backend cases for a GPU and put plans, inputs, expected outputs and the runtime into a folder for run_conformance.py.

Cases are those that test/conformance/run.py last saw pass on the host (build/conformance.csv). What does not compile is listed with its reason, the operators first;
exit 1 then. All cases together take 12 MiB.
"""
import argparse
import collections
import csv
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("conformance", "models"):
    sys.path.insert(0, os.path.join(ROOT, "test", folder))
from tools import default_bin  # noqa: E402
from run_node_tests import BITS, Case  # noqa: E402
from rules import is_plain  # noqa: E402
from pack import LIMIT, copy_runtime, size_of  # noqa: E402

CASES = os.path.join(ROOT, "build", "conformance")


def storable(value):
    """(array that .npz can hold, the name of its type) of a tensor; bfloat16 by its bits."""
    array = np.asarray(value)
    if is_plain(array.dtype):
        return array, array.dtype.name
    return array.view(BITS[array.dtype.name]), array.dtype.name


def pack_data(case):
    """(rows of the case's data sets, bytes of one .npz with all of them)"""
    rows, arrays = [], {}
    for number, data_set in enumerate(case.sets):
        row = {}
        for role, values in (("input", case.given(data_set)), ("output", case.expected(data_set))):
            row[role] = []
            for i, value in enumerate(values):
                if isinstance(value, (list, tuple)) or value is None or np.asarray(value).dtype.kind in "OUS":
                    raise ValueError(f"{role} {i} is no tensor of numbers")
                arrays[f"{number}.{role}.{i}"], dtype = storable(value)
                row[role].append(dtype)
        rows.append(row)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return rows, file.getvalue()


def pack_case(directory, args):
    """The manifest row of a case with its files' bytes, or with `why` there are none."""
    case = Case(directory)
    row = {"kind": case.kind, "case": case.name, "ops": case.ops, "rtol": case.rtol, "atol": case.atol}
    plan = os.path.join(args.work, f"{case.kind}.{case.name}.plan")
    words = [os.path.join(args.bin, "mlc-compile"), str(case.path), "--arch", args.arch, "-o", plan, "--quiet", f"-O{args.O}"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        line = next((x for x in done.stderr.splitlines() if "error" in x), done.stderr.strip()[-300:])
        return {**row, "why": ("crashed: " if done.returncode not in (1, 2, 3) else "") + line}
    try:
        row["sets"], data = pack_data(case)
    except (ValueError, KeyError) as e:
        return {**row, "why": f"not packed: {e}"}
    with open(plan, "rb") as file:
        row["files"] = {"plan": file.read(), "npz": data}
    os.remove(plan)
    return row


def write_folder(folder, rows, args):
    os.makedirs(folder, exist_ok=True)
    copy_runtime(folder, args)
    with lzma.open(os.path.join(folder, "cases.tar.xz"), "wb", preset=6) as compressed, tarfile.open(fileobj=compressed, mode="w") as archive:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        manifest = [{k: v for k, v in row.items() if k != "files"} for row in rows]
        add("manifest.json", json.dumps({"arch": args.arch, "cases": manifest}).encode())
        for suffix in ("plan", "npz"):  # like beside like: half the size
            for i, row in enumerate(rows):
                add(f"{i}.{suffix}", row["files"][suffix])
    print(f"{len(rows)} cases, {size_of(folder) / 2**20:.1f} MiB in {folder}")
    if size_of(folder) > LIMIT:
        sys.exit(f"{folder} is over {LIMIT >> 20} MiB, more than a pack may have")


def wanted_cases(args):
    with open(args.csv) as file:
        passed = [r for r in csv.DictReader(file) if r["verdict"] == "pass"]
    found = [os.path.join(CASES, r["kind"], r["case"]) for r in passed if re.search(args.filter, r["kind"] + "/" + r["case"])]
    return sorted(found)[::args.every]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default=os.path.join(ROOT, "build", "gpu-conformance"), metavar="DIR")
    ap.add_argument("--arch", default="sm_90", metavar="LIST")
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    ap.add_argument("-O", default="2", metavar="LEVEL")
    ap.add_argument("-j", "--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--filter", default="", help="regular expression on kind/case")
    ap.add_argument("--every", type=int, default=1, help="only every K-th case")
    ap.add_argument("--csv", default=CASES + ".csv", help="what test/conformance/run.py wrote")
    args = ap.parse_args()
    if not os.path.exists(args.csv):
        ap.error(f"{args.csv} is missing: run test/conformance/run.py first")
    args.work = args.out + ".part"
    os.makedirs(args.work, exist_ok=True)
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda d: pack_case(d, args), wanted_cases(args)))
    shutil.rmtree(args.work)
    packed = [r for r in rows if "files" in r]
    write_folder(args.out, packed, args)
    refused = [r for r in rows if "why" in r]
    by_op = collections.Counter(op for r in refused for op in r["ops"])
    if refused:
        print(f"{len(refused)} of {len(rows)} cases are not packed; by operator: " + ", ".join(f"{op} {n}" for op, n in by_op.most_common()))
    for row in refused:
        print(f"  {row['kind']}/{row['case']}: {row['why'][:300]}")
    return bool(refused)


if __name__ == "__main__":
    sys.exit(main())
