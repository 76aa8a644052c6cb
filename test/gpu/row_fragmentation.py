#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Memory of two sessions that serve many shapes: reserved over active memory at their peaks, with expandable segments, again at a limit of 1.2 times the peak, without
them, and with max_split_size. Each run makes its input and output tensors on the device and holds the last eight outputs.

Exit 1: a ratio over 1.1 with expandable segments, a run that failed, allocated > active or active > reserved at any run, or a snapshot whose blocks do not add up.
"""
import collections
import random
import sys
import time

import numpy as np

import mlc_api
from shapes import arguments, on_device, shape_of

HELD = 8


def check_snapshot(device, stats):
    """None, or what does not add up."""
    total = collections.Counter()
    for segment in device.snapshot()["segments"]:
        for block in segment["blocks"]:
            total[block["state"]] += block["size_bytes"]
    active = total["used"] + total["waiting"]
    if active != stats.active_bytes:
        return f"the snapshot's blocks in use are {active} bytes, active are {stats.active_bytes}"
    if active + total["free"] != stats.reserved_bytes:
        return f"the snapshot's blocks are {active + total['free']} bytes, reserved are {stats.reserved_bytes}"
    return None


def serve(library, args, shapes, config):
    """(statistics at the end, faults, seconds) of all runs."""
    faults = collections.Counter()
    device = mlc_api.Device(library, args.device, alloc_conf=config.encode())
    plan = mlc_api.Plan(library, args.plan)
    sessions = [mlc_api.Session(plan, device, max_cached_shapes=16) for _ in range(2)]
    inputs, outputs = sessions[0].infos("input"), sessions[0].infos("output")
    choose, data = random.Random(5), np.random.default_rng(5)
    held, start = collections.deque(), time.time()
    for i in range(args.runs):
        session, symbols = choose.choice(sessions), choose.choice(shapes)
        try:
            for k, info in enumerate(inputs):
                session.set_input(k, on_device(device, info, shape_of(info, symbols), data, fill_floats=False))
            made = [mlc_api.Tensor.create(device, mlc_api.DTYPES[info.dtype], shape_of(info, symbols)) for info in outputs]
            for k, tensor in enumerate(made):
                session.set_output(k, tensor)
            session.run()
        except mlc_api.Failed as e:
            faults[str(e)[:200]] += 1
            continue
        held.append(made)
        if len(held) > HELD:
            del held[choose.randrange(HELD)]
        stats = device.stats()
        if not stats.allocated_bytes <= stats.active_bytes <= stats.reserved_bytes:
            faults["allocated <= active <= reserved does not hold"] += 1
        if i % 500 == 0:
            wrong = check_snapshot(device, stats)
            if wrong:
                faults[wrong] += 1
    return device.stats(), faults, time.time() - start


def main():
    parser = arguments(__doc__)
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--shapes", type=int, default=200)
    parser.add_argument("--range", nargs="+", default=[], metavar="SYMBOL=MIN:MAX", help="of the random shapes; sizes are spread evenly over their logarithm")
    args = parser.parse_args()
    ranges = {name: [int(x) for x in text.split(":")] for name, _, text in (word.partition("=") for word in args.range)}
    choose = random.Random(7)

    def size(low, high):
        return int(round(low * (high / low) ** choose.random()))
    shapes = [{name: size(low, high) for name, (low, high) in ranges.items()} for _ in range(args.shapes)]
    library = mlc_api.library_beside(args.dir)
    good, limit = True, 0
    for config, bar in (("expandable_segments:on", 1.1), ("limit", 1.2), ("expandable_segments:off", None), ("expandable_segments:off,max_split_size_mb:32", None)):
        if config == "limit":
            config = f"expandable_segments:on,limit_mb:{-(-limit * 12 // 10 >> 20)}"
        stats, faults, seconds = serve(library, args, shapes, config)
        ratio = stats.peak_reserved_bytes / max(1, stats.peak_active_bytes)
        limit = limit or stats.peak_active_bytes
        fine = not faults and (bar is None or ratio <= bar)
        good &= fine
        print(f"{config:48s} reserved/active at peak {ratio:.3f}, active {stats.peak_active_bytes / 2**20:.0f} MiB, {stats.num_allocations} requests, "
              f"{stats.num_system_allocations} to the driver, {stats.num_retries} retries, {stats.num_failures} failures, {seconds:.1f} s  {'ok' if fine else 'WRONG'}", flush=True)
        for fault, count in faults.most_common(5):
            print(f"  {count} x {fault}")
    return not good


if __name__ == "__main__":
    sys.exit(main())
