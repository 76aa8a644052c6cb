# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""How near to a reference an answer must be. Needs numpy alone, so that it also runs where the rest of the corpus does not."""
import numpy as np

HALF_ERROR = 2e-2  # half precision: root mean square error over the reference's standard deviation
HALF_PEAK = 0.1    # and the largest error of one element (peak): one that is rounded the wrong way is no fault, one that is lost is


def difference(ours, reference):
    """(largest error as a multiple of the tolerance, largest absolute error); tolerance is 1e-3 |ref| + 1e-4 max(1, std(ref)), integers are exact."""
    if ours.shape != reference.shape or ours.dtype != reference.dtype:
        return np.inf, np.inf
    if reference.size == 0:
        return 0.0, 0.0
    a, b = ours.astype(np.float64), reference.astype(np.float64)
    error = np.where(a == b, 0, np.abs(a - b))
    error = np.where(np.isnan(a) & np.isnan(b), 0, np.where(np.isnan(error), np.inf, error))
    if reference.dtype.kind != "f":
        return (np.inf if error.any() else 0.0), float(error.max())
    finite = b[np.isfinite(b)]
    tolerance = 1e-3 * np.abs(b) + 1e-4 * max(1.0, finite.std() if finite.size else 1.0)
    return float(np.nanmax(error / np.where(np.isfinite(tolerance), tolerance, 1))), float(error.max())


def scaled(ours, reference):
    """(largest error, root mean square error) of all float outputs {name: array}, each relative to its reference's standard deviation; a single number's to its size."""
    largest, mean = 0.0, 0.0
    for name, wanted in reference.items():
        if wanted.dtype.kind != "f" or not wanted.size:
            continue
        if ours[name].shape != wanted.shape:
            return np.inf, np.inf
        b = wanted.astype(np.float64)
        error = np.abs(ours[name].astype(np.float64) - b)
        error = np.where(np.isfinite(error), error, np.inf)
        scale = (b.std() if b.size > 1 else 0) or np.abs(b).max() or 1.0
        largest, mean = max(largest, float(error.max() / scale)), max(mean, float(np.sqrt((error ** 2).mean()) / scale))
    return largest, mean


def peak(ours, reference):
    """The largest error of all float outputs {name: array}, each relative to its element's size or to the standard deviation of its output, whichever is larger: outputs of a softmax or a sigmoid
    are almost all near 0, and an error of one that is near 1 is many of those."""
    worst = 0.0
    for name, wanted in reference.items():
        if wanted.dtype.kind != "f" or not wanted.size:
            continue
        b = wanted.astype(np.float64)
        error = np.abs(ours[name].astype(np.float64) - b) / np.maximum(np.maximum(np.abs(b), b.std()), np.finfo(np.float32).tiny)
        worst = max(worst, float(np.where(np.isfinite(error), error, np.inf).max()))
    return worst
