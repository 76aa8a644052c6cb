# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Writes the small models of these tests: python make_models.py OUT_DIR [NAME...]."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I64, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def weights(name, *shape, seed=0):
    return numpy_helper.from_array(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), name)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(nodes, inputs, outputs, initializers=(), opset=17, functions=(), domains=()):
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
        [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10)


def convnet():
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["p"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "fc"], ["y"], transB=1),
    ]
    init = [weights("w", 8, 3, 3, 3), weights("b", 8), weights("fc", 10, 8)]
    return model(nodes, [("x", F, ["batch", 3, 8, 8])], [("y", F, ["batch", 10])], init)


def attention():
    """A reshape whose target is computed from the input's shape, as exporters write it."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["q"]),
        helper.make_node("Shape", ["q"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["q", "shape"], ["h"], name="heads"),
        helper.make_node("Transpose", ["h"], ["t"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["h"], ["k"], perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["t", "k"], ["a"]),
        helper.make_node("Softmax", ["a"], ["y"], axis=-1),
    ]
    init = [weights("w", 16, 16), numpy_helper.from_array(np.array(0, np.int64), "zero"), ints("axes", 0), ints("rest", -1, 4, 4)]
    return model(nodes, [("x", F, ["batch", "seq", 16])], [("y", F, None)], init)


def control():
    """An If that stays, an If whose branch is known, a Loop that stacks, a local function."""
    then = helper.make_graph([helper.make_node("Add", ["x", "x"], ["t"])], "then", [], [helper.make_tensor_value_info("t", F, [2, 3])])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["e"])], "else", [], [helper.make_tensor_value_info("e", F, [2, 3])])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c1"]), helper.make_node("Add", ["v", "x"], ["v1"]), helper.make_node("Mul", ["v", "v"], ["scan"])],
        "body",
        [helper.make_tensor_value_info("i", I64, []), helper.make_tensor_value_info("c", B, []), helper.make_tensor_value_info("v", F, [2, 3])],
        [helper.make_tensor_value_info("c1", B, []), helper.make_tensor_value_info("v1", F, [2, 3]), helper.make_tensor_value_info("scan", F, [2, 3])],
    )
    square = helper.make_function(
        "local", "Scaled", ["a"], ["b"], [helper.make_node("LeakyRelu", ["a"], ["b"], name="inner")], [helper.make_opsetid("", 17)], ["alpha"]
    )
    square.node[0].attribute.append(onnx.AttributeProto(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="alpha"))
    nodes = [
        helper.make_node("If", ["p"], ["y"], name="choose", then_branch=then, else_branch=other),
        helper.make_node("If", ["yes"], ["z"], name="known", then_branch=then, else_branch=other),
        helper.make_node("Loop", ["four", "", "z"], ["last", "all"], name="loop", body=body),
        helper.make_node("Scaled", ["last"], ["w"], name="call", domain="local", alpha=0.25),
    ]
    init = [numpy_helper.from_array(np.array(True), "yes"), numpy_helper.from_array(np.array(4, np.int64), "four")]
    outputs = [("y", F, [2, 3]), ("all", F, [4, 2, 3]), ("w", F, [2, 3])]
    return model(nodes, [("p", B, []), ("x", F, [2, 3])], outputs, init, functions=[square], domains=["local"])


def recurrent():
    nodes = [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], name="lstm", direction="bidirectional", hidden_size=4)]
    init = [weights("w", 2, 16, 3), weights("r", 2, 16, 4), weights("b", 2, 32)]
    return model(nodes, [("x", F, ["time", 2, 3])], [("y", F, None), ("h", F, None), ("c", F, None)], init)


def shape_input():
    """Dims that come from an input's elements."""
    nodes = [helper.make_node("Expand", ["x", "shape"], ["e"], name="expand"), helper.make_node("Reshape", ["e", "flat"], ["y"])]
    return model(nodes, [("x", F, [1, 3]), ("shape", I64, [2])], [("y", F, None)], [ints("flat", -1)])


def through_floats():
    """out = floor(s * 0.5), through floats and back."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Cast", ["s"], ["f"], to=F),
        helper.make_node("Mul", ["f", "half"], ["h"]),
        helper.make_node("Floor", ["h"], ["l"]),
        helper.make_node("Cast", ["l"], ["i"], to=I64),
        helper.make_node("ConstantOfShape", ["i"], ["y"]),
    ]
    return model(nodes, [("x", F, ["n", 7])], [("y", F, None)], [numpy_helper.from_array(np.array(0.5, np.float32), "half")])


def unsupported():
    """Two nodes that cannot be imported, one behind another, and a third that only follows."""
    nodes = [
        helper.make_node("StringNormalizer", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="follows"),
        helper.make_node("Whirl", ["b"], ["y"], name="second", domain="other"),
    ]
    return model(nodes, [("x", F, [2])], [("y", F, [2])], domains=["other"])


def data_dependent():
    nodes = [helper.make_node("Cast", ["x"], ["i"], to=I64), helper.make_node("Reshape", ["x", "i"], ["y"], name="reshape")]
    return model(nodes, [("x", F, [2])], [("y", F, None)])


def cyclic():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="a"), helper.make_node("Relu", ["a"], ["b"], name="b")]
    return model(nodes, [("x", F, [2])], [("b", F, [2])])


def wrong_attribute():
    return model([helper.make_node("Softmax", ["x"], ["y"], name="softmax", axis="last")], [("x", F, [2, 3])], [("y", F, [2, 3])])


def negative_dim():
    return model([helper.make_node("Relu", ["x"], ["y"])], [("x", F, [-7])], [("y", F, [-7])])


def huge_weight():
    m = model([helper.make_node("Add", ["x", "w"], ["y"], name="add")], [("x", F, [1])], [("y", F, None)], [weights("w", 4)])
    del m.graph.initializer[0].dims[:]
    m.graph.initializer[0].dims.extend([1 << 62, 4])
    return m


def escaping():
    m = model([helper.make_node("Add", ["x", "w"], ["y"], name="add")], [("x", F, [4])], [("y", F, [4])], [weights("w", 4)])
    w = m.graph.initializer[0]
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    w.external_data.add(key="location", value="../secret.bin")
    return m


def external():
    m = model([helper.make_node("Add", ["x", "w"], ["y"], name="add")], [("x", F, [1000])], [("y", F, [1000])], [weights("w", 1000)])
    return m


MODELS = [convnet, attention, control, recurrent, shape_input, through_floats, unsupported, data_dependent, cyclic, wrong_attribute, negative_dim, huge_weight, escaping, external]


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for make in MODELS:
        if sys.argv[2:] and make.__name__ not in sys.argv[2:]:
            continue
        path = out / (make.__name__ + ".onnx")
        if make is external:
            (out / "external.bin").unlink(missing_ok=True)
            onnx.save(make(), path, save_as_external_data=True, location="external.bin", size_threshold=0)
        else:
            path.write_bytes(make().SerializeToString())


main()
