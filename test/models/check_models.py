#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile models, run them and compare with ONNX Runtime; one line per model and size, exit 1 unless all are ok.

`err/tol` is the largest error as a fraction of what is allowed (see tolerance.difference), `ORT/ORT` the same between ONNX Runtime with and without graph
optimisation. Verdicts: ok (err/tol at most 1; where rounding is amplified, as near to the exact answer as ONNX Runtime: see corpus.Reference.judge); wrong; refused (mlc-compile ended with 1); failed (mlc-run ended with an error);
crash (a signal or over the time limit).
Skeletons are expanded one at a time under build/models and removed again unless --keep is given.
"""
import argparse
import json
import os
import sys
import tempfile

import numpy as np

import corpus
from tools import Finished, default_bin, keep_table

COLUMNS = ("model", "size", "compile s", "peak MB", "plan MB", "run ms", "max error", "err/tol", "ORT/ORT", "verdict")


def check(name, args, folder):
    """Rows of one model: the plan is compiled once and run at each size."""
    sizes = corpus.SIZES.get(name, [None]) if args.sizes else [None]
    path, made = corpus.model_file(name)
    answers = [corpus.reference(name, size) for size in sizes]
    plan = os.path.join(folder, name + ".plan")
    words = [os.path.join(args.bin, "mlc-compile"), path, "--arch", args.arch, "-o", plan] + (["--no-cache"] if args.record else [])  # recorded seconds are those of a cold compilation
    compiled = Finished(words + ([f"-O{args.O}"] if args.O is not None else []), args.timeout)
    row = {"model": name, "compile s": f"{compiled.seconds:.1f}", "peak MB": f"{compiled.peak_mb:.0f}"}
    if compiled.status != 0:
        verdict = "crash" if compiled.crashed() else "refused" if compiled.status == 1 else "failed"
        yield {**row, "verdict": verdict, "why": compiled.why()}
    else:
        row["plan MB"] = f"{os.path.getsize(plan) / 1e6:.1f}"
        for size, wanted in zip(sizes, answers):
            yield {**row, "size": corpus.size_label(size), **run(plan, wanted, args, folder)}
    for stale in [] if args.keep else [plan] + ([path, path + ".data"] if made and name in corpus.SKELETONS else []):
        if os.path.exists(stale):
            os.remove(stale)


def run(plan, wanted, args, folder):
    given, made = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
    np.savez(given, **wanted.inputs)
    words = [os.path.join(args.bin, "mlc-run"), plan, "--device", "host", "--inputs", given, "--save-outputs", made, "--json", "-",
             "--iterations", args.iterations, "--warmup", 1]
    done = Finished(words + (["--threads", args.threads] if args.threads else []), args.timeout)
    if done.status != 0:
        return {"verdict": "crash" if done.crashed() else "failed", "why": done.why()}
    try:
        ms = json.loads(done.out)["p50_ms"]
        with np.load(made) as ours:
            error, largest, good = wanted.judge({k: ours[k] for k in wanted.outputs})
    except (KeyError, ValueError, OSError) as e:
        return {"verdict": "failed", "why": f"{type(e).__name__}: {e}"}
    return {"run ms": f"{ms:.1f}", "max error": f"{largest:.2g}", "err/tol": f"{error:.3g}", "ORT/ORT": f"{wanted.spread:.3g}",
            "verdict": "ok" if good else "wrong"}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*", metavar="NAME", help="models (default: the six small ones)")
    ap.add_argument("--all", action="store_true", help="all 36 models")
    ap.add_argument("--sizes", action="store_true", help="run the dynamic models at three sizes each; alone: only those models")
    ap.add_argument("-O", metavar="LEVEL", help="optimisation level")
    ap.add_argument("--arch", default="host")
    ap.add_argument("--threads", type=int)
    ap.add_argument("--iterations", type=int, default=3)
    ap.add_argument("--timeout", type=float, default=900, help="seconds a command may take")
    ap.add_argument("--bin", default=default_bin(), metavar="DIR", help="where mlc-compile and mlc-run are")
    ap.add_argument("--keep", action="store_true", help="keep expanded models and plans (in build/models, build/plans)")
    ap.add_argument("--record", metavar="SECTION", help="also keep the table in this section of docs/results.md")
    args = ap.parse_args()
    unknown = [n for n in args.names if n not in corpus.ALL + corpus.TRAINED]
    if unknown:
        ap.error("unknown model(s): " + ", ".join(unknown))
    names = args.names or (corpus.ALL if args.all else list(corpus.SIZES) if args.sizes else corpus.SMALL)
    widths = [30, 9, 10, 8, 8, 9, 10, 8, 8, 8]
    print(" ".join(c.ljust(w) for c, w in zip(COLUMNS, widths)), flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(corpus.ROOT, "build", "plans") if args.keep else scratch
        os.makedirs(folder, exist_ok=True)
        for name in names:
            for row in check(name, args, folder):
                rows.append(row)
                print(" ".join(row.get(c, "").ljust(w) for c, w in zip(COLUMNS, widths)), row.get("why", ""), flush=True)
    good = sum(r["verdict"] == "ok" for r in rows)
    print(f"{good} of {len(rows)} ok")
    if args.record:
        lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
        lines += ["| " + " | ".join(r.get(c, "") for c in COLUMNS) + " |" for r in rows]
        keep_table(args.record, "\n".join(lines) + f"\n\n{good} of {len(rows)} ok")
    return 0 if good == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
