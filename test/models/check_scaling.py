#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile generated graphs of 2,500 and 10,000 nodes: every pass and stage grows at most linearly, none before the backend takes over 10 %, and the answers are ONNX Runtime's.
Nor does one take over 10 % of two real models, compiled cold, whose constants take the most folding.

Times are CPU times; where one seems too long the least of several attempts counts, so that a busy machine does not matter. Linear is LARGE / SMALL times as long, with
SLACK for caches that no longer hold the graph and GRACE_MS for what is too short to measure."""
import argparse
import collections
import json
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import corpus
from tools import Finished, default_bin

SMALL, LARGE, SLACK, GRACE_MS = 2500, 10000, 1.6, 60
BACKEND = {"host-pack-operands", "emit-kernels", "generate-code"}
RUNTIME = {"load_ms", "first_run_ms"}
REAL = ["densenet121", "swin_tiny"]


class Graph:
    """Nodes of one output each; constants by name."""

    def __init__(self, nodes):
        self.wanted, self.nodes, self.constants, self.rng = nodes, [], {}, np.random.default_rng(0)

    def full(self, share=1.0):
        return len(self.nodes) >= share * self.wanted

    def op(self, kind, *operands, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, operands, [name], name=f"/{kind}_{len(self.nodes)}", **attributes))
        return name

    def const(self, array):
        return self.constants.setdefault((array.dtype.str, array.shape, array.tobytes()), numpy_helper.from_array(array, f"c{len(self.constants)}")).name

    def random(self, *dims):
        return self.const((self.rng.standard_normal(dims) / 4).astype(np.float32))

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def model(self, dims, result):
        self.nodes[-1].output[0] = "y"
        graph = helper.make_graph(self.nodes, "generated", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", *dims])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", *result])], list(self.constants.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def chain(n):
    """Layers of a product, its bias and activation, a softmax in another layout, and a residual."""
    g, x = Graph(n), "x"
    while not g.full():
        h = g.op("Relu", g.op("Add", g.op("MatMul", x, g.random(16, 16)), g.random(16)))
        h = g.op("Transpose", g.op("Reshape", h, g.ints(0, -1, 4, 4)), perm=[0, 2, 1, 3])
        h = g.op("Transpose", g.op("Softmax", h, axis=-1), perm=[0, 2, 1, 3])
        x = g.op("Tanh", g.op("Add", x, g.op("Reshape", h, g.ints(0, -1, 16))))
    return g.model([8, 16], [8, 16])


def tree(n):
    """Slices of the input, each through a branch of its own, added in pairs (every fifth: concatenated, and the middle of that), level by level."""
    g, level = Graph(n), []
    while not g.full(0.75):
        i = len(level)
        leaf = g.op("Mul", g.op("Slice", "x", g.ints(i % 13), g.ints(i % 13 + 16), g.ints(1)), g.random(16))
        leaf = g.op(["Relu", "Sigmoid", "Tanh", "Neg"][i % 4], leaf)
        level.append(g.op("MatMul", leaf, g.random(16, 16)) if i % 8 == 0 else leaf)
    while len(level) > 1:
        joined = []
        for i, pair in enumerate(zip(level[::2], level[1::2])):
            joined.append(g.op("Slice", g.op("Concat", *pair, axis=1), g.ints(8), g.ints(24), g.ints(1)) if i % 5 == 4 else g.op("Add", *pair))
        level = joined + level[2 * len(joined):]
    g.op("Tanh", level[0])
    return g.model([32], [16])


def hub(n):
    """One value with thousands of users, whose results make up one wide concat."""
    g, parts = Graph(n), []
    h = g.op("Relu", "x")
    while not g.full():
        parts.append(g.op("Tanh", g.op("Mul", h, g.random(4))))
    g.op("ReduceMean", g.op("Concat", *parts, axis=1), axes=[1], keepdims=1)
    return g.model([4], [1])


FAMILIES = {chain: (8, 16), tree: (32,), hub: (4,)}


def tool(args, name, *words):
    done = Finished([os.path.join(args.bin, name), *words, "--json", args.report])
    if done.status:
        sys.exit(f"{name}: {done.why()}")
    with open(args.report) as f:
        return json.load(f)


def compiled(args, model, *flags):
    """Milliseconds of each pass and stage (CPU)."""
    times = collections.Counter()
    for stage in tool(args, "mlc-compile", model, "-o", model + ".plan", "--quiet", *flags)["times"]:
        times[stage["name"]] += stage["cpu_ms"]
    return times


def measure(args, model, inputs, outputs):
    """The same, and of what the runtime does once."""
    times = compiled(args, model)
    run = tool(args, "mlc-run", model + ".plan", "--inputs", inputs, "--save-outputs", outputs, "--iterations", "1")
    return {**times, **{name: run[name] for name in RUNTIME}}


def difference(model, inputs, outputs):
    """The largest difference from ONNX Runtime's answer."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.log_severity_level, options.graph_optimization_level = 3, ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    with np.load(inputs) as given, np.load(outputs) as made:
        wanted, = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(["y"], dict(given))
        return float(np.abs(made["y"] - wanted).max())


def too_much(times):
    """What takes too much of a compilation."""
    total = sum(ms for name, ms in times.items() if name not in RUNTIME)
    return [f"{name}: {ms:.0f} ms of {total:.0f} ms" for name, ms in times.items() if name not in BACKEND | RUNTIME and ms > 0.1 * total]


def faults(small, large):
    """What grew more than linearly, or takes too much of the compilation."""
    grown = [(name, ms) for name, ms in large.items() if ms > SLACK * LARGE / SMALL * small.get(name, 0) + GRACE_MS]
    return [f"{name}: {small.get(name, 0):.0f} ms, and {ms:.0f} ms for four times the nodes" for name, ms in grown] + too_much(large)


def check(args, family, folder):
    """What is wrong with the family's graphs."""
    paths = {}
    for n in (SMALL, LARGE):
        paths[n] = [os.path.join(folder, f"{family.__name__}{n}{end}") for end in (".onnx", ".in.npz", ".out.npz")]
        onnx.save(family(n), paths[n][0])
        np.savez(paths[n][1], x=np.random.default_rng(1).standard_normal((2, *FAMILIES[family])).astype(np.float32))
    best = {n: measure(args, *paths[n]) for n in paths}
    wrong = [f"{n} nodes: {error:.3g} from ONNX Runtime" for n in paths if not (error := difference(*paths[n])) <= 1e-4]
    for _ in range(args.attempts - 1):
        if not faults(best[SMALL], best[LARGE]):
            break
        for n in paths:
            best[n] = {name: min(ms, best[n][name]) for name, ms in measure(args, *paths[n]).items()}
    print(f"{family.__name__}: " + ", ".join(f"{sum(ms for name, ms in best[n].items() if name not in RUNTIME) / 1000:.2f} s of CPU for {n} nodes" for n in best), flush=True)
    return wrong + faults(best[SMALL], best[LARGE])


def check_real(args, name):
    """What takes too much of the model's compilation in every attempt."""
    model, _ = corpus.model_file(name)
    always = None
    for _ in range(args.attempts):
        found = {fault.split(":")[0]: fault for fault in too_much(compiled(args, model, "--arch", "x86-64-v3", "--no-cache"))}
        always = found if always is None else {stage: fault for stage, fault in always.items() if stage in found}
        if not always:
            break
    os.remove(model + ".plan")
    return list(always.values())


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    ap.add_argument("--attempts", type=int, default=3, help="how often what seems slow is measured")
    args = ap.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        args.report = os.path.join(folder, "report.json")
        for family in FAMILIES:
            found += [f"{family.__name__}: {fault}" for fault in check(args, family, folder)]
        for name in REAL:
            found += [f"{name}: {fault}" for fault in check_real(args, name)]
    print("\n".join(found) or "every pass and stage grows linearly, and none takes over 10 %")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
