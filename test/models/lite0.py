# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""EfficientNet-Lite0 with trained weights as an ONNX model, from the state dict of its PyTorch package; torch is not needed.

The file is torch's first format: pickles of a magic number, the version, type sizes, the dict (whose tensors are (storage, offset, shape, stride) with storages by key) and the list of keys, then each storage
as its count (int64) and its elements. The network: a stem, 16 inverted residual blocks without squeeze-excite, a head, ReLU6, batch norms with epsilon 1e-3, padding as TensorFlow's SAME."""
import collections
import io
import pickle

import numpy as np
from onnx import TensorProto, helper, numpy_helper

BLOCK_STRIDES = {1: 2, 3: 2, 5: 2, 11: 2}  # of the first blocks of stages; others 1
ELEMENTS = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class StateReader(pickle.Unpickler):
    """Makes (storage, offset, shape, stride) of tensors, and nothing else but dicts: no code of the file runs."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: (storage, offset, shape, stride)
        if module == "torch" and name in ELEMENTS:
            return name
        raise pickle.UnpicklingError(f"the file names {module}.{name}")

    def persistent_load(self, what):
        return what  # ("storage", type, key, device, count, view)


def state(data):
    """{name: array} of the file's bytes."""
    file = io.BytesIO(data)
    magic, _, _, tensors, keys = (StateReader(file).load() for _ in range(5))
    if magic != 0x1950A86A20F9469CFC6C:
        raise ValueError("not a file of torch's first format")
    kinds = {what[2]: what[1] for what, *_ in tensors.values()}
    storages = {}
    for key in keys:
        kind = np.dtype(ELEMENTS[kinds[key]])
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {name: storages[what[2]][offset:offset + int(np.prod(shape))].reshape(shape) for name, (what, offset, shape, _) in tensors.items()}


def model(data):
    """ModelProto: image [batch, 3, 224, 224], (pixel - 127) / 128 -> logits [batch, 1000]."""
    tensors, nodes, used = state(data), [], {}

    def add(op, inputs, **attributes):
        nodes.append(helper.make_node(op, inputs, [f"{op}_{len(nodes)}"], name=f"{op}_{len(nodes)}", **attributes))
        return nodes[-1].output[0]

    def weight(name):
        used[name] = tensors[name]
        return name

    def layer(x, conv, norm, stride=1, groups=1, active=True):
        shape = tensors[conv + ".weight"].shape
        x = add("Conv", [x, weight(conv + ".weight")], auto_pad="SAME_UPPER", strides=[stride] * 2, group=groups, kernel_shape=list(shape[2:]))
        x = add("BatchNormalization", [x, *(weight(f"{norm}.{part}") for part in ("weight", "bias", "running_mean", "running_var"))], epsilon=1e-3)
        return add("Clip", [x, "zero", "six"]) if active else x

    x = layer("image", "_conv_stem", "_bn0", stride=2)
    blocks = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("_blocks"))
    for block in range(blocks):
        at, before, stride = f"_blocks.{block}.", x, BLOCK_STRIDES.get(block, 1)
        if at + "_expand_conv.weight" in tensors:
            x = layer(x, at + "_expand_conv", at + "_bn0")
        channels = len(tensors[at + "_depthwise_conv.weight"])
        x = layer(x, at + "_depthwise_conv", at + "_bn1", stride, channels)
        project = tensors[at + "_project_conv.weight"]
        x = layer(x, at + "_project_conv", at + "_bn2", active=False)
        first = tensors[at + "_expand_conv.weight"].shape[1] if at + "_expand_conv.weight" in tensors else channels
        if stride == 1 and first == len(project):
            x = add("Add", [x, before])
    x = add("Flatten", [add("GlobalAveragePool", [layer(x, "_conv_head", "_bn1")])])
    nodes.append(helper.make_node("Gemm", [x, weight("_fc.weight"), weight("_fc.bias")], ["logits"], name="classifier", transB=1))
    used.update(zero=np.array(0, np.float32), six=np.array(6, np.float32))
    graph = helper.make_graph(nodes, "efficientnet_lite0", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 224, 224])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1000])], [numpy_helper.from_array(v, k) for k, v in used.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
