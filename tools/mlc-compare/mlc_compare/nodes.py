# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Where a plan leaves ONNX Runtime's values: the results of its regions, in the model's order.

1. the plan's launches name the model's nodes they compute; their results that others use are what regions hand over, so keeping them leaves fusion as it is;
2. plans with some of them as outputs each (mlc-compile --keep) are run beside ONNX Runtime; 3. inside the first region that deviates all tensors are kept:
either one of its nodes is wrong by itself, or only the fused region is.
"""
import os

import numpy as np
import onnx

from .model import difference


def node_names(graph):
    """{node's name, as the importer gives it to nodes without one: node}"""
    return {n.name or f"{n.op_type}_{i}": n for i, n in enumerate(graph.node)}


def region_results(graph, launches):
    """[(tensor, names of the region's nodes)] in the model's order."""
    nodes = node_names(graph)
    owner = {name: i for i, launch in enumerate(launches) for name in launch["nodes"] if name in nodes}  # of several, the last computes the node's result
    users, reader = {}, dict(owner)
    for name, node in nodes.items():
        for value in node.input:
            users.setdefault(value, set()).add(name)
    outputs = {o.name for o in graph.output}
    # Nodes that no launch names were folded into what uses them: those results come first in the model, so from behind.
    for name in reversed(nodes):
        if name not in owner:
            behind = {reader[u] for v in nodes[name].output for u in users.get(v, ()) if u in reader}
            if len(behind) == 1:
                reader[name] = behind.pop()
    found = []
    for name, node in nodes.items():
        if name in owner and not [g for a in node.attribute for g in (a.g.node or [])]:
            members = [n for n in nodes if reader.get(n) == owner[name] and nodes[n].op_type != "Constant"]
            for value in node.output:
                if value and (value in outputs or any(reader.get(user) != owner[name] for user in users.get(value, ()))):
                    found.append((value, members))
    return found


def with_outputs(model, names):
    """A copy with these tensors as outputs too."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    present = {o.name for o in copy.graph.output}
    copy.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in present)
    return copy


class Beside:
    """Runs plans and ONNX Runtime on the same inputs. compile(names, plan) makes a plan with these outputs too."""

    def __init__(self, compile, run, reference, feeds, folder, rtol, atol):
        self.compile, self.run, self.feeds, self.folder, self.rtol, self.atol = compile, run, feeds, folder, rtol, atol
        self.reference, self.path = onnx.load(reference, load_external_data=False), reference
        self.outputs = {o.name for o in self.reference.graph.output}
        self.plans = 0

    def answers(self, names):
        """ONNX Runtime's, without rewriting, of those tensors that the reference has."""
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level, options.log_severity_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC, 3
        made = {o for n in self.reference.graph.node for o in n.output} | {o.name for o in self.reference.graph.output}
        wanted = [n for n in names if n in made]
        probe = os.path.join(os.path.dirname(os.path.abspath(self.path)), f".mlc-compare-{os.getpid()}.onnx")  # beside the files of its weights
        if not any(t.data_location == onnx.TensorProto.EXTERNAL for t in self.reference.graph.initializer):
            probe = os.path.join(self.folder, "probe.onnx")
        try:
            onnx.save(with_outputs(self.reference, wanted), probe)
            session = onnxruntime.InferenceSession(probe, options, providers=["CPUExecutionProvider"])
        finally:
            if os.path.exists(probe):
                os.remove(probe)
        given = {i.name for i in session.get_inputs()}
        return dict(zip(wanted, session.run(wanted, {k: v for k, v in self.feeds.items() if k in given}))) if wanted else {}

    def errors(self, names):
        """{tensor: (largest error, multiple of the tolerance)}; what one side lacks is left out."""
        self.plans += 1
        plan = os.path.join(self.folder, "nodes.plan")
        keep = [n for n in names if n not in self.outputs]
        self.compile(keep, plan)
        made, wanted = self.run(plan), self.answers(names)
        return {n: difference(made[n], v, self.rtol, self.atol) for n, v in wanted.items() if n in made and isinstance(v, np.ndarray)}


def locate(beside, graph, launches, chunk):
    """A report: regions (tensor, nodes, max_abs_error, error in tolerances) in order, first (of those that deviate, or None), cause (a sentence)."""
    results = region_results(graph, launches)
    report = {"regions": [], "first": None, "cause": None}
    for start in range(0, len(results), chunk):
        part = results[start : start + chunk]
        errors = beside.errors([tensor for tensor, _ in part])
        for tensor, members in part:
            if tensor in errors:
                largest, times = errors[tensor]
                report["regions"].append({"tensor": tensor, "nodes": members, "max_abs_error": largest, "error_in_tolerances": times})
    wrong = [r for r in report["regions"] if not r["error_in_tolerances"] <= 1]
    if wrong:
        report["first"] = wrong[0]
        report["cause"] = inside(beside, graph, wrong[0])
    return report


def inside(beside, graph, region):
    """Which node of the region deviates when all its tensors are kept, which takes fusion apart."""
    nodes = node_names(graph)
    tensors = [(o, name) for name in region["nodes"] for o in nodes[name].output if o]
    errors = beside.errors([t for t, _ in tensors])
    for tensor, name in tensors:
        if tensor in errors and not errors[tensor][1] <= 1:
            return f"node '{name}' ({nodes[name].op_type}) deviates by {errors[tensor][1]:.3g} tolerances when computed alone too (tensor '{tensor}')"
    return "each of its nodes is right when computed alone: the fault lies in computing them together"

