#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Products compiled with and without --library=cublaslt, for row_library.py: NAME.plan, NAME.cublaslt.plan and products.json, with the runtime beside them.

Operands but the bias are inputs, so the plans are small; each has a second, plain product of other rows by the same columns, so that it runs as a graph. The library is taken by a tuning database, whatever the cost model says of the product.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

# name, element type, batch, m, n, k, bias, activation ("add": v is added, as a residual)
PRODUCTS = [
    ("square", "f16", 1, 4096, 4096, 4096, False, ""),
    ("even", "f16", 1, 4096, 1008, 768, False, ""),
    ("odd", "f16", 1, 4096, 1001, 767, False, ""),
    ("bert_fc1", "f16", 1, 4096, 3072, 768, True, "gelu_tanh"),
    ("bert_fc2", "f16", 1, 4096, 768, 3072, True, ""),
    ("residual", "f16", 1, 4096, 768, 768, True, "add"),
    ("bert_b1", "f16", 1, 128, 768, 768, True, ""),
    ("relu", "bf16", 1, 2048, 2048, 2048, True, "relu"),
    ("heads", "f16", 96, 128, 128, 64, False, ""),
    ("half_odd", "f16", 1, 65, 41, 73, True, "gelu_tanh"),
    ("bf16_batch", "bf16", 3, 17, 24, 40, True, "relu"),
    ("add_small", "f16", 1, 33, 48, 48, True, "add"),
    ("float", "f32", 1, 1024, 1024, 1024, True, "relu"),
    ("float_odd", "f32", 1, 257, 129, 65, True, "gelu_tanh"),
    ("float_batch", "f32", 6, 33, 47, 130, False, ""),
    ("float_row", "f32", 1, 1, 64, 300, False, ""),
]


def bias_of(n):
    """Numbers that all types hold exactly."""
    return [(i * 37 % 64 - 32) / 32 for i in range(n)]


def module(batch, m, n, k, bias, activation):
    """The graph dialect's text of a product, in f32: the compiler narrows it."""
    lead = f"{batch}x" if batch > 1 else ""
    x, w, y = f"tensor<{lead}{m}x{k}xf32>", f"tensor<{lead}{k}x{n}xf32>", f"tensor<{lead}{m}x{n}xf32>"
    lines, at = [f"%p = graph.matmul %x, %w : ({x}, {w}) -> {y}"], "%p"
    if bias:
        lines.append(f"%c = graph.constant dense<{bias_of(n)}> : tensor<{n}xf32>")
        lines.append(f"%s = graph.add {at}, %c : ({y}, tensor<{n}xf32>) -> {y}")
        at = "%s"
    if activation == "add":
        lines.append(f"%a = graph.add {at}, %v : ({y}, {y}) -> {y}")
        at = "%a"
    elif activation:
        op = 'graph.gelu {0} {{approximate = "tanh"}}' if activation == "gelu_tanh" else "graph.relu {0}"
        lines.append(f"%a = {op.format(at)} : ({y}) -> {y}")
        at = "%a"
    lines.append(f"%z = graph.matmul %v, %w : ({x}, {w}) -> {y}")
    body = "\n  ".join(lines)
    arguments = ", ".join(f'%{name}: {kind} {{graph.name = "{name}"}}' for name, kind in (("x", x), ("v", x), ("w", w)))
    return f'func.func @main({arguments}) -> ({y} {{graph.name = "y"}}, {y} {{graph.name = "z"}}) {{\n  {body}\n  return {at}, %z : {y}, {y}\n}}\n'


def compile_plan(args, scratch, text, out, *words):
    source, report = os.path.join(scratch, "product.mlir"), os.path.join(scratch, "report.json")
    with open(source, "w") as file:
        file.write(text)
    subprocess.run([os.path.join(args.bin, "mlc-compile"), source, "--arch", args.arch, "--no-forward", "--quiet", "-o", out, "--json", report, *words], check=True)
    with open(report) as file:
        return json.load(file)["targets"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--bin", required=True, help="where mlc-compile is, and ../lib/libmlc_runtime.so")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="of " + ", ".join(p[0] for p in PRODUCTS))
    parser.add_argument("--no-plain", action="store_true", help="no plans without the library")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    rows = []
    for name, *product in PRODUCTS:
        if args.only and name not in args.only:
            continue
        text = module(*product[1:])
        types = {"f16": ("--fp16", "--io=fp16"), "bf16": ("--bf16", "--io=bf16"), "f32": ()}[product[0]]
        with tempfile.TemporaryDirectory() as scratch:
            plan = os.path.join(args.out, name + ".plan")
            target = compile_plan(args, scratch, text, plan, *types)
            if args.no_plain:
                os.remove(plan)
            database = os.path.join(scratch, "library.tsv")
            with open(database, "w") as file:
                for choice in target["choices"]:
                    file.write(f"{target['arch']}\t{choice['problem']}\tcublaslt\t1\n")
            with_library = compile_plan(args, scratch, text, os.path.join(args.out, name + ".cublaslt.plan"), *types, "--library=cublaslt", "--tuning", database)
        if {choice["config"] for choice in with_library["choices"]} != {"cublaslt"}:
            sys.exit(f"{name}: the product did not become the library's: {with_library['choices']}")
        rows.append(dict(zip(("name", "type", "batch", "m", "n", "k", "bias", "activation"), (name, *product))))
        print(f"{name}: packed", flush=True)
    with open(os.path.join(args.out, "products.json"), "w") as file:
        json.dump(rows, file, indent=1)
    library = os.path.join(args.bin, "..", "lib", "libmlc_runtime.so")
    if os.path.exists(library):
        shutil.copy(os.path.realpath(library), os.path.join(args.out, "libmlc_runtime.so"))


if __name__ == "__main__":
    main()
