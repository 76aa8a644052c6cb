#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Random graphs: each is compiled at -O0 and at -O2, run on the same inputs at several sizes, and compared, with ONNX Runtime as a second oracle.

Tolerance: rtol 1e-3, atol 1e-4 * max(1, standard deviation of the -O0 result). Beyond it the inputs are disturbed by 1e-6: where -O0's own answer moves as
far, the graph amplifies rounding and counts as ill-conditioned, not as wrong. A failing graph is shrunk and saved with its inputs under build/random.
A seed makes the same graph everywhere.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx

import random_shrink
from random_builder import SIZES, feeds
from random_found import FOUND
from random_motifs import grow
from tools import ROOT, default_bin

with open("/proc/cpuinfo") as f:
    FEATURES = f.read().split()
ARCHS = ["host", "host", *["x86-64-v3"] * ("avx2" in FEATURES and "fma" in FEATURES), "x86-64-v2"]  # by seed
SAVED = os.path.join(ROOT, "build", "random")


class Failed(Exception):
    """How a graph fails: kind (crash, refused, wrong, ...) and a text."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def call(words, timeout=120):
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed("timeout", " ".join(words)) from None
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    why = next((line for line in lines if "error" in line.lower() or "Assert" in line), lines[-1] if lines else "no message")
    if done.returncode < 0 or done.returncode > 128:
        raise Failed("crash", f"{os.path.basename(words[0])} {' '.join(w for w in words if w.startswith('-O'))} ended with {done.returncode}: {why}")
    if done.returncode:
        raise Failed("refused" if "mlc-compile" in words[0] else "failed", f"{os.path.basename(words[0])} ended with {done.returncode}: {why}")


def excess(ours, wanted):
    """The largest error as a multiple of the tolerance."""
    if ours.shape != wanted.shape:
        return float("inf")
    if wanted.size == 0:
        return 0.0
    a, b = ours.astype(np.float64), wanted.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    allowed = 1e-3 * np.abs(b) + 1e-4 * max(1.0, b[finite].std() if finite.any() else 1.0)
    with np.errstate(invalid="ignore"):
        ratio = np.where(finite, np.abs(a - b) / allowed, 0)
    return float("inf") if np.isnan(ratio).any() else float(ratio.max())


class Oracle:
    """Checks a model of random graphs: raises Failed, returns whether it is well-conditioned."""

    def __init__(self, bin, threads=2, level="-O2", arch="host"):
        self.bin, self.threads, self.level, self.arch = bin, threads, level, arch

    def plan(self, model, folder, level):
        path = os.path.join(folder, f"model{level}.plan")
        call([os.path.join(self.bin, "mlc-compile"), model, level, "--arch", self.arch, "--threads", "1", "--quiet", "-o", path])
        return path

    def run(self, plan, given, folder):
        archive, made = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
        np.savez(archive, **given)
        words = ["--inputs", archive, "--save-outputs", made, "--iterations", "1", "--threads", str(self.threads), "--json", os.path.join(folder, "run.json")]
        call([os.path.join(self.bin, "mlc-run"), plan, *words])
        with np.load(made) as out:
            return dict(out)

    def check(self, model, given):
        """given: a list of {input: array}, one per size."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            onnx.save(model, path)
            plain, fast = self.plan(path, folder, "-O0"), self.plan(path, folder, self.level)
            session = ort_session(path)
            for size, inputs in enumerate(given):
                wanted, ours = self.run(plain, inputs, folder), self.run(fast, inputs, folder)
                theirs = dict(zip(wanted, session.run(list(wanted), inputs)))
                found = [(excess(ours[k], wanted[k]), k, f"{self.level} from -O0") for k in wanted] + [(excess(wanted[k], theirs[k]), k, "-O0 from ONNX Runtime") for k in wanted]
                error, name, what = max(found, key=lambda f: f[0])
                if not error <= 1:
                    moved = self.run(plain, {k: v * np.float32(1 + 1e-6) if v.dtype == np.float32 else v for k, v in inputs.items()}, folder)
                    if error < 1e9 and excess(moved[name], wanted[name]) > error / 10:
                        return False
                    raise Failed("wrong", f"{name} {list(wanted[name].shape)} at size {size}: {what} by {error:.3g} tolerances")
        return True


def ort_session(path):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def try_seed(seed, args):
    """(seed, verdict, text of a failure)"""
    oracle = Oracle(args.bin, threads=1 + seed % 3, level=f"-O{args.O}", arch=ARCHS[seed % len(ARCHS)])
    graph = grow(seed)
    model = graph.model(np.random.default_rng([seed, 1]))
    given = [feeds(graph.inputs, i, seed) for i in range(min(args.sizes, len(SIZES)))]
    try:
        return seed, "ok" if oracle.check(model, given) else "ill-conditioned", ""
    except Exception as error:  # noqa: BLE001 - of the generator or of ONNX Runtime: shown at once, not when all others are done
        if not isinstance(error, Failed):
            return seed, "no model", f"{type(error).__name__}: {error}"
        failure = error
        text = f"{failure} ({oracle.arch}, {oracle.threads} threads)"
        model, given, found = random_shrink.shrink(model, given, failure, lambda m, g: oracle.check(m, g), Failed, time.monotonic() + args.shrink)
        os.makedirs(SAVED, exist_ok=True)
        stem = os.path.join(SAVED, f"seed{seed}")
        onnx.save(model, stem + ".onnx")
        np.savez(stem + ".npz", **given[0])
        return seed, failure.kind, f"{text}\n  shrunk to {len(model.graph.node)} nodes ({os.path.relpath(stem, ROOT)}.onnx, .npz): {found}\n" + random_shrink.listing(model)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--count", type=int, default=40, help="graphs")
    ap.add_argument("--first", type=int, default=0, metavar="SEED", help="their seeds are SEED, SEED + 1, ...")
    ap.add_argument("--sizes", type=int, default=2, help=f"sizes of the symbols that each plan runs at, at most {len(SIZES)}")
    ap.add_argument("-O", type=int, default=2, metavar="LEVEL", help="the level that is compared with -O0")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--shrink", type=float, default=90, metavar="SECONDS", help="spent on making a failing graph small")
    ap.add_argument("--seconds", type=float, help="start no more graphs after this time")
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    args = ap.parse_args()
    start, verdicts = time.monotonic(), {}

    def timed(seed):
        return try_seed(seed, args) if not args.seconds or time.monotonic() - start < args.seconds else (seed, "not tried", "")

    failed = 0
    for name, (inputs, model) in FOUND.items():
        try:
            Oracle(args.bin, level=f"-O{args.O}").check(model, [feeds(inputs, 0, 0)])
        except Failed as failure:
            failed += 1
            print(f"{name}: {failure}", flush=True)
    print(f"{len(FOUND) - failed} of {len(FOUND)} graphs that failed once are right")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(timed, args.first + i) for i in range(args.count)]):
            seed, verdict, text = done.result()
            verdicts.setdefault(verdict, []).append(seed)
            if text:
                print(f"seed {seed}: {text}", flush=True)
    print(f"seeds {args.first} to {args.first + args.count - 1}, {time.monotonic() - start:.0f} s: " + ", ".join(f"{len(v)} {k}" for k, v in verdicts.items()))
    good = len(verdicts.get("ok", []))
    for kind in set(verdicts) - {"ok"}:
        print(f"{kind}: seeds {' '.join(map(str, sorted(verdicts[kind])))}")
    bad = set(verdicts) - {"ok", "ill-conditioned", "not tried"}
    return 1 if bad or failed or good < args.count // 8 else 0


if __name__ == "__main__":
    sys.exit(main())
