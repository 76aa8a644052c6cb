#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""usage: packed_runner_test.py BIN: the part fp16 of scripts/gpu-test packs and runs without a GPU, and errors and answers of half precision can be wrong."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import run_packed as runner  # noqa: E402

MODEL = "lstm_gru"


def check_verdicts():
    logits = np.random.default_rng(0).normal(size=(1, 1000)).astype(np.float32)
    best, unit = int(logits.argmax()), float(logits.std())

    def verdict(change):
        made = logits.copy()
        change(made[0])
        return runner.judge_half("resnet50_ts", {"logits": made}, {"out:logits": logits})

    def flip(row):
        row[best], row[best - 1] = row[best - 1], row[best]
    assert verdict(lambda row: row.__iadd__(0.019 * unit))["good"]
    far = verdict(lambda row: row.__iadd__(0.021 * unit))
    assert not far["good"] and "BEYOND 0.02" in far["note"] and "same answer" in far["note"], far
    for by, good in ((0.03, True), (0.3, False)):  # a single element
        told = verdict(lambda row: row.__setitem__((best + 1) % 1000, row[(best + 1) % 1000] - by * unit))
        assert told["good"] == good and "within 0.02," in told["note"] and ("BEYOND 0.1" in told["note"]) != good, told
    wrong = verdict(flip)
    assert not wrong["good"] and "WRONG ANSWER" in wrong["note"], wrong
    assert not verdict(lambda row: row.fill(np.nan))["good"]


def gpu_test(*words):
    return subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "gpu-test"), *words], capture_output=True, text=True)


def check_part(scratch):
    out, models = os.path.join(scratch, "packs"), os.path.join(scratch, "models")
    packed = gpu_test("--pack", "fp16", "--arch", "host", "--bin", sys.argv[1], "--dir", out, "--only", MODEL)
    assert packed.returncode == 0, packed.stdout + packed.stderr
    folder = os.path.join(out, "fp16")

    def run():
        done = gpu_test("--run", folder, "--device", "host", "--models", models)
        return done.returncode, done.stdout + done.stderr
    status, told = run()
    assert status == 0 and "1 of 1 ok" in told and "within 0.02" in told and "; same answer" in told, told
    with open(os.path.join(folder, "manifest.json")) as file:
        path = os.path.join(folder, json.load(file)[0]["data"] + ".ref.npz")
    with np.load(path) as stored:
        reference = dict(stored)
    np.savez(path, **{k: np.roll(v, 1, -1) if k == "out:tag_scores" else v for k, v in reference.items()})
    status, told = run()
    assert status == 1 and "WRONG ANSWER" in told and "0 of 1 ok" in told, told


def main():
    check_verdicts()
    with tempfile.TemporaryDirectory() as scratch:
        check_part(scratch)
    print("packed_runner_test: ok")


if __name__ == "__main__":
    main()
