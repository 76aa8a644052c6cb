# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What half precision alone does to a model's answers: ONNX Runtime runs the model in f32, with some values rounded to f16 by pairs of casts. Nothing of MLC takes part.

What is rounded follows what any f16 engine must do, and where f32 islands are left follows passes/Precision (weights and what products multiply are halves, products accumulate in f32,
what lies in memory is a half, what stays inside of a kernel is not):
  weights   constants that products read, and tables of 2^18 elements and more
  operands  those, and whatever products multiply
  memory    those, what products make, and what norms or several nodes read: values that pass from kernel to kernel

A chain of single readers (a softmax's exponentials, a norm's mean and root, a mask on its way into the scores) stays f32 in all of them, as do scores of attention from their product to the
softmax, the model's inputs and its outputs. What is beyond 65504 becomes 65504, as the compiler stores masks.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LEVELS = ("weights", "operands", "memory")
LARGEST = 65504.0
TABLE = 1 << 18  # elements; kLargeTable of the compiler
# {product: which operands it multiplies}
PRODUCTS = {"Conv": (0, 1), "ConvTranspose": (0, 1), "Gemm": (0, 1), "MatMul": (0, 1), "LSTM": (0, 1, 2), "GRU": (0, 1, 2)}
NORMS = ("LayerNormalization", "InstanceNormalization", "GroupNormalization", "RMSNormalization")
# What a value of scores may pass between its product and the softmax.
SCORE_CHAIN = ("Add", "Sub", "Mul", "Div", "Where", "Reshape", "Transpose", "Cast", "Clip", "Max")


def nested(graph):
    """(node, graph in an attribute of it), not those deeper inside."""
    for node in graph.node:
        for a in node.attribute:
            for sub in ([a.g] if a.type == onnx.AttributeProto.GRAPH else a.graphs):
                yield node, sub


def element_types(model):
    """{value name: element type} of all graphs. Large initializers stand in as inputs, so that shape inference does not carry their bytes."""
    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    graph = light.graph
    graph.name = "types"
    graph.node.extend(model.graph.node)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    known = {v.name for v in graph.input}
    for t in model.graph.initializer:
        if np.prod(t.dims) <= 1024:
            graph.initializer.append(t)
        elif t.name not in known:
            graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, t.dims))
    types = {t.name: t.data_type for t in model.graph.initializer}

    def collect(graph):
        types.update({v.name: v.type.tensor_type.elem_type for v in [*graph.input, *graph.output, *graph.value_info]})
        types.update({t.name: t.data_type for t in graph.initializer})
        for _, sub in nested(graph):
            collect(sub)
    collect(onnx.shape_inference.infer_shapes(light).graph)
    return types


def constants(graph, outer):
    """{value name: elements, 0 where that is not known} of what depends on no input; outer: the same of the graphs around."""
    known = {**outer, **{t.name: int(np.prod(t.dims)) for t in graph.initializer}}
    for node in graph.node:
        if node.op_type == "Constant":
            known[node.output[0]] = next((int(np.prod(a.t.dims)) for a in node.attribute if a.name == "value"), 0)
        elif all(i in known for i in node.input if i) and not any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
            known.update({o: max((known[i] for i in node.input if i), default=0) for o in node.output})
    return known


class Uses:
    """Who makes and who reads each value of a graph."""

    def __init__(self, graph):
        self.maker = {o: node for node in graph.node for o in node.output}
        self.readers = {}
        for node in graph.node:
            for i in node.input:
                self.readers.setdefault(i, []).append(node)
        self.outputs = {o.name for o in graph.output}

    def is_score(self, value):
        """Whether only a softmax reads the value, through a chain of single readers."""
        for _ in range(16):
            readers = self.readers.get(value, [])
            if len(readers) != 1 or value in self.outputs:
                return False
            if readers[0].op_type == "Softmax":
                return True
            if readers[0].op_type not in SCORE_CHAIN:
                return False
            value = readers[0].output[0]
        return False

    def is_handed_over(self, value):
        """Whether the value passes through memory: a product makes it, a norm or several nodes read it."""
        maker, readers = self.maker.get(value), self.readers.get(value, [])
        made = maker is not None and maker.op_type in PRODUCTS
        return (made and not self.is_score(value)) or len(readers) > 1 or any(node.op_type in NORMS for node in readers)


class Rounder:
    """Puts pairs of casts into a model's graphs, where `level` rounds."""

    def __init__(self, model, level):
        self.level, self.types, self.graphs = level, element_types(model), 0
        self.rewrite(model.graph, {})
        for name, value in (("mlc_halves_low", -LARGEST), ("mlc_halves_high", LARGEST)):
            model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))

    def is_rounded(self, node, operand, uses, fixed):
        """Whether the node sees its operand rounded."""
        name = node.input[operand]
        if self.types.get(name) != TensorProto.FLOAT:
            return False
        multiplied = operand in PRODUCTS.get(node.op_type, ())
        if name in fixed:
            return multiplied or fixed[name] >= TABLE
        return self.level != "weights" and (multiplied or (self.level == "memory" and name in uses.maker and uses.is_handed_over(name)))

    def rewrite(self, graph, outer):
        uses, fixed = Uses(graph), constants(graph, outer)
        self.graphs += 1
        mark, half, nodes = f"/half{self.graphs}", {}, []
        for _, sub in nested(graph):
            self.rewrite(sub, fixed)
        for node in graph.node:
            changed = onnx.NodeProto()
            changed.CopyFrom(node)
            for operand, name in enumerate(node.input):
                if name and self.is_rounded(node, operand, uses, fixed):
                    if name not in half:
                        half[name] = name + mark
                        nodes += pair(name, half[name])
                    changed.input[operand] = half[name]
            nodes.append(changed)
        del graph.node[:]
        graph.node.extend(nodes)


def pair(name, result):
    """Nodes that round a value: to the range of halves, to f16, back to f32."""
    yield helper.make_node("Max", [name, "mlc_halves_low"], [result + "/above"])
    yield helper.make_node("Min", [result + "/above", "mlc_halves_high"], [result + "/inside"])
    yield helper.make_node("Cast", [result + "/inside"], [result + "/f16"], to=TensorProto.FLOAT16)
    yield helper.make_node("Cast", [result + "/f16"], [result], to=TensorProto.FLOAT)


def answers(model, feeds):
    """Yields (level, outputs as {name: array}) for each level and each of `feeds`, but for rounded weights alone, whose errors do not depend on a feed's last bits: the first. model: a path or
    the bytes of a file."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL, 3  # others may drop pairs of casts
    for level in LEVELS:
        proto = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)
        Rounder(proto, level)
        session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        del proto
        names = [o.name for o in session.get_outputs()]
        for given in feeds[:1] if level == "weights" else feeds:
            yield level, dict(zip(names, session.run(names, given)))
