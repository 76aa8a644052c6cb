#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Device memory of a session as the driver counts it (cuMemGetInfo, after the context exists): weights + planned arena + at most 64 MiB; closing gives it back.

The first session's part is weights, code, arena and staging; a second one's is its arena and staging. Exit 1: more than the bar, or something is left at the end.
"""
import ctypes
import os
import sys

import numpy as np

import mlc_api
from shapes import arguments, parse_dims, shape_of, values_for

BEYOND_BYTES = 64 << 20
LEFT_BYTES = 4 << 20  # the driver frees in granules, and keeps some for itself


class Driver:
    """The device's primary context, held so that it outlives the library's."""

    def __init__(self, ordinal):
        self.dll = ctypes.CDLL("libcuda.so.1")
        context = ctypes.c_void_p()
        for name, *arguments_ in (("cuInit", 0), ("cuDevicePrimaryCtxRetain", ctypes.byref(context), ordinal), ("cuCtxPushCurrent_v2", None)):
            status = getattr(self.dll, name)(*(arguments_ if arguments_ != [None] else [context]))
            if status:
                sys.exit(f"{name} failed with {status}")

    def used(self):
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if self.dll.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)):
            sys.exit("cuMemGetInfo failed")
        return total.value - free.value


def open_session(plan, device, symbols):
    session, data = mlc_api.Session(plan, device), np.random.default_rng(2)
    for i, info in enumerate(session.infos("input")):
        session.set_input(i, mlc_api.Tensor.wrap(device.library, values_for(info, shape_of(info, symbols), data), mlc_api.DTYPES[info.dtype]))
    for _ in range(3):  # launches, then graphs
        session.run()
    return session


def main():
    parser = arguments(__doc__)
    parser.add_argument("--dims", nargs="*", default=[], metavar="SYMBOL=VALUE")
    args = parser.parse_args()
    library = mlc_api.library_beside(args.dir)
    driver = Driver(int(args.device.partition(":")[2] or 0))
    before = driver.used()
    symbols = parse_dims(args.dims)
    device, plan = mlc_api.Device(library, args.device), mlc_api.Plan(library, args.plan)
    first = open_session(plan, device, symbols)
    with_first = driver.used() - before
    memory, weights = first.memory(), plan.weights_bytes()
    beyond = with_first - weights - memory.planned_peak_bytes
    second = open_session(plan, device, symbols)
    with_both = driver.used() - before
    second.close()
    device.trim()
    after_second = driver.used() - before
    first.close()
    device.trim()
    after_first = driver.used() - before
    plan.close()
    device.close()
    left = driver.used() - before
    good = beyond <= BEYOND_BYTES and after_second <= with_first and left <= LEFT_BYTES
    mib = 2.0 ** 20
    print(f"{os.path.basename(args.plan)}: one session {with_first / mib:.1f} MiB = weights {weights / mib:.1f} + arena {memory.planned_peak_bytes / mib:.1f} + {beyond / mib:.1f}; two "
          f"{with_both / mib:.1f}, the second closed {after_second / mib:.1f}, both closed {after_first / mib:.1f}, all closed {left / mib:.1f}  {'ok' if good else 'WRONG'}")
    return not good


if __name__ == "__main__":
    sys.exit(main())
