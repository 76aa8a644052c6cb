#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile models for a GPU and put plans, inputs, references and mlc-run into a folder that a machine with a GPU needs (run_packed.py runs it there).

With --half the answers are judged as those of half precision; with --flags fp16 models are compiled with --calibrate on other inputs than those that they are judged by.
What is over 50 MiB becomes several such folders, DIR-1, DIR-2 and so on. Skeletons' plans go without weights: that machine makes the weights from the seed (expand_models.py, needs the Python package onnx) and fills them with mlc-refit.
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
from tools import default_bin  # noqa: E402

LIMIT = 50 << 20
# Maps of classes have pixels on the edge everywhere; 1 in 1000 may lie on the other side (answers.py).
MAX_ERROR = {"deeplabv3_mobilenet_v3_large": ["--max-error", "0.004"]}


def pack(name, args):
    """The manifest rows of one model, a row per size."""
    path, made = corpus.model_file(name)
    stripped = name in corpus.SKELETONS
    plan = os.path.join(args.work, name + ".plan")
    flags = args.flags + (["--strip-weights"] if stripped else [])
    if "--fp16" in args.flags:
        samples = os.path.join(args.work, name + ".samples.npz")
        np.savez(samples, **corpus.samples(name))
        flags += ["--calibrate", samples, *MAX_ERROR.get(name, [])]
    report = json.loads(subprocess.run([os.path.join(args.bin, "mlc-compile"), path, "--arch", args.arch, "-o", plan, "--quiet", "--json", "-"] + flags, check=True, stdout=subprocess.PIPE, text=True).stdout)
    for a in report["accuracy"]:
        print(f"{name:32s} {a['arch']:10s} error on the samples {a['error']:.1e}, {a['error_narrow']:.1e} without f32; {a['kept_f32']} of {a['kernels']} kernels in f32", flush=True)
    rows = []
    for size in corpus.SIZES.get(name, [None]) if args.sizes else [None]:
        answer = corpus.reference(name, size)
        label = corpus.size_label(size) or "default"
        data = os.path.join(args.work, f"{name}.{label}")
        np.savez(data + ".in.npz", **answer.inputs)
        np.savez(data + ".ref.npz", spread=answer.spread, exact_error=answer.exact_error, **{"out:" + k: v for k, v in answer.outputs.items()},
                 **{"exact:" + k: v for k, v in (answer.exact or {}).items()})
        rows.append({"model": name, "size": label, "plan": os.path.basename(plan), "stripped": stripped, "data": os.path.basename(data), "half": args.half})
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


def copy_tools(folder, args):
    for tool in ("mlc-run", "mlc-refit"):
        shutil.copy(os.path.join(args.bin, tool), folder)
        subprocess.run(["strip", os.path.join(folder, tool)], check=True)
        copy_libraries(os.path.join(folder, tool), folder)
    copy_runtime(folder, args)


def copy_runtime(folder, args):
    """The library that mlc_api.py opens."""
    target = os.path.join(folder, "libmlc_runtime.so.0")
    shutil.copy(os.path.realpath(os.path.join(args.bin, "..", "lib", "libmlc_runtime.so")), target)
    subprocess.run(["strip", target], check=True)
    copy_libraries(target, folder)


def size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))


def files_of(rows):
    return {row["plan"] for row in rows} | {row["data"] + suffix for row in rows for suffix in (".in.npz", ".ref.npz")}


def write_folders(rows, args):
    """Moves all rows' files from the folder of work into as few folders as they fit in, the models in order of size."""
    tools = args.out + ".tools"
    os.makedirs(tools, exist_ok=True)
    copy_tools(tools, args)
    room = LIMIT - size_of(tools) - (64 << 10)  # for the manifest
    groups = {}
    for row in rows:
        groups.setdefault(row["plan"], []).append(row)
    sizes = {plan: sum(os.path.getsize(os.path.join(args.work, f)) for f in files_of(group)) for plan, group in groups.items()}
    bins = []
    for plan in sorted(groups, key=lambda p: -sizes[p]):
        if sizes[plan] > room:
            print(f"{plan} with its data has {sizes[plan] / 2**20:.0f} MiB: not packed")
            continue
        fitting = next((b for b in bins if sum(sizes[p] for p in b) + sizes[plan] <= room), None)
        if fitting is None:
            bins.append(fitting := [])
        fitting.append(plan)
    for number, plans in enumerate(bins, 1):
        folder = args.out if len(bins) == 1 else f"{args.out}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tools, folder)
        chosen = [row for plan in plans for row in groups[plan]]
        for file in files_of(chosen):
            shutil.move(os.path.join(args.work, file), folder)
        with open(os.path.join(folder, "manifest.json"), "w") as file:
            json.dump(chosen, file, indent=1)
        print(f"{len(chosen)} rows, {size_of(folder) / 2**20:.1f} MiB in {folder}")
    shutil.rmtree(tools)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="default: all")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "gpu"), metavar="DIR")
    parser.add_argument("--arch", default="sm_90", metavar="LIST")
    parser.add_argument("--sizes", action="store_true", help="the dynamic models at all their sizes")
    parser.add_argument("--bin", default=default_bin(), metavar="DIR")
    parser.add_argument("--flags", nargs="*", default=[], help="more flags of mlc-compile, without their dashes (fp16)")
    parser.add_argument("--half", action="store_true", help="for half precision (--flags fp16); default models: the trained ones for it too")
    parser.add_argument("--keep", action="store_true", help="keep expanded models")
    args = parser.parse_args()
    args.flags = ["--" + flag for flag in args.flags]
    args.work = args.out + ".part"
    os.makedirs(args.work, exist_ok=True)
    rows = []
    for name in args.models or corpus.ALL + (corpus.TRAINED if args.half else []):
        try:
            rows += pack(name, args)
        except subprocess.CalledProcessError as e:
            print(f"{name}: mlc-compile ended with {e.returncode}")
    write_folders(rows, args)
    shutil.rmtree(args.work)


if __name__ == "__main__":
    main()
