#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What mlc-run measures of one plan beside the bars: load, launch, overlap of copies, profile, the forward path.

Load: ready to run within 150 ms after the device is open. Launch: enqueueing takes at most 15 us and is one graph. Overlap: sessions on two streams with pinned inputs and outputs, copied ahead or
not, reach 90 % of the throughput with those on the device. Profile: the launches' times, less what is hidden behind launches before, add up to a run's within 10 %
(of a plan with --streams 1: profiled runs have one stream). Forward path: the plan's PTX gives the same answers (--forward).
Exit 1 beyond a bar.
"""
import json
import os
import subprocess
import sys
import tempfile

from shapes import arguments


class Rows:
    def __init__(self):
        self.good = True

    def add(self, name, fine, text):
        self.good &= fine
        print(f"{name:10s} {text}  {'ok' if fine else 'MISSED'}", flush=True)


def mlc_run(args, *words, code=0, **environment):
    """The report of a run; "log" in it is what it said."""
    command = [os.path.join(args.dir, "mlc-run"), args.plan, "--device", args.device, "--json", "-", *(["--dims", args.dims] if args.dims else []), *words]
    libraries = os.path.abspath(args.dir) + ":" + os.environ.get("LD_LIBRARY_PATH", "")
    done = subprocess.run(command, capture_output=True, text=True, timeout=args.timeout, env={**os.environ, "LD_LIBRARY_PATH": libraries, **environment})
    if done.returncode not in (0, code):
        sys.exit(f"mlc-run ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return {**json.loads(done.stdout), "log": done.stderr}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--dims", metavar="NAME=VALUE,...")
    parser.add_argument("--forward", action="store_true")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--only", nargs="*", default=[], help="of load, launch, overlap, profile")
    args = parser.parse_args()
    rows = Rows()

    def wanted(name):
        return not args.only or name in args.only
    timed = mlc_run(args, "--duration", str(args.seconds), "--warmup", "10", "--streams", "2")
    after = timed["load_ms"] - timed["device_ms"]
    if wanted("load"):
        rows.add("load", after <= 150, f"{after:.1f} ms after {timed['device_ms']:.1f} ms for the device; first run {timed['first_run_ms']:.1f} ms")
    if wanted("launch"):
        graphs = mlc_run(args, "--iterations", "5", MLC_LOG="debug")["log"].count("a graph of ")
        rows.add("launch", timed["enqueue_ms"] <= 0.015 and graphs == 1, f"{timed['enqueue_ms'] * 1e3:.1f} us to enqueue a run of {timed['p50_ms']:.3f} ms, {graphs} graphs")
    if wanted("overlap"):
        rate = {row["io"]: row["runs_per_s"] for row in timed["streams"]}
        same = all(row["within"] for row in timed["streams"])
        parts = {io: rate[io] / rate["on the device"] for io in ("pinned", "pinned, ahead")}
        rows.add("overlap", same and max(parts.values()) >= 0.9, "; ".join([*(f"{io} {r:.1f} runs/s" for io, r in rate.items()), *(f"{io} {100 * part:.1f} %" for io, part in parts.items())])
                 + f"; answers {'the same' if same else 'DIFFER'}")
    if wanted("profile"):
        report = mlc_run(args, "--profile", "--iterations", "60", "--warmup", "10")
        total, run_us = report.get("profile_total"), report["back_to_back_ms"] * 1e3
        launches_us = sum(e["total_ns"] for e in report["profile"]) / 1e3 / report["runs"]
        rates = f"MFU {100 * total['mfu']:.1f} %, MBU {100 * total['mbu']:.1f} % of {total['peak']}" if total else f"no peaks for '{report['product']}'"
        rows.add("profile", abs(launches_us / run_us - 1) <= 0.1, f"launches {launches_us:.1f} us ({report['profile_sum']['alone_us']:.1f} one by one), a run {run_us:.1f} us ({100 * launches_us / run_us:.1f} %); {rates}")
    if args.forward:
        with tempfile.TemporaryDirectory() as folder:
            saved = os.path.join(folder, "out.npz")
            mlc_run(args, "--save-outputs", saved, "--iterations", "1")
            report = mlc_run(args, "--reference", saved, "--iterations", "1", code=4, MLC_CUDA_FORCE_PTX="1")
        worst = max(o["max_abs_error"] for o in report["outputs"])
        rows.add("forward", report["target"].startswith("compute_") and worst <= 1e-2, f"{report['target']} code differs by {worst:.3g} at most")
    return not rows.good


if __name__ == "__main__":
    sys.exit(main())
