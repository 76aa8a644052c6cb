#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""A session whose shape grows with every run, as a decoder's: at most two graphs (--most-graphs), nothing allocated after the second step.

The caller's tensors are views of buffers of the largest size, two sets of them in turn, so addresses change too. Exit 1: more graphs, an allocation, or a last answer
that is not, bit for bit, that of a new session without graphs.
"""
import sys
import time

import numpy as np

import mlc_api
from shapes import arguments, on_device, parse_dims, shape_of, to_numpy


def bind(device, session, buffers, symbols):
    for role, set_one in (("input", session.set_input), ("output", session.set_output)):
        for i, info in enumerate(session.infos(role)):
            set_one(i, mlc_api.Tensor.view(device, buffers[role][i], mlc_api.DTYPES[info.dtype], shape_of(info, symbols)))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--grow", required=True, metavar="SYMBOL")
    parser.add_argument("--start", type=int, default=64)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--dims", nargs="*", default=[], metavar="SYMBOL=VALUE", help="of the other symbols")
    parser.add_argument("--most-graphs", type=int, default=2)
    args = parser.parse_args()
    graphs = []
    library = mlc_api.library_beside(args.dir)
    device = mlc_api.Device(library, args.device, log=lambda line: graphs.append(line) if "a graph of" in line else None)
    plan = mlc_api.Plan(library, args.plan)
    session = mlc_api.Session(plan, device)
    fixed, data = parse_dims(args.dims), np.random.default_rng(3)
    largest = {**fixed, args.grow: args.start + args.steps}
    sets = [{role: [on_device(device, info, shape_of(info, largest), data) for info in session.infos(role)] for role in ("input", "output")} for _ in range(2)]
    allocations, times = 0, []
    for step in range(args.steps):
        symbols = {**fixed, args.grow: args.start + step}
        bind(device, session, sets[step % 2], symbols)
        start = time.perf_counter()
        session.run()
        times.append((time.perf_counter() - start) * 1e3)
        if step == 1:
            allocations = device.stats().num_system_allocations
    allocations = device.stats().num_system_allocations - allocations
    num_graphs = len(graphs)
    grown = [to_numpy(tensor) for key, tensor in sorted(session.bound.items()) if key[0] == "out"]
    again = mlc_api.Session(plan, device, cuda_graphs=0)
    bind(device, again, sets[(args.steps - 1) % 2], symbols)
    again.run()
    wanted = [to_numpy(tensor) for key, tensor in sorted(again.bound.items()) if key[0] == "out"]
    same = all(a.tobytes() == b.tobytes() for a, b in zip(grown, wanted))
    good = num_graphs <= args.most_graphs and allocations == 0 and same
    print(f"{args.steps} steps from {args.grow}={args.start}: {num_graphs} graphs, {allocations} allocations after the second step, median {np.median(times):.3f} ms, slowest after the "
          f"second {max(times[2:]):.3f} ms, the last answer is {'the same' if same else 'NOT the same'} without graphs  {'ok' if good else 'WRONG'}")
    return not good


if __name__ == "__main__":
    sys.exit(main())
