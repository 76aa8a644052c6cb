# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Makes a failing model small: fewer outputs, fewer nodes behind, inner values as inputs, nodes left out, as long as it fails in the same way."""
import time

import numpy as np
import onnx
from onnx import helper, numpy_helper


def pruned(model):
    """Without what no output needs."""
    graph, needed, kept = model.graph, {o.name for o in model.graph.output}, []
    for node in reversed(graph.node):
        if any(o in needed for o in node.output):
            kept.append(node)
            needed.update(i for i in node.input if i)
    return with_parts(model, kept[::-1], [i for i in graph.input if i.name in needed], graph.output, [t for t in graph.initializer if t.name in needed])


def with_parts(model, nodes, inputs, outputs, init):
    graph = helper.make_graph(list(nodes), model.graph.name, list(inputs), list(outputs), list(init))
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def inner_values(model, given):
    """{name: [array for each of the inputs]} of all results of nodes, by ONNX Runtime."""
    import onnxruntime as ort
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    present = {o.name for o in probe.graph.output}
    names = [o for n in probe.graph.node for o in n.output if o]
    probe.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in present)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    rows = [session.run(names, g) for g in given]
    return {n: [row[i] for row in rows] for i, n in enumerate(names)}


def value_info(name, arrays):
    dims = [d if all(a.shape[i] == d for a in arrays) else f"{name}_{i}" for i, d in enumerate(arrays[0].shape)]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(arrays[0].dtype), dims)


def candidates(model, given, values):
    """Smaller models, the boldest first."""
    graph = model.graph
    results = [o for n in graph.node if n.op_type != "Constant" for o in n.output if o]
    outputs = {o.name for o in graph.output}
    if len(outputs) > 1:
        for o in graph.output:
            yield with_parts(model, graph.node, graph.input, [o], graph.initializer), given
        for o in graph.output:
            yield with_parts(model, graph.node, graph.input, [p for p in graph.output if p is not o], graph.initializer), given
    elif results:  # an earlier value as the output
        for name in results:
            if name not in outputs:
                yield with_parts(model, graph.node, graph.input, [value_info(name, values[name])], graph.initializer), given
    for name in reversed(results):  # an inner value as an input
        if name not in outputs:
            nodes = []
            for n in graph.node:
                copy = onnx.NodeProto()
                copy.CopyFrom(n)
                for i, used in enumerate(copy.input):
                    if used == name:
                        copy.input[i] = name + "_given"
                nodes.append(copy)
            yield (with_parts(model, nodes, [*graph.input, value_info(name + "_given", values[name])], graph.output, graph.initializer),
                   [{**g, name + "_given": v} for g, v in zip(given, values[name])])
    known = {**values, **{i.name: [g[i.name] for g in given] for i in graph.input}}
    for left_out in graph.node:  # a node of equal shapes left out
        if len(left_out.output) != 1 or left_out.output[0] in outputs:
            continue
        out = left_out.output[0]
        for x in left_out.input:
            if x in known and known[x][0].shape == known[out][0].shape and known[x][0].dtype == known[out][0].dtype:
                nodes = []
                for n in graph.node:
                    if n is not left_out:
                        copy = onnx.NodeProto()
                        copy.CopyFrom(n)
                        copy.input[:] = [x if i == out else i for i in n.input]
                        nodes.append(copy)
                yield with_parts(model, nodes, graph.input, graph.output, graph.initializer), given
                break
    if any(d.dim_param for i in graph.input for d in i.type.tensor_type.shape.dim):
        for one in given:
            yield with_parts(model, graph.node, [value_info(i.name, [one[i.name]]) for i in graph.input], graph.output, graph.initializer), [one]


def shrink(model, given, failure, check, Failed, deadline):
    """(model, inputs, how it fails) after as many steps as the time allows."""
    def fails(m, g):
        try:
            check(m, g)
        except Failed as f:
            return f if f.kind == failure.kind else None
        except Exception:  # noqa: BLE001 - not a model any more: ONNX Runtime refuses it
            return None
        return None

    found, shrunk = failure, True
    while shrunk and time.monotonic() < deadline:
        shrunk = False
        try:
            values = inner_values(model, given)
        except Exception:  # noqa: BLE001 - ONNX Runtime refuses the graph, which is then as small as it gets
            break
        for smaller, feeds in candidates(model, given, values):
            if time.monotonic() > deadline:
                break
            smaller = pruned(smaller)
            names = {i.name for i in smaller.graph.input}
            feeds = [{k: v for k, v in g.items() if k in names} for g in feeds]
            how = fails(smaller, feeds)
            if how:
                model, given, found, shrunk = smaller, feeds, how, True
                break
    return model, given, found


def listing(model):
    """The nodes of a small model, one a line."""
    shapes = {t.name: list(t.dims) for t in model.graph.initializer}
    rows = ["    inputs: " + ", ".join(f"{i.name}{[d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim]}" for i in model.graph.input)]
    for n in model.graph.node[:40]:
        attributes = ", ".join(f"{a.name}={'tensor' if a.type == onnx.AttributeProto.TENSOR else helper.get_attribute_value(a)}" for a in n.attribute)
        ints = {t.name: numpy_helper.to_array(t).tolist() for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT64 and np.prod(t.dims) < 9}
        operands = ", ".join(f"{i}{ints.get(i, shapes.get(i, ''))}" for i in n.input)
        rows.append(f"    {', '.join(n.output)} = {n.op_type}({operands}) {attributes}")
    return "\n".join(rows + ["    outputs: " + ", ".join(o.name for o in model.graph.output)])
