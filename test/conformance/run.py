#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Run MLC over ONNX's 2,024 backend cases (made once in build/conformance) and count passed, refused, mismatched and crashed ones.

Exit 0 when every case passes or is refused by name at compile time (the random ones aside). Results by case: build/conformance.csv.
"""
import argparse
import collections
import csv
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "models"))
from tools import ROOT, default_bin, keep_table  # noqa: E402

CASES = os.path.join(ROOT, "build", "conformance")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default=default_bin(), metavar="DIR", help="where mlc-compile and mlc-run are")
    ap.add_argument("-O", default="2", metavar="LEVEL")
    ap.add_argument("-j", "--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--filter", default="", help="regular expression on kind/case")
    ap.add_argument("--every", type=int, default=1, help="only every K-th case")
    ap.add_argument("--csv", default=CASES + ".csv")
    ap.add_argument("--record", action="store_true", help="keep the counts in docs/results.md")
    args = ap.parse_args()
    if not os.path.exists(os.path.join(CASES, "complete")):
        print("making the cases", flush=True)
        subprocess.run([sys.executable, os.path.join(HERE, "gen_node_tests.py"), CASES], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        open(os.path.join(CASES, "complete"), "w").close()
    one = f"bash {HERE}/run_one.sh {args.bin} {args.O} {{model}} {{dir}} {{out}}"
    status = subprocess.run([sys.executable, os.path.join(HERE, "run_node_tests.py"), CASES, "--command", one, "--refused", "77", "-j", str(args.jobs),
                             "--csv", args.csv, "--filter", args.filter, "--every", str(args.every)]).returncode
    with open(args.csv) as f:
        rows = list(csv.DictReader(f))
    count = collections.Counter(r["verdict"] for r in rows)
    line = f"{len(rows)} cases: " + ", ".join(f"{count[v]} {v}" for v in ("pass", "refused", "random", "mismatch", "crash", "error", "timeout", "harness"))
    for r in [r for r in rows if r["verdict"] not in ("pass", "refused", "random")][:40]:
        print(f"  {r['verdict']:9} {r['kind']}/{r['case']}: {r['detail']}")
    print(line)
    if args.record:
        refused = collections.Counter(r["ops"] for r in rows if r["verdict"] == "refused")
        named = ", ".join(f"{op} {n}" for op, n in sorted(refused.items(), key=lambda x: (-x[1], x[0])))
        keep_table("conformance", line + "\n\nRefused, by the operators of the case: " + (named or "none"))
    return status


if __name__ == "__main__":
    sys.exit(main())
