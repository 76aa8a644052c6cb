#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Products whose rows are no whole vectors beside even ones of nearly the same size, as the input's readers and behind a pointwise op: right, and at most --most times as long.

  odd_products.py --pack DIR     where MLC is: the plans, with mlc-run beside them
  odd_products.py --run DIR      where the GPU is: exit 1 when an answer is wrong or an odd product takes longer

A run is that of mlc-run with inputs and outputs on the device; the median of --rounds medians, taken in turn. Half precision; f32 with --arch host.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"even": (4096, 1008, 768), "odd": (4096, 1001, 767)}  # rows, columns, summands
PLACES = {"alone": [], "behind_relu": ["Relu"]}


def weights_of(size):
    """[K, N], in numbers that half precision holds."""
    _, n, k = SIZES[size]
    return (np.random.default_rng(n).standard_normal((k, n)) / 32).astype(np.float16).astype(np.float32)


def pack(args):
    import onnx
    from onnx import TensorProto, helper
    from pack import copy_tools
    os.makedirs(args.pack, exist_ok=True)
    copy_tools(args.pack, args)
    for size, (m, n, k) in SIZES.items():
        for place, ops in PLACES.items():
            names = ["x", *ops]
            nodes = [helper.make_node(op, [before], [op]) for before, op in zip(names, ops)] + [helper.make_node("MatMul", [names[-1], "w"], ["y"])]
            graph = helper.make_graph(nodes, size, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [m, k])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [m, n])],
                                      [onnx.numpy_helper.from_array(weights_of(size), "w")])
            plan = os.path.join(args.pack, f"{size}_{place}.product.plan")
            with tempfile.TemporaryDirectory() as folder:
                model = os.path.join(folder, "product.onnx")
                onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
                words = [os.path.join(args.bin, "mlc-compile"), model, "--arch", args.arch, "--quiet", "-o", plan]
                subprocess.run(words + (["--fp16", "--io", "fp16"] if args.arch != "host" else []), check=True)


def mlc_run(args, size, place, *words):
    plan = os.path.join(args.run, f"{size}_{place}.product.plan")
    environment = {**os.environ, "LD_LIBRARY_PATH": os.path.abspath(args.run) + ":" + os.environ.get("LD_LIBRARY_PATH", "")}
    done = subprocess.run([os.path.join(args.run, "mlc-run"), plan, "--device", args.device, "--json", "-", *words], capture_output=True, text=True, timeout=120, env=environment)
    if done.returncode:
        sys.exit(f"{plan}: mlc-run ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def error_of(args, size, place, folder):
    """The largest, over the standard deviation of the answer."""
    m, _, k = SIZES[size]
    x = np.random.default_rng(k).standard_normal((m, k)).astype(np.float16)
    inputs, made = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
    np.savez(inputs, x=x.astype(np.float32) if args.device == "host" else x)
    mlc_run(args, size, place, "--inputs", inputs, "--save-outputs", made, "--iterations", "2")
    read = np.maximum(x, 0) if PLACES[place] else x
    wanted = read.astype(np.float32) @ weights_of(size)
    with np.load(made) as outputs:
        y = outputs["y"].astype(np.float32)
    return float(np.abs(y - wanted).max() / wanted.std()) if y.shape == wanted.shape else float("inf")


def run(args):
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for place in PLACES:
            errors = [error_of(args, size, place, folder) for size in SIZES]
            times = {size: [] for size in SIZES}
            for _ in range(args.rounds):
                for size in SIZES:
                    times[size].append(1e3 * mlc_run(args, size, place, "--duration", str(args.seconds))["p50_ms"])
            even, odd = (statistics.median(times[size]) for size in ("even", "odd"))
            fine = max(errors) <= 5e-3 and odd <= args.most * even
            good &= fine
            print(f"{place:12s} odd {odd:.2f} us, even {even:.2f} us: {odd / even:.3f} times; errors {max(errors):.1e}  {'ok' if fine else 'MISSED'}", flush=True)
    return not good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pack", metavar="DIR")
    what.add_argument("--run", metavar="DIR")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--bin", default=os.environ.get("MLC_BIN", os.path.join(HERE, "..", "..", "build", "dev", "bin")), metavar="DIR")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--most", type=float, default=1.15)
    args = parser.parse_args()
    return pack(args) if args.pack else run(args)


if __name__ == "__main__":
    sys.exit(main())
