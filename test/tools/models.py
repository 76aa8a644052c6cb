# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Small models for the tests of the tools: each function gives one as a ModelProto."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

F = TensorProto.FLOAT


def tensor(name, *shape, scale=1.0, seed=0):
    return numpy_helper.from_array((np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32), name)


def make(nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info(n, F, s) for n, s in inputs],
                              [helper.make_tensor_value_info(n, F, s) for n, s in outputs], list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def mlp():
    """y = relu(x a + b) c, with a symbolic batch."""
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["product"], name="first"),
        helper.make_node("Add", ["product", "b"], ["sum"], name="bias"),
        helper.make_node("Relu", ["sum"], ["hidden"], name="relu"),
        helper.make_node("MatMul", ["hidden", "c"], ["y"], name="second"),
    ]
    return make(nodes, [("x", ["batch", 16])], [("y", ["batch", 8])], [tensor("a", 16, 32), tensor("b", 32, seed=1), tensor("c", 32, 8, seed=2)])


def mlp_and_back():
    """mlp behind a pointwise operator: the same kernels under other numbers."""
    m = mlp()
    m.graph.node.insert(0, helper.make_node("Sigmoid", ["z"], ["x"], name="before"))
    m.graph.input[0].name = "z"
    return m


def resnet():
    """Two residual blocks with batch normalisation, pooling and a classifier: the first steps of a ResNet."""
    nodes, init = [], []

    def conv(x, y, channels_in, channels, kernel, stride, relu):
        w = y + "_w"
        init.extend([tensor(w, channels, channels_in, kernel, kernel, scale=0.1, seed=len(init)), tensor(y + "_scale", channels, seed=1),
                     tensor(y + "_shift", channels, seed=2), tensor(y + "_mean", channels, seed=3),
                     numpy_helper.from_array(np.linspace(0.5, 1.5, channels, dtype=np.float32), y + "_var")])
        pad = kernel // 2
        nodes.append(helper.make_node("Conv", [x, w], [y + "_conv"], name=y + "/conv", kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4))
        nodes.append(helper.make_node("BatchNormalization", [y + "_conv"] + [y + s for s in ("_scale", "_shift", "_mean", "_var")], [y if not relu else y + "_bn"],
                                      name=y + "/bn"))
        if relu:
            nodes.append(helper.make_node("Relu", [y + "_bn"], [y], name=y + "/relu"))

    conv("x", "stem", 3, 16, 7, 2, True)
    nodes.append(helper.make_node("MaxPool", ["stem"], ["pooled"], name="pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    last, channels = "pooled", 16
    for i, out in enumerate((16, 32)):
        b = f"block{i}"
        conv(last, b + "a", channels, out, 3, out // channels, True)
        conv(b + "a", b + "b", out, out, 3, 1, False)
        if out != channels:
            conv(last, b + "skip", channels, out, 1, 2, False)
        nodes.append(helper.make_node("Add", [b + "b", b + "skip" if out != channels else last], [b + "sum"], name=b + "/add"))
        nodes.append(helper.make_node("Relu", [b + "sum"], [b], name=b + "/relu"))
        last, channels = b, out
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["mean"], name="mean"))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"], name="flatten"))
    nodes.append(helper.make_node("Gemm", ["flat", "fc_w", "fc_b"], ["logits"], name="fc", transB=1))
    init.extend([tensor("fc_w", 200, channels, seed=7), tensor("fc_b", 200, seed=8)])
    return make(nodes, [("x", ["n", 3, 32, 32])], [("logits", ["n", 200])], init)


def pictures():
    """resnet for pictures of any size."""
    m = resnet()
    for i, name in ((2, "h"), (3, "w")):
        m.graph.input[0].type.tensor_type.shape.dim[i].dim_param = name
    return m


def contrast():
    """Pictures that meet no convolution: the distance to their mean, and a product over channels of what a channels-last copy holds."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], name="mean", axes=[2, 3]),
        helper.make_node("Sub", ["x", "m"], ["far"], name="distance"),
        helper.make_node("Transpose", ["x"], ["t"], name="last", perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["t", "a"], ["mixed"], name="mix"),
    ]
    return make(nodes, [("x", ["n", 3, "h", "w"])], [("far", ["n", 3, "h", "w"]), ("mixed", ["n", "h", "w", 5])], [tensor("a", 3, 5)])


def channels_last():
    """A model that takes channels-last pictures in fp16 itself, beside a second input."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], name="cast", to=F),
        helper.make_node("Transpose", ["f"], ["t"], name="first", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "w"], ["c"], name="conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Mul", ["c", "gain"], ["y"], name="gain"),
    ]
    m = make(nodes, [("gain", ["n", 1, 1, 1]), ("x", ["n", "h", "w", 3])], [("y", ["n", 4, "h", "w"])], [tensor("w", 4, 3, 3, 3)])
    m.graph.input[1].type.tensor_type.elem_type = TensorProto.FLOAT16
    return m


def cancelling():
    """x * 1e6 - round(x * 1e6): 0 where the product is rounded, the rounding error where a kernel contracts it into one FMA. Both are right; -O0 rounds."""
    nodes = [
        helper.make_node("Mul", ["x", "large"], ["a"], name="product"),
        helper.make_node("Mul", ["x", "two"], ["twice"], name="twice"),
        helper.make_node("Mul", ["twice", "half"], ["b"], name="again"),
        helper.make_node("Sub", ["a", "b"], ["y"], name="difference"),
    ]
    def values(name, v):
        return numpy_helper.from_array(np.full(64, v, np.float32), name)

    return make(nodes, [("x", [64])], [("y", [64])], [values("large", 1234567.0), values("two", 2.0), values("half", 1234567.0 / 2)])


def cache():
    """A step of decoding: the mask's length is an expression, past + 1."""
    nodes = [
        helper.make_node("Concat", ["past", "x"], ["present"], name="append", axis=1),
        helper.make_node("Unsqueeze", ["mask", "last"], ["m"], name="column"),
        helper.make_node("Mul", ["present", "m"], ["y"], name="masked"),
    ]
    return make(nodes, [("x", ["batch", 1, 4]), ("past", ["batch", "past", 4]), ("mask", ["batch", "past + 1"])], [("y", None)],
                [numpy_helper.from_array(np.array([2], np.int64), "last")])


def mlp_wide():
    """Two products with weights over 1 KiB, the columns no multiple of a panel, one of them transposed."""
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["product"], name="first"),
        helper.make_node("Relu", ["product"], ["hidden"], name="relu"),
        helper.make_node("Gemm", ["hidden", "c"], ["y"], name="second", transB=1),
    ]
    return make(nodes, [("x", ["batch", 16])], [("y", ["batch", 21])], [tensor("a", 16, 37), tensor("c", 21, 37, seed=2)])


def large():
    """4 MB of weights: a convolution and a product."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["g"], name="mean"),
        helper.make_node("Flatten", ["g"], ["f"], name="flatten"),
        helper.make_node("MatMul", ["f", "m"], ["y"], name="fc"),
    ]
    return make(nodes, [("x", [1, 32, 8, 8])], [("y", [1, 1700])], [tensor("m", 512, 1700), tensor("w", 512, 32, 3, 3, seed=1)])


def late_reader():
    """A transposed input that is read before and after the widest values."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], name="turn", perm=[1, 0]),
        helper.make_node("MatMul", ["t", "a"], ["wide"], name="widen"),
        helper.make_node("Relu", ["wide"], ["r"], name="relu"),
        helper.make_node("MatMul", ["r", "b"], ["narrow"], name="narrow"),
        helper.make_node("MatMul", ["narrow", "t"], ["y"], name="late"),
    ]
    return make(nodes, [("x", [128, 128])], [("y", [128, 128])], [tensor("a", 128, 1024), tensor("b", 1024, 128)])


def encoder():
    """A transformer block of 2 heads over token ids [batch, sequence]: embeddings, positions cut to the sequence and halved, masked attention, GELU, two LayerNorms."""
    width, heads, hidden, longest = 32, 2, 64, 128
    nodes, init = [], [tensor("tokens", 50, width), tensor("positions", longest, width, seed=1)]

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name="/" + output, **attributes))
        return output

    def number(name, value, dtype=np.int64):
        init.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def linear(x, name, columns, rows=width):
        init.extend([tensor(name + "_w", rows, columns, scale=0.2, seed=len(init)), tensor(name + "_b", columns, seed=len(init))])
        return add("Add", [add("MatMul", [x, name + "_w"], name + "_product"), name + "_b"], name)

    def norm(x, name):
        init.extend([tensor(name + "_scale", width, seed=len(init)), tensor(name + "_shift", width, seed=len(init))])
        return add("LayerNormalization", [x, name + "_scale", name + "_shift"], name)

    def split(x, perm):
        return add("Transpose", [add("Reshape", [x, "split"], x + "_heads")], x + "_t", perm=perm)

    number("split", [0, 0, heads, width // heads]), number("joined", [0, 0, width]), number("zero", [0]), number("one", [1]), number("far", -1e4, np.float32)
    number("root", (width // heads) ** -0.5, np.float32), number("half", 0.5, np.float32), number("unit", 1.0, np.float32), number("sqrt2", 2 ** 0.5, np.float32), number("axes", [1, 2])
    length = add("Slice", [add("Shape", ["ids"], "shape"), "one", number("two", [2])], "length")
    x = add("Add", [add("Gather", ["tokens", "ids"], "embedded"), add("Mul", [add("Slice", ["positions", "zero", length, "zero"], "cut"), "half"], "places")], "x")
    mask = add("Unsqueeze", [add("Mul", [add("Sub", ["unit", add("Cast", ["mask"], "kept", to=F)], "dropped"), "far"], "bias"), "axes"], "bias4")
    q, k, v = (linear(x, n, width) for n in "qkv")
    scores = add("Mul", [add("MatMul", [split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1])], "qk"), "root"], "scores")
    weights = add("Softmax", [add("Add", [scores, mask], "masked")], "weights", axis=-1)
    merged = add("Reshape", [add("Transpose", [add("MatMul", [weights, split(v, [0, 2, 1, 3])], "context")], "context_t", perm=[0, 2, 1, 3]), "joined"], "merged")
    y = norm(add("Add", [x, linear(merged, "out", width)], "skip"), "norm1")
    up = linear(y, "up", hidden)
    gelu = add("Mul", [add("Mul", [up, add("Add", [add("Erf", [add("Div", [up, "sqrt2"], "scaled")], "erf"), "unit"], "gate")], "gated"), "half"], "gelu")
    norm(add("Add", [y, linear(gelu, "down", width, hidden)], "skip2"), "y")
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"]) for n in ("ids", "mask")]
    graph = helper.make_graph(nodes, "test", ids, [helper.make_tensor_value_info("y", F, ["batch", "sequence", width])], init)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def decoder():
    """Attention of one new token over a cache that it is added to: 8 heads that share 2 heads of keys and values, a mask over the cached positions."""
    heads, key_heads, width = 8, 2, 32
    init = [numpy_helper.from_array(np.array(value, dtype), name) for name, value, dtype in
            (("axis2", [2], np.int64), ("groups", [1, 1, heads // key_heads, 1, 1], np.int64), ("whole", [0, heads, -1, width], np.int64), ("root", width ** -0.5, np.float32), ("seen", [[[[0]]]], np.float32))]
    nodes = []

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name="/" + output, **attributes))
        return output

    def repeated(x):
        cache = add("Concat", ["past_" + x, "new_" + x], "present_" + x, axis=2)
        return add("Reshape", [add("Expand", [add("Unsqueeze", [cache, "axis2"], x + "_apart"), "groups"], x + "_wide"), "whole"], x)

    scores = add("Mul", [add("MatMul", ["q", add("Transpose", [repeated("k")], "k_t", perm=[0, 1, 3, 2])], "qk"), "root"], "scores")
    weights = add("Softmax", [add("Add", [scores, add("Concat", ["mask", "seen"], "full_mask", axis=3)], "masked")], "weights", axis=-1)
    add("MatMul", [weights, repeated("v")], "y")
    value = lambda name, *dims: helper.make_tensor_value_info(name, F, dims)
    inputs = [value("q", "batch", heads, 1, width), value("mask", 1, 1, 1, "cached")] + [value(part + x, "batch", key_heads, length, width) for x in "kv" for part, length in (("past_", "cached"), ("new_", 1))]
    outputs = [value("y", "batch", heads, 1, width)] + [value("present_" + x, "batch", key_heads, None, width) for x in "kv"]
    graph = helper.make_graph(nodes, "test", inputs, outputs, init)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
