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


def dynamic_control():
    """An If and a Loop over tensors with a symbolic dim; the trip count is an input, and one output stacks the loop's values."""
    then = helper.make_graph([helper.make_node("Softmax", ["h"], ["t"], axis=-1)], "then", [], [helper.make_tensor_value_info("t", F, ["n", 4])])
    other = helper.make_graph([helper.make_node("Neg", ["h"], ["e"])], "else", [], [helper.make_tensor_value_info("e", F, ["n", 4])])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c1"]), helper.make_node("Add", ["v", "b"], ["v1"]), helper.make_node("ReduceMax", ["v1"], ["scan"], axes=[0], keepdims=0)],
        "body",
        [helper.make_tensor_value_info("i", I64, []), helper.make_tensor_value_info("c", B, []), helper.make_tensor_value_info("v", F, ["n", 4])],
        [helper.make_tensor_value_info("c1", B, []), helper.make_tensor_value_info("v1", F, ["n", 4]), helper.make_tensor_value_info("scan", F, [4])],
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], name="project"),
        helper.make_node("If", ["p"], ["y"], name="choose", then_branch=then, else_branch=other),
        helper.make_node("Loop", ["m", "", "y"], ["last", "all"], name="loop", body=body),
        helper.make_node("Concat", ["last", "x"], ["joined"], name="join", axis=1),
    ]
    inputs = [("x", F, ["n", 3]), ("p", B, []), ("m", I64, [])]
    return model(nodes, inputs, [("joined", F, ["n", 7]), ("all", F, None)], [weights("w", 3, 4), weights("b", 4)])


def recurrent():
    nodes = [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], name="lstm", direction="bidirectional", hidden_size=4)]
    init = [weights("w", 2, 16, 3), weights("r", 2, 16, 4), weights("b", 2, 32)]
    return model(nodes, [("x", F, ["time", 2, 3])], [("y", F, None), ("h", F, None), ("c", F, None)], init)


def shape_input():
    """Dims that come from an input's elements."""
    nodes = [helper.make_node("Expand", ["x", "shape"], ["e"], name="expand"), helper.make_node("Reshape", ["e", "flat"], ["y"])]
    return model(nodes, [("x", F, [1, 3]), ("shape", I64, [2])], [("y", F, None)], [ints("flat", -1)])


def through_floats():
    """y has the sizes floor(s * 0.5), through floats and back; r counts to n in floats, as a detector's anchors do."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Cast", ["s"], ["f"], to=F),
        helper.make_node("Mul", ["f", "half"], ["h"]),
        helper.make_node("Floor", ["h"], ["l"]),
        helper.make_node("Cast", ["l"], ["i"], to=I64),
        helper.make_node("ConstantOfShape", ["i"], ["y"]),
        helper.make_node("Gather", ["f", "first"], ["n"], axis=0),
        helper.make_node("Range", ["zero", "n", "one"], ["r"]),
    ]
    given = {"half": np.float32(0.5), "zero": np.float32(0), "one": np.float32(1), "first": np.int64(0)}
    return model(nodes, [("x", F, ["n", 7])], [("y", F, None), ("r", F, ["n"])], [numpy_helper.from_array(np.array(v), k) for k, v in given.items()])


def operators():
    """One node of many operators whose importers compute with attributes and constants, each with an output of its own."""
    nodes, init, outputs = [], [weights("scales", 4), weights("filter", 4, 2, 3, 3), weights("square", 4, 4)], []

    def node(op, inputs, count=1, domain="", **attributes):
        names = [f"{op.lower()}{len(nodes)}_{i}" for i in range(count)]
        nodes.append(helper.make_node(op, inputs, names, name=names[0], domain=domain, **attributes))
        outputs.append((names[0], F, None))
        return names

    def given(*values):
        init.append(ints(f"given{len(init)}", *values))
        return init[-1].name

    def real(*values):
        init.append(numpy_helper.from_array(np.array(values, np.float32), f"given{len(init)}"))
        return init[-1].name

    node("Slice", ["x", given(-1, 1), given(-5, 3), given(2, 3), given(-1, 2)])
    node("Pad", ["x", given(0, 1, 0, 1), "", given(2, 3)], mode="reflect")
    node("Split", ["x", given(1, 3)], 2, axis=1)
    node("Tile", ["x", given(1, 2, 1, 1)])
    node("Squeeze", ["one", given(0)])
    node("Unsqueeze", ["x", given(0, -1)])
    node("Expand", ["one", given(2, 3, 5)])
    node("Range", [given(0), given(10), given(3)])
    node("Gather", ["x", given(0, -1)], axis=1)
    node("GatherElements", ["index", given(0, 1)], axis=0)
    node("OneHot", ["index", given(3), real(0, 1)])
    node("TopK", ["x", given(2)], 2, axis=-1)
    node("CumSum", ["x", given(1)])
    node("Trilu", ["x", given(-1)], upper=0)
    node("EyeLike", ["matrix"], k=1)
    node("DepthToSpace", ["x"], blocksize=2, mode="CRD")
    node("SpaceToDepth", ["x"], blocksize=2)
    node("Resize", ["x", "", real(1, 1, 2, 0.5)], mode="cubic", coordinate_transformation_mode="half_pixel")
    node("Resize", ["x", "", "", given(1, 4, 7, 9)], mode="linear", keep_aspect_ratio_policy="not_larger")
    node("Conv", ["x", "filter"], group=2, pads=[1, 2, 1, 0], strides=[2, 1], dilations=[1, 2])
    node("ConvTranspose", ["x", "filter"], group=2, output_padding=[1, 0], strides=[2, 1], output_shape=[9, 10])
    node("AveragePool", ["x"], kernel_shape=[2, 3], ceil_mode=1, auto_pad="SAME_LOWER", strides=[2, 2])
    node("LpPool", ["x"], kernel_shape=[2, 3], p=3)
    node("LRN", ["x"], size=3)
    node("GroupNormalization", ["x", real(1, 1), real(0, 0)], num_groups=2)
    node("LayerNormalization", ["x", real(1, 1, 1, 1, 1, 1)], axis=3)
    node("Einsum", ["square", "square"], equation="ij,jk->ik")
    node("Einsum", ["x"], equation="...ij->...ji")
    node("QuantizeLinear", ["x", "scales"], axis=1)
    node("DynamicQuantizeLinear", ["x"], 3)
    node("ReduceL2", ["x"], axes=[1, -1], keepdims=0)
    node("LogSoftmax", ["x"], axis=2)
    node("ArgMax", ["x"], axis=-2, select_last_index=1)
    node("Clip", ["x", real(0), real(6)])
    node("Scan", ["x"], num_scan_inputs=1, scan_input_axes=[2], scan_output_axes=[1], scan_input_directions=[1], body=helper.make_graph(
        [helper.make_node("Abs", ["s"], ["r"])], "body", [helper.make_tensor_value_info("s", F, [1, 4, 6])], [helper.make_tensor_value_info("r", F, [1, 4, 6])]))
    init.append(weights("one", 1, 3, 1))
    inputs = [("x", F, [1, 4, 6, 6]), ("matrix", F, ["r", "c"]), ("index", I64, [2])]
    return model(nodes, inputs, outputs, init, opset=18)


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


def unfit():
    """Nodes whose operands or attributes would lead a kernel outside of its buffers."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["a0"], name="bias"),
        helper.make_node("DequantizeLinear", ["q", "b"], ["a1"], name="axis"),
        helper.make_node("GroupNormalization", ["x", "c", "c"], ["a2"], name="groups"),
        helper.make_node("ScatterElements", ["b", "i", "s"], ["a3"], name="updates"),
        helper.make_node("Softmax", ["i"], ["a4"], name="type"),
        helper.make_node("BitShift", ["q", "q"], ["a5"], name="direction"),
    ]
    init = [weights("w", 2, 3, 1, 1), weights("b", 9), weights("c", 3), ints("i", 0, 1, 2), weights("s", 2), numpy_helper.from_array(np.array(3, np.uint8), "q")]
    return model(nodes, [("x", F, [1, 3, 8, 8])], [("a0", F, None)], init, opset=21)


def external():
    m = model([helper.make_node("Add", ["x", "w"], ["y"], name="add")], [("x", F, [1000])], [("y", F, [1000])], [weights("w", 1000)])
    return m


MODELS = [convnet, attention, control, dynamic_control, recurrent, shape_input, through_floats, operators, unsupported, data_dependent, cyclic, wrong_attribute, negative_dim, huge_weight, escaping, unfit, external]


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
