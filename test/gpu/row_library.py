#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Products through cuBLASLt beside our kernels (pack_library.py): the same answers, and the time of each.

Needs libcublasLt.so.13 or .12: in LD_LIBRARY_PATH, or as MLC_CUBLASLT=FILE (the Python package nvidia-cublas has it, so has torch). Each answer is compared with numpy's in f32 of the narrowed operands, within
--rtol of its standard deviation; as graphs and on the stream, and in a second session, the library must give the same bits. Times are of runs (two products each) enqueued one behind the other, both plans in turn. Exit 1: an answer is wrong.
"""
import argparse
import json
import os
import sys
import time

import numpy as np

import mlc_api


def widened(array, kind):
    return (array.astype(np.uint32) << 16).view(np.float32) if kind == "bf16" else array.astype(np.float32)


def narrowed(array, kind):
    if kind == "bf16":
        return (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return array.astype(np.float16 if kind == "f16" else np.float32)


def wanted(row, operands):
    """Both products: that with the epilogue, and the plain one."""
    x, v, w = (widened(array, row["type"]) for array in operands)
    y, z = np.matmul(x, w), np.matmul(v, w)
    if row["bias"]:
        y = y + np.array([(i * 37 % 64 - 32) / 32 for i in range(row["n"])], np.float32)  # pack_library.bias_of
    if row["activation"] == "add":
        y = y + v
    if row["activation"] == "relu":
        y = np.maximum(y, 0)
    if row["activation"] == "gelu_tanh":
        y = 0.5 * y * (1 + np.tanh(0.7978845608028654 * (y + 0.044715 * y**3)))
    return np.stack([y, z])


def operands_of(row, random):
    lead = (row["batch"],) if row["batch"] > 1 else ()
    shapes = [lead + (row["m"], row["k"])] * 2 + [lead + (row["k"], row["n"])]
    return [narrowed(random.uniform(-1, 1, shape), row["type"]) for shape in shapes]


class Bound:
    """A session with its tensors on the device."""

    def __init__(self, library, device, path, row, operands, **options):
        name = {"f16": "float16", "bf16": "bfloat16", "f32": "float32"}[row["type"]]
        self.session = mlc_api.Session(mlc_api.Plan(library, path), device, **options)
        for i, array in enumerate(operands):
            tensor = mlc_api.Tensor.create(device, name, array.shape)
            tensor.copy_from(mlc_api.Tensor.wrap(library, array, name))
            self.session.set_input(i, tensor)
        lead = (row["batch"],) if row["batch"] > 1 else ()
        self.outputs = [mlc_api.Tensor.create(device, name, lead + (row["m"], row["n"])) for _ in range(2)]
        for i, output in enumerate(self.outputs):
            self.session.set_output(i, output)
        self.answer = np.empty((2, *self.outputs[0].shape()), np.uint16 if row["type"] == "bf16" else name)
        self.stream = mlc_api.Stream(device)

    def run(self, times=3):
        for _ in range(times):
            self.session.run()
        for part, output in zip(self.answer, self.outputs):
            mlc_api.Tensor.wrap(self.session.library, part, output.dtype()).copy_from(output)
        return self.answer.copy()

    def microseconds(self, runs):
        start = time.perf_counter()
        for _ in range(runs):
            self.session.enqueue(self.stream)
        self.session.wait()
        return (time.perf_counter() - start) * 1e6 / runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", help="where libmlc_runtime.so is")
    parser.add_argument("folder", help="of pack_library.py")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--rtol", type=float, default=2e-2, help="of f16 and bf16; f32 has 1e-4")
    parser.add_argument("--runs", type=int, default=50, help="of one measurement; 0: no times")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    library = mlc_api.library_beside(args.dir)
    device = mlc_api.Device(library, args.device)
    with open(os.path.join(args.folder, "products.json")) as file:
        rows = json.load(file)
    good, random = True, np.random.default_rng(5)
    for row in rows:
        operands = operands_of(row, random)
        reference = wanted(row, operands)
        tolerance = (1e-4 if row["type"] == "f32" else args.rtol) * max(float(reference.std()), 1e-6)
        path = os.path.join(args.folder, row["name"])
        ours = os.path.exists(path + ".plan")
        plans = {"cuBLASLt": Bound(library, device, path + ".cublaslt.plan", row, operands)}
        if ours:
            plans["ours"] = Bound(library, device, path + ".plan", row, operands)
        errors, answers = {}, {}
        for name, bound in plans.items():
            answers[name] = bound.run()
            errors[name] = float(np.abs(widened(answers[name], row["type"]) - reference).max())
        again = [Bound(library, device, path + ".cublaslt.plan", row, operands, cuda_graphs=graphs).run() for graphs in (0, 1)]
        same = all(a.tobytes() == answers["cuBLASLt"].tobytes() for a in again)
        fine = same and all(error <= tolerance for error in errors.values())
        good &= fine
        text = ", ".join(f"{name} off by {error:.3g}" for name, error in errors.items()) + f" of {tolerance:.3g}; bits {'the same' if same else 'DIFFER'}"
        if args.runs > 0:
            times = {name: [] for name in plans}
            for _ in range(args.rounds):
                for name, bound in plans.items():
                    times[name].append(bound.microseconds(args.runs))
            median = {name: float(np.median(t)) for name, t in times.items()}
            flops = 2 * 2 * row["batch"] * row["m"] * row["n"] * row["k"]
            text += "; " + ", ".join(f"{name} {us:.2f} us ({flops / us / 1e6:.1f} TFLOP/s)" for name, us in median.items())
            if ours:
                text += f", ratio {median['ours'] / median['cuBLASLt']:.2f}"
        size = f"{row['batch']}x{row['m']}x{row['n']}x{row['k']}"
        print(f"{row['name']:12s} {row['type']:4s} {size:20s} {text}  {'ok' if fine else 'WRONG'}", flush=True)
    return not good


if __name__ == "__main__":
    sys.exit(main())
