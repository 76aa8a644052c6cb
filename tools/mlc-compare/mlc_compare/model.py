# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What is asked of an ONNX model: its inputs at chosen sizes, the bytes it takes, its outputs beside a reference."""
import os
import re

import numpy as np
import onnx
from onnx import helper


class Usage(Exception):
    """The command line asks for what cannot be."""


def load(path):
    try:
        return onnx.load(path, load_external_data=False)
    except OSError as e:
        raise Usage(f"{path}: {e.strerror}") from None


def inputs_of(model):
    weights = {t.name for t in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in weights]


def parse_shapes(words):
    """{input: dims} of INPUT=1x3x224x224; '?' is None."""
    found = {}
    for word in words:
        name, equals, dims = word.rpartition("=")
        if not equals or not re.fullmatch(r"(\d+|\?)(x(\d+|\?))*", dims):
            raise Usage(f"--shape wants INPUT=1x3x224x224, got '{word}'")
        found[name] = [None if d == "?" else int(d) for d in dims.split("x")]
    return found


def parse_dims(words):
    """{symbol: the size it runs at} of NAME=N or NAME=MIN:OPT:MAX."""
    found = {}
    for word in words:
        name, equals, sizes = word.partition("=")
        if not equals or not re.fullmatch(r"\d+|\d+:\d+:\d+", sizes):
            raise Usage(f"--dims wants NAME=N or NAME=MIN:OPT:MAX, got '{word}'")
        found[name] = int(sizes.split(":")[len(sizes.split(":")) // 2])
    return found


def feeds(model, shapes, dims, seed):
    """Random inputs: floats in [-1, 1), integers and booleans 0 or 1. Symbolic dims that nothing fixes: 1 for first dims, else 64."""
    infos = {i.name: i.type.tensor_type for i in inputs_of(model)}
    for name in shapes:
        if name not in infos:
            raise Usage(f"--shape names '{name}', which is no input; inputs: {', '.join(infos)}")
    sizes, made = dict(dims), {}
    for name, given in shapes.items():
        own = infos[name].shape.dim
        if len(own) != len(given):
            raise Usage(f"--shape gives input '{name}' {len(given)} dims, it has {len(own)}")
        sizes.update({d.dim_param: n for d, n in zip(own, given) if d.dim_param and n is not None})
    random = np.random.default_rng(seed)
    for name, tensor in infos.items():
        given = shapes.get(name, [None] * len(tensor.shape.dim))
        shape = [n if n is not None else d.dim_value if d.HasField("dim_value") else sizes.setdefault(d.dim_param or f"{name}.{i}", 64 if i else 1)
                 for i, (d, n) in enumerate(zip(tensor.shape.dim, given))]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        made[name] = random.uniform(-1, 1, shape).astype(dtype) if dtype.kind in "fV" else random.integers(0, 2, shape).astype(dtype)
    return made


def is_dynamic(model):
    return any(not d.HasField("dim_value") for i in inputs_of(model) for d in i.type.tensor_type.shape.dim)


def file_bytes(path, model):
    """The model's file with the files of its weights."""
    stored = {next(e.value for e in t.external_data if e.key == "location") for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL}
    return os.path.getsize(path) + sum(os.path.getsize(os.path.join(os.path.dirname(path), f)) for f in stored)


def difference(ours, wanted, rtol, atol):
    """(largest absolute error, the same as a multiple of rtol |wanted| + atol max(1, standard deviation)); infinite where shapes or non-finite values differ."""
    if ours.shape != wanted.shape:
        return float("inf"), float("inf")
    if wanted.size == 0:
        return 0.0, 0.0
    a, b = ours.astype(np.float64), wanted.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(a[finite]).all():
        return float("inf"), float("inf")
    a, b = a[finite], b[finite]
    if b.size == 0:
        return 0.0, 0.0
    error = np.abs(a - b)
    return float(error.max()), float((error / (rtol * np.abs(b) + atol * max(1.0, b.std()))).max())
