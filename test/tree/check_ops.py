# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Every record of the graph dialect has a round-trip case that shows each of its attributes, and every labelled constraint a negative case.

usage: check_ops.py LLVM_TBLGEN MLIR_INCLUDE_DIR"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Attributes that print as part of the op's own syntax, without their name.
UNNAMED = {("constant", "value"), ("region", "kind")}
LABEL = re.compile(r"\[(\w+_c\d+)\]")


def read(pattern):
    return {path: open(path).read() for path in glob.glob(os.path.join(ROOT, pattern), recursive=True)}


def records(tblgen, include):
    """(mnemonic, attribute names) of each op."""
    out = subprocess.run([tblgen, "--dump-json", "-I", include, "-I", ROOT, os.path.join(ROOT, "dialects/Graph/Graph.td")], check=True, stdout=subprocess.PIPE).stdout
    defs = json.loads(out)
    for name in defs["!instanceof"]["Graph_Op"]:
        arguments = [(kind["def"], argument) for kind, argument in defs[name]["arguments"]["args"]]
        yield defs[name]["opName"], [a for kind, a in arguments if "AttrConstraint" in defs[kind]["!superclasses"]]


def missing(tblgen, include):
    round_trips = [text for text in read("test/dialects/Graph/*.mlir").values() if "RUN: mlc-opt %s | mlc-opt | FileCheck %s" in text]
    checks = [line for text in round_trips for line in text.splitlines() if "// CHECK" in line]
    for op, attributes in records(tblgen, include):
        lines = [line for line in checks if re.search(rf"graph\.{op}\b", line)]
        if not lines:
            yield f"graph.{op} has no round-trip case in test/dialects/Graph"
        for a in attributes:
            if lines and (op, a) not in UNNAMED and not any(re.search(rf"\b{a} = ", line) for line in lines):
                yield f"graph.{op}: no round-trip case shows its attribute '{a}'"
    printed = {label for text in read("dialects/**/*.cpp").values() for label in LABEL.findall(text)}
    declared = {label for text in read("dialects/**/*.td").values() for label in re.findall(r"\b\w+_c\d+\b", text)}
    tested = {label for text in read("test/**/*.mlir").values() for line in text.splitlines() if "expected-error" in line for label in LABEL.findall(line)}
    for label in sorted(printed - tested):
        yield f"the constraint [{label}] has no negative case"
    for label in sorted(declared - printed):
        yield f"the constraint {label} is declared, but no verifier prints it"


def main():
    found = list(missing(*sys.argv[1:]))
    print("\n".join(found + [f"{len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
