# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""ONNX's rules for right answers. Needs numpy alone, so that it also runs where onnx is not (test/gpu)."""
import re

import numpy as np

RANDOM = re.compile(r"test_(bernoulli|training_dropout(?!_zero_ratio))")  # these compare random numbers


def is_plain(dtype):
    return dtype.kind in "biufcOUS" and dtype.isbuiltin != 2  # 2: a type that ml_dtypes adds


def compare(want, got, rtol, atol, where="output"):
    """None when `got` is right, otherwise why it is not."""
    if want is None or got is None:
        return None if want is got else f"{where}: only one of the two is absent"
    if isinstance(want, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(got) != len(want):
            return f"{where}: wanted a sequence of {len(want)}"
        verdicts = (compare(a, b, rtol, atol, f"{where}[{j}]") for j, (a, b) in enumerate(zip(want, got)))
        return next((v for v in verdicts if v), None)
    want, got = np.asarray(want), np.asarray(got)
    if want.shape != got.shape:
        return f"{where}: shape {got.shape}, wanted {want.shape}"
    if want.dtype.kind in "OUS":
        same = got.dtype.kind in "OUS" and np.array_equal(want.astype(str), got.astype(str))
        return None if same else f"{where}: strings differ"
    if want.dtype != got.dtype:
        return f"{where}: type {got.dtype}, wanted {want.dtype}"
    rtol = tolerance_of(want.dtype.name, rtol)
    if not is_plain(want.dtype):
        want, got = want.astype(np.float32), got.astype(np.float32)
    try:
        np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
    except AssertionError as e:
        return f"{where}: " + " ".join(str(e).split())[:160]


def tolerance_of(dtype_name, rtol):
    """Two ulp at least for the short floats: 1e-3 is one float16 ulp or less."""
    return max(rtol, {"bfloat16": 2 ** -6, "float16": 2 ** -9}.get(dtype_name, 0))
