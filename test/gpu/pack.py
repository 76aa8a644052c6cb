#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile models for a GPU and put plans, inputs, references and mlc-run into a folder that a machine with a GPU needs (run_packed.py runs it there).

Skeletons' plans go without weights: that machine makes the weights from the seed (expand_models.py, needs the Python package onnx) and fills them with mlc-refit.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test", "models"))
import corpus  # noqa: E402


def pack(name, args):
    """The manifest rows of one model, a row per size."""
    path, made = corpus.model_file(name)
    stripped = name in corpus.SKELETONS
    plan = os.path.join(args.out, name + ".plan")
    subprocess.run([os.path.join(args.bin, "mlc-compile"), path, "--arch", args.arch, "-o", plan, "--quiet"] + args.flags + (["--strip-weights"] if stripped else []), check=True)
    rows = []
    for size in corpus.SIZES.get(name, [None]) if args.sizes else [None]:
        answer = corpus.reference(name, size)
        label = corpus.size_label(size) or "default"
        data = os.path.join(args.out, f"{name}.{label}")
        np.savez(data + ".in.npz", **answer.inputs)
        np.savez(data + ".ref.npz", spread=answer.spread, exact_error=answer.exact_error, **{"out:" + k: v for k, v in answer.outputs.items()},
                 **{"exact:" + k: v for k, v in (answer.exact or {}).items()})
        rows.append({"model": name, "size": label, "plan": os.path.basename(plan), "stripped": stripped, "data": os.path.basename(data)})
    if made and stripped and not args.keep:
        os.remove(path)
    return rows


def copy_libraries(program, folder):
    """What a program needs beside the C library."""
    for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, path = line.strip().partition(" => ")
        path = path.split(" ")[0]
        if path and not name.startswith(("libc.", "libm.", "libdl.", "libpthread.", "librt.")):
            shutil.copy(path, os.path.join(folder, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="default: all")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "gpu"), metavar="DIR")
    parser.add_argument("--arch", default="sm_90", metavar="LIST")
    parser.add_argument("--sizes", action="store_true", help="the dynamic models at all their sizes")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "dev", "bin"), metavar="DIR")
    parser.add_argument("--flags", nargs="*", default=[], help="more flags of mlc-compile, without their dashes (fp16)")
    parser.add_argument("--keep", action="store_true", help="keep expanded models")
    args = parser.parse_args()
    args.flags = ["--" + flag for flag in args.flags]
    os.makedirs(args.out, exist_ok=True)
    for tool in ("mlc-run", "mlc-refit"):
        shutil.copy(os.path.join(args.bin, tool), args.out)
        subprocess.run(["strip", os.path.join(args.out, tool)], check=True)
        copy_libraries(os.path.join(args.out, tool), args.out)
    rows = []
    for name in args.models or corpus.ALL:
        rows += pack(name, args)
    with open(os.path.join(args.out, "manifest.json"), "w") as file:
        json.dump(rows, file, indent=1)
    total = sum(os.path.getsize(os.path.join(args.out, f)) for f in os.listdir(args.out))
    print(f"{len(rows)} rows, {total / 2**20:.1f} MiB in {args.out}")


if __name__ == "__main__":
    main()
