# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Writes the models of stress.test: python make_stress_models.py OUT_DIR."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I64, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
node = helper.make_node


def model(nodes, inputs, outputs, initializers=(), functions=(), opset=17):
    graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info(*i) for i in inputs], [helper.make_tensor_value_info(*o) for o in outputs], list(initializers))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10).SerializeToString()


def chain(count=100000):
    nodes = [node("Neg", [f"v{i}" if i else "x"], [f"v{i + 1}"]) for i in range(count)]
    return model(nodes, [("x", F, [4])], [(f"v{count}", F, [4])])


def inputs(count=20000):
    """Each with a symbol of its own."""
    return model([node("Relu", ["x0"], ["y"])], [(f"x{i}", F, [f"n{i}"]) for i in range(count)], [("y", F, None)])


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def nested_graphs(count=10000):
    """NodeProto { AttributeProto { GraphProto { NodeProto ..., written from the inside: protobuf's own writer would overflow its stack."""
    body = b""
    for _ in range(count):
        graph = b"\x0a" + varint(len(body)) + body  # GraphProto.node
        attribute = b"\x32" + varint(len(graph)) + graph  # AttributeProto.g
        body = b"\x2a" + varint(len(attribute)) + attribute  # NodeProto.attribute
    graph = b"\x0a" + varint(len(body)) + body
    return b"\x08\x0a\x3a" + varint(len(graph)) + graph  # ir_version, ModelProto.graph


def nested_40(depth=30):
    """Thirty Ifs that call ten functions, so that neither alone is too deep."""
    then = helper.make_graph([node("F0", ["x"], ["t"], domain="local")], "then", [], [helper.make_tensor_value_info("t", F, [2])])
    for _ in range(depth):
        then = helper.make_graph([node("If", ["p"], ["t"], then_branch=then, else_branch=leaf())], "then", [], [helper.make_tensor_value_info("t", F, [2])])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    functions = [helper.make_function("local", f"F{i}", ["a"], ["b"], [node(f"F{i + 1}", ["a"], ["b"], domain="local")], opsets) for i in range(10)]
    functions.append(helper.make_function("local", "F10", ["a"], ["b"], [node("Neg", ["a"], ["b"])], opsets))
    return model([node("If", ["p"], ["y"], then_branch=then, else_branch=leaf())], [("p", B, []), ("x", F, [2])], [("y", F, [2])], functions=functions)


def leaf():
    return helper.make_graph([node("Neg", ["x"], ["e"])], "else", [], [helper.make_tensor_value_info("e", F, [2])])


def calls_itself(count=2):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    body = [node("Again", ["a"], [f"b{i}"], domain="local", name="a_name_of_some_length_" * 20) for i in range(count)]
    again = helper.make_function("local", "Again", ["a"], ["b0"], body, opsets)
    return model([node("Again", ["x"], ["y"], domain="local")], [("x", F, [2])], [("y", F, [2])], functions=[again])


def calls_double(depth=25):
    """2^25 nodes, though no function calls itself."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    functions = [helper.make_function("local", "F0", ["a"], ["b"], [node("Neg", ["a"], ["b"])], opsets)]
    for i in range(depth):
        body = [node(f"F{i}", ["a"], ["c"], domain="local"), node(f"F{i}", ["c"], ["b"], domain="local")]
        functions.append(helper.make_function("local", f"F{i + 1}", ["a"], ["b"], body, opsets))
    return model([node(f"F{depth}", ["x"], ["y"], domain="local")], [("x", F, [2])], [("y", F, [2])], functions=functions)


def growing_rank(count=20):
    """Gather of x by x: each step doubles the rank."""
    nodes = [node("Gather", ["x", "x"], ["v0"])] + [node("Gather", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(count)]
    return model(nodes, [("x", I64, [1, 1])], [(f"v{count}", I64, None)])


def from_dims(step, count=40):
    """ConstantOfShape of an expression of two dims that grows by `step`."""
    nodes = [node("Shape", ["x"], ["s"]), node("Split", ["s"], ["v0", "t"])]
    nodes += [n for i in range(count) for n in step(i)]
    return model(nodes + [node("ConstantOfShape", [f"v{count}"], ["y"])], [("x", F, ["a", "b"])], [("y", F, None)], [numpy_helper.from_array(np.array([3], np.int64), "three")])


def growing_product():
    """v' = (v + t)(v + 3)."""
    return from_dims(lambda i: [node("Add", [f"v{i}", "t"], [f"p{i}"]), node("Add", [f"v{i}", "three"], [f"q{i}"]), node("Mul", [f"p{i}", f"q{i}"], [f"v{i + 1}"])])


def growing_minimum():
    """v' = min(v + t, 3 v): the text doubles with each step."""
    return from_dims(lambda i: [node("Add", [f"v{i}", "t"], [f"p{i}"]), node("Mul", [f"v{i}", "three"], [f"q{i}"]), node("Min", [f"p{i}", f"q{i}"], [f"v{i + 1}"])])


def dim_param():
    """2^40 terms in 400 characters."""
    text = "*".join(f"(a{i} + b{i})" for i in range(40))
    return model([node("Relu", ["x"], ["y"])], [("x", F, [text])], [("y", F, None)])


def all_fail(count=20000):
    return model([node("Whirl", ["x"], [f"y{i}"]) for i in range(count)], [("x", F, [2])], [("y0", F, None)])


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for make in [chain, inputs, nested_graphs, nested_40, calls_double, growing_rank, growing_product, growing_minimum, dim_param, all_fail, calls_itself]:
        (out / f"{make.__name__}.onnx").write_bytes(make())


main()
