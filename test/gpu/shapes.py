# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Tensors for a session at given values of its symbols; needs numpy alone."""
import re

import numpy as np

import mlc_api

FLOATS = ("float16", "float32", "float64")


def parse_dims(words):
    """{symbol: value} of NAME=VALUE words."""
    return {name: int(value) for name, _, value in (word.partition("=") for word in words)}


def shape_of(info, symbols):
    """An input's or output's shape; dims are expressions over symbols (+ - * and numbers, floordiv, ceildiv, mod, min, max)."""
    return tuple(info.dims[i] if info.dims[i] >= 0 else evaluate(info.dim_names[i].decode(), symbols) for i in range(info.rank))


def evaluate(text, symbols):
    text = re.sub(r"\bfloordiv\b", "//", text)
    names = {f"s{i}": value for i, value in enumerate(symbols.values())}
    for i, name in enumerate(sorted(symbols, key=len, reverse=True)):
        names[f"s{i}"] = symbols[name]
        text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.])", f"s{i}", text)
    return int(eval(text, {"__builtins__": {}, "min": min, "max": max}, names))  # a test's own plan


def values_for(info, shape, random):
    """Floats in [-1, 1), integers and bools all 1."""
    name = mlc_api.DTYPES[info.dtype]
    if name in FLOATS:
        return random.uniform(-1, 1, shape).astype(name)
    if name == "bfloat16":
        return (random.uniform(-1, 1, shape).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return np.ones(shape, name)


def on_device(device, info, shape, random, fill_floats=True):
    """A new tensor of the device with such values; without fill_floats floats stay what lay there."""
    name = mlc_api.DTYPES[info.dtype]
    tensor = mlc_api.Tensor.create(device, name, shape)
    if np.prod(shape, dtype=np.int64) > 0 and (fill_floats or "float" not in name):
        tensor.copy_from(mlc_api.Tensor.wrap(device.library, values_for(info, shape, random), name))
    return tensor


def to_numpy(tensor):
    """A copy of a tensor on the device."""
    name = tensor.dtype()
    array = np.empty(tensor.shape(), "uint16" if name == "bfloat16" else name)
    if array.size:
        mlc_api.Tensor.wrap(tensor.library, array, name).copy_from(tensor)
    return array


def arguments(description):
    """The arguments that all of these runners take."""
    import argparse
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", help="where libmlc_runtime.so is")
    parser.add_argument("plan")
    parser.add_argument("--device", default="cuda:0")
    return parser
