#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Run the ONNX cases that pack_conformance.py packed on this machine's GPU and judge them by ONNX's rules: failures first, then one table by operator.

Needs Python and numpy alone. Each case runs three times in one session, so launches enqueued one by one and graphs are both judged. Worker processes take many
cases each; one that dies, hangs or loses the device is started again and costs its case alone. Exit 1 unless every case passes (the random ones aside).
Verdicts: pass, mismatch, random (a mismatch where the expected values are random), error (a status of the runtime), timeout, crash.
"""
import argparse
import collections
import csv
import json
import lzma
import os
import queue
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "conformance"))
from rules import RANDOM, compare, tolerance_of  # noqa: E402
import mlc_api  # noqa: E402

WORKER = os.path.abspath(__file__)
RUNS = 3
START_SECONDS = 60
COLUMNS = ("pass", "mismatch", "random", "error", "timeout", "crash")


def widened(array, dtype):
    """bfloat16 from its bits, so that numpy can compare it."""
    return (array.astype(np.uint32) << 16).view(np.float32) if dtype == "bfloat16" else array


def run_set(session, number, data, row, case):
    """None when all outputs of one data set are right in each run, otherwise why not."""
    wanted_types = row["output"]
    for i, dtype in enumerate(row["input"]):
        session.set_input(i, mlc_api.Tensor.wrap(session.library, data[f"{number}.input.{i}"], dtype))
    for time_of_run in range(RUNS):
        session.run()
        for i, dtype in enumerate(wanted_types):
            tensor = session.output(i)
            where = f"output {i}, run {time_of_run + 1}"
            if tensor.dtype() != dtype:
                return f"{where}: type {tensor.dtype()}, wanted {dtype}"
            why = compare(widened(data[f"{number}.output.{i}"], dtype), widened(tensor.numpy(), dtype), tolerance_of(dtype, case["rtol"]), case["atol"], where)
            if why:
                return why
    return None


def run_case(library, device, folder, case):
    plan = mlc_api.Plan(library, os.path.join(folder, f"{case['number']}.plan"))
    session = mlc_api.Session(plan, device)
    with np.load(os.path.join(folder, f"{case['number']}.npz")) as data:
        for number, row in enumerate(case["sets"]):
            why = run_set(session, number, data, row, case)
            if why:
                return "random" if RANDOM.match(case["case"]) else "mismatch", why, session.target()
    return "pass", "", session.target()


def work(args):
    """A worker: cases come as lines on standard input, verdicts leave as lines on standard output."""
    with open(os.path.join(args.work, "manifest.json")) as file:
        cases = json.load(file)["cases"]
    library = mlc_api.library_beside(args.dir)
    device = mlc_api.Device(library, args.device)
    print("ready", device.features(), flush=True)
    for line in sys.stdin:
        case = {**cases[int(line)], "number": int(line)}
        try:
            verdict, detail, target = run_case(library, device, args.work, case)
        except mlc_api.Failed as e:
            print(json.dumps(["error", str(e), ""]), flush=True)
            if e.code == mlc_api.DEVICE_FAILED:
                os._exit(0)  # the context may be lost
            continue
        except Exception as e:
            verdict, detail, target = "error", f"{type(e).__name__}: {e}", ""
        print(json.dumps([verdict, detail, target]), flush=True)
    os._exit(0)


class Worker:
    """A worker process as its parent sees it."""

    def __init__(self, args):
        words = [sys.executable, WORKER, args.dir, "--work", args.work, "--device", args.device]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        answer = self.answer(START_SECONDS)
        if not answer.startswith("ready"):
            raise RuntimeError(f"no worker on {args.device}: {self.why()}")
        self.features = answer.split()[1]

    def answer(self, seconds):
        """The next line, "" when there is none in time or the process has ended."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        self.late = not timer.is_alive()
        timer.cancel()
        return line

    def run(self, number, seconds):
        """(verdict, detail, target)"""
        try:
            self.process.stdin.write(f"{number}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.answer(seconds)
        if line:
            return json.loads(line)
        return ["timeout", f"over {seconds} s", ""] if self.late else ["crash", self.why(), ""]

    def why(self):
        self.process.kill()
        status = self.process.wait()
        self.log.seek(0)
        text = self.log.read().decode(errors="replace").strip()
        return f"exit {status}: " + " ".join(text.split())[-300:]

    def ended(self):
        return self.process.poll() is not None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def drive(numbers, cases, args, results):
    """Feeds one worker until nothing is left or the time is up; starts another after each loss, unless several in a row do not start."""
    worker, not_started = None, 0
    while time.time() < args.end and not_started < 3:
        try:
            number = numbers.get_nowait()
        except queue.Empty:
            break
        start = time.time()
        try:
            if worker is None:
                not_started += 1
                worker = Worker(args)
                not_started = 0
            verdict, detail, target = worker.run(number, args.timeout)
            lost = verdict in ("timeout", "crash") or (verdict == "error" and "failed with CUDA_ERROR" in detail)
        except Exception as e:
            verdict, detail, target, lost = "crash", f"{type(e).__name__}: {e}", "", True
        if lost and worker:
            worker.close()
            worker = None
        if verdict != "pass":  # at once, so that it is there whatever happens later
            print(f"{verdict}: {cases[number]['kind']}/{cases[number]['case']}: {detail[:100]}", file=sys.stderr, flush=True)
        results[number] = dict(kind=cases[number]["kind"], case=cases[number]["case"], ops="+".join(cases[number]["ops"]), verdict=verdict, target=target,
                               seconds=f"{time.time() - start:.3f}", detail=" ".join(detail.split()))
    if worker:
        worker.close()


def report(rows, args, seconds):
    for row in rows:
        if row["verdict"] != "pass":
            print(f"  {row['verdict']:9} {row['kind']}/{row['case']} [{row['ops']}]: {row['detail'][:300]}")
    by_op = collections.defaultdict(collections.Counter)
    for row in rows:
        for op in row["ops"].split("+"):
            by_op[op][row["verdict"]] += 1
    print(f"{'operator':28s}" + "".join(f"{c:>9s}" for c in COLUMNS))
    for op, count in sorted(by_op.items(), key=lambda x: (not set(x[1]) - {"pass"}, x[0])):
        print(f"{op:28s}" + "".join(f"{count[c] or '':>9}" for c in COLUMNS))
    count = collections.Counter(row["verdict"] for row in rows)
    targets = collections.Counter(row["target"] for row in rows if row["target"])
    print(f"{len(rows)} cases on {args.device} in {seconds:.0f} s: " + ", ".join(f"{count[c]} {c}" for c in COLUMNS) + "; code: "
          + ", ".join(f"{target} {n}" for target, n in targets.most_common()))
    if args.csv and rows:
        with open(args.csv, "w", newline="") as file:
            out = csv.DictWriter(file, list(rows[0]))
            out.writeheader()
            out.writerows(rows)


def main(words=None):
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("dir", help="what pack_conformance.py made")
    ap.add_argument("--device", default="cuda:0")
    ap.add_argument("-j", "--jobs", type=int, default=4, help="worker processes")
    ap.add_argument("--timeout", type=float, default=20, help="seconds a case")
    ap.add_argument("--seconds", type=float, default=480, help="for all; cases left then are not run")
    ap.add_argument("--filter", default="", help="regular expression on kind/case")
    ap.add_argument("--csv", help="per-case results")
    ap.add_argument("--work", help=argparse.SUPPRESS)  # a worker: where the cases lie
    args = ap.parse_args(words)
    if args.work:
        return work(args)
    start = time.time()
    args.end = start + args.seconds
    with tempfile.TemporaryDirectory() as args.work:
        with lzma.open(os.path.join(args.dir, "cases.tar.xz")) as file, tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                with open(os.path.join(args.work, os.path.basename(member.name)), "wb") as out:
                    out.write(archive.extractfile(member).read())
        with open(os.path.join(args.work, "manifest.json")) as file:
            cases = json.load(file)["cases"]
        numbers, results = queue.SimpleQueue(), {}
        for i, case in enumerate(cases):
            if re.search(args.filter, case["kind"] + "/" + case["case"]):
                numbers.put(i)
        threads = [threading.Thread(target=drive, args=(numbers, cases, args, results)) for _ in range(args.jobs)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    rows = [results[i] for i in sorted(results)]
    report(rows, args, time.time() - start)
    if numbers.qsize():
        print(f"{numbers.qsize()} cases were NOT run")
    return 0 if rows and not numbers.qsize() and all(r["verdict"] in ("pass", "random") for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
