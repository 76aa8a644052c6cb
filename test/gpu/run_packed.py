#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Run what pack.py made on this machine's GPU and compare with the references; one line per model and size, exit 1 unless all are ok.

Verdicts as in test/models/check_models.py; unsteady: the first run's answer, launch by launch, is right, but the graphs' has other bits. `ms` is the median wall time of a run with inputs and outputs on the device.

A pack for half precision (pack.py --half) is judged by three things: the relative error, `rms/std` (root mean square over the reference's standard deviation), is at most 2e-2; no element is off by more than `peak` 0.1
(tolerance.peak; PEAKS); the answer (answers.py: class, next token, text, boxes, ..) is the reference's. `max/std` is the largest error over the standard deviation alone, which is told.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(HERE), "models")
sys.path.insert(0, MODELS)
from answers import difference_of  # noqa: E402
from tolerance import HALF_ERROR, HALF_PEAK, difference, peak, scaled  # noqa: E402

# One pixel on the edge of a letter, where a trained map rises within two: ONNX Runtime in f32 with values rounded to halves is 0.54 off there.
PEAKS = {"ppocr_v4_det": 0.54}


def run(words, timeout):
    try:
        libraries = os.path.dirname(os.path.abspath(words[0])) + ":" + os.environ.get("LD_LIBRARY_PATH", "")  # pack.py puts them beside the programs
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, env={**os.environ, "LD_LIBRARY_PATH": libraries})
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return 124, "", f"over {timeout} s"


def full_plan(row, args):
    """The plan to run: refilled when it was packed without weights."""
    plan = os.path.join(args.dir, row["plan"])
    if not row["stripped"]:
        return plan
    full = os.path.join(args.dir, "full-" + row["plan"])
    if not os.path.exists(full):
        model = os.path.join(args.models, row["model"] + ".onnx")
        if not os.path.exists(model):
            code, _, err = run([sys.executable, os.path.join(MODELS, "expand_models.py"), "--out", args.models, row["model"]], 300)
            if code:
                raise RuntimeError("expand_models.py: " + err.strip()[-300:])
        code, _, err = run([os.path.join(args.dir, "mlc-refit"), plan, "--weights", model, "-o", full], 300)
        if code:
            raise RuntimeError("mlc-refit: " + err.strip()[-300:])
    return full


def judge(made, reference):
    """(error in tolerances, whether that is right), by the rule of corpus.Reference."""
    part = {prefix: {k[len(prefix):]: reference[k] for k in reference if k.startswith(prefix)} for prefix in ("out:", "exact:")}
    error = max(difference(made[k], v)[0] for k, v in part["out:"].items())
    if error <= 1:
        return error, True
    if part["exact:"]:
        nearest = max(difference(made[k].astype(np.float64), v)[0] for k, v in part["exact:"].items())
        return error, nearest <= max(1, float(reference["exact_error"]))
    return error, error <= float(reference["spread"])


def judge_half(model, made, reference):
    """What the line of a model in half precision says: std, rms, good, note. reference: {"out:" + output name: array}."""
    wanted = {k[len("out:"):]: reference[k] for k in reference if k.startswith("out:")}
    made = {k: made[k] for k in wanted}
    largest, rms = scaled(made, wanted)
    differs = difference_of(model, made, wanted)
    farthest = peak(made, wanted) if np.isfinite(largest) else np.inf
    most = PEAKS.get(model, HALF_PEAK)
    within, together = rms <= HALF_ERROR, farthest <= most
    return {"std": largest, "rms": rms, "good": within and together and not differs,
            "note": f"rms/std {rms:8.2e} {'within' if within else 'BEYOND'} {HALF_ERROR:g}, peak {farthest:8.2e} {'within' if together else 'BEYOND'} {most:g}, max/std {largest:8.2e}; {f'WRONG ANSWER ({differs})' if differs else 'same answer'}"}


def check(row, args, folder):
    out = os.path.join(folder, "out.npz")
    if os.path.exists(out):
        os.remove(out)
    plan = full_plan(row, args)
    data = os.path.join(args.dir, row["data"])
    code, text, err = run([os.path.join(args.dir, "mlc-run"), plan, "--device", args.device, "--inputs", data + ".in.npz", "--save-outputs", out, "--json", "-",
                           "--iterations", str(args.iterations), "--warmup", "3"] + (["--profile"] if args.profile else []), args.timeout)
    if code:
        return {"verdict": "failed", "why": err.strip()[-400:]}
    report = json.loads(text)
    with np.load(out) as made, np.load(data + ".ref.npz") as reference:
        verdict = judge_half(row["model"], made, reference) if row.get("half") else {}
        error, good = judge(made, reference)
    good = verdict.pop("good", good)
    same = report.get("same_again", True)
    if args.profile:
        top = sorted(report["profile"], key=lambda e: -e["total_ns"])[:args.profile]
        for e in top:
            print(f"    {e['total_ns'] / max(1, e['count']) / 1e3:9.1f} us  {e['kernel']:24s} {e['label']}  {e['flops'] / 1e9:.3f} GFLOP {e['bytes'] / 1e6:.2f} MB")
    return {"ms": report["p50_ms"], "load": report["load_ms"], "target": report["target"], "error": error, "verdict": "wrong" if not good else "ok" if same else "unsteady", **verdict}


def line(row, result):
    start = f"{row['model']:32s} {row['size']:10s} {result.get('target', ''):10s} {result.get('ms', 0):10.3f} ms  load {result.get('load', 0):8.1f}  "
    error = "" if "std" in result else f"err/tol {result.get('error', 0):10.3g}"
    return start + error + f"  {result['verdict']}" + "".join(f"  {result[k]}" for k in ("note", "why") if k in result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", help="what pack.py made")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--models", default="/tmp/mlc-models", metavar="DIR", help="where expanded models go")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--timeout", type=int, default=120)
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N slowest launches")
    args = parser.parse_args()
    with open(os.path.join(args.dir, "manifest.json")) as file:
        rows = [r for r in json.load(file) if not args.names or r["model"] in args.names]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            try:
                result = check(row, args, folder)
            except Exception as e:  # a damaged pack is one row's fault
                result = {"verdict": "failed", "why": f"{type(e).__name__}: {e}"}
            bad += result["verdict"] != "ok"
            print(line(row, result), flush=True)
    print(f"{len(rows) - bad} of {len(rows)} ok")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
