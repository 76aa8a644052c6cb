#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""A plan once, launch by launch (--runs 3: the later ones as a graph); exit 1 when an output is not finite.

For compute-sanitizer, whose racecheck keeps hundreds of megabytes for each launch of a large model (mlc-run measures, and so runs more often):
  compute-sanitizer --tool racecheck python3 test/gpu/run_once.py FOLDER model.plan
"""
import sys

import numpy as np

import mlc_api
from shapes import arguments, parse_dims, shape_of, values_for


def main():
    parser = arguments(__doc__)
    parser.add_argument("--dims", nargs="*", default=[], metavar="SYMBOL=VALUE")
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    library = mlc_api.library_beside(args.dir)
    device = mlc_api.Device(library, args.device)
    session = mlc_api.Session(mlc_api.Plan(library, args.plan), device)
    symbols, data = parse_dims(args.dims), np.random.default_rng(1)
    for i, info in enumerate(session.infos("input")):
        session.set_input(i, mlc_api.Tensor.wrap(library, values_for(info, shape_of(info, symbols), data), mlc_api.DTYPES[info.dtype]))
    for _ in range(args.runs):
        session.run()
    finite = all(np.isfinite(session.output(i).numpy().astype(np.float32)).all() for i in range(len(session.infos("output"))))
    print(f"{args.plan}: {args.runs} run(s), outputs {'finite' if finite else 'NOT FINITE'}")
    return not finite


if __name__ == "__main__":
    sys.exit(main())
