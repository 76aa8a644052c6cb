#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Write the ONNX backend tests of the installed onnx package to OUT/<kind>/<case>/.

onnx >= 1.23 ships no node data: the cases are built in memory (onnx.backend.test.case.node).
`python -m onnx.backend.test.cmd_tools generate-data` only writes the 'simple' and 'real' ones,
so this feeds it the node cases, adds each case's tolerance (tolerance.json) and copies
the on-disk kinds, so that one tree holds everything.
"""
import argparse, json, os, shutil
import onnx.backend.test.cmd_tools as tools
from onnx.backend.test.loader import DATA_DIR, load_model_tests, load_node_model_tests

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument("out")
ap.add_argument("--kinds", nargs="*", default=["simple", "pytorch-operator", "pytorch-converted"])
args = ap.parse_args()

def write_tolerance(case, directory):
    with open(os.path.join(directory, "tolerance.json"), "w") as f:
        json.dump({"rtol": case.rtol, "atol": case.atol}, f)

cases, bad = [], []
for case in load_node_model_tests():   # one at a time: a case that cannot be written must not stop the rest
    tools.model_test.collect_testcases = lambda: [case]
    directory = os.path.join(args.out, case.kind, case.name)
    try:
        tools.generate_data(argparse.Namespace(output=args.out))
        write_tolerance(case, directory)
        cases.append(case.name)
    except Exception as e:
        bad.append((case.name, f"{type(e).__name__}: {e}"))
        shutil.rmtree(directory, ignore_errors=True)
print(f"node: {len(cases)} written, {len(bad)} not")
for name, why in bad:
    print("  not written:", name, why[:200])
for kind in args.kinds:
    loaded = load_model_tests(kind=kind)
    for case in loaded:
        directory = os.path.join(args.out, kind, case.name)
        shutil.copytree(os.path.join(DATA_DIR, kind, case.name), directory, dirs_exist_ok=True)
        write_tolerance(case, directory)
    print(f"{kind}: {len(loaded)} copied")
