#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile models for x86-64-v3 and compare their launches per run with launches.csv: more than stored is a fusion that was lost, fewer a count to store;
and what was recognised in them with recognised.csv, where both exporters' variants of a model have the same norms, softmaxes, attentions and rotary embeddings.

`bar` is what must never be passed; a model's second exporter may have 5 % more than the first. The planned peak of activations must be within 5 % of the
schedule's lower bound, and that within 5 % of the best of source, depth-first and greedy order."""
import argparse
import csv
import json
import os
import sys
import tempfile

import corpus
from tools import Finished, default_bin

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = ["mobilenet_v3_large", "efficientnet_b0", "ppocr_v4_rec", "yolov8n_ts"]


# What a model has, whoever exported it. How activations and moves are written is the exporter's.
SHARED = ["layer_norm", "rms_norm", "group_norm", "instance_norm", "l2_norm", "softmax", "log_softmax", "attention", "rotary", "lstm", "gru", "squeeze_excite"]


def compiled(args, row, folder):
    """The compiler's report on the model, or why there is none."""
    model, made = corpus.model_file(row["model"])
    plan, report = os.path.join(folder, "model.plan"), os.path.join(folder, "report.json")
    done = Finished([os.path.join(args.bin, "mlc-compile"), model, "--arch", "x86-64-v3", "-o", plan, "--json", report, "--quiet", *row["arguments"].split()])
    if made and not args.keep and row["model"] in corpus.SKELETONS:
        os.remove(model)
    if done.status != 0:
        return done.why()
    with open(report) as f:
        return json.load(f)


def twin(model, known):
    """The variant of a model that another exporter has written, or None."""
    stem = model.removesuffix("_dynamo")
    return next((t for t in (stem + "_ts", stem) if t in known and t != model), None) if stem != model else None


def spelled(counts):
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "nothing"


def differing_twins(recognised):
    """Complaints about models whose variants do not have the same patterns."""
    pairs = [(m, twin(m, recognised)) for m in recognised]
    shared = {m: {k: n for k, n in counts.items() if k in SHARED} for m, counts in recognised.items()}
    return [f"{m}: {spelled(shared[m])}, but {t}: {spelled(shared[t])}" for m, t in pairs if t and shared[m] != shared[t]]


def judge(row, report, recognised):
    """(line to print, whether all is as it should be)"""
    if isinstance(report, str):
        return f"{row['model']:28} WRONG: {report}", False
    target = report["targets"][0]
    if report["recognised"] != recognised:
        return f"{row['model']:28} WRONG: recognised {spelled(report['recognised'])}; recognised.csv says {spelled(recognised)}", False
    n = len(target["launches"])
    peak, bound, best = target["planned_peak_bytes"], target["lower_bound_bytes"], min(target["order_peaks"].values())
    ok = n == int(row["launches"]) and (not row["bar"] or n <= int(row["bar"])) and peak <= 1.05 * bound and bound <= 1.05 * best
    text = f"{row['model']:28} {n:4} launches, stored {row['launches']}, bar {row['bar'] or '-'}; peak {peak / 1e6:.2f} MB, bound {bound / 1e6:.2f}, best order {best / 1e6:.2f}"
    return f"{text}: {'ok' if ok else 'WRONG'}", ok


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--all", action="store_true", help="all models of launches.csv (default: " + " ".join(SMALL) + ")")
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    ap.add_argument("--keep", action="store_true", help="keep expanded models in build/models")
    args = ap.parse_args()
    with open(os.path.join(HERE, "launches.csv")) as f:
        known = list(csv.DictReader(f))
    rows = [r for r in known if args.all or r["model"] in SMALL]
    recognised = {r["model"]: {} for r in known}
    with open(os.path.join(HERE, "recognised.csv")) as f:
        for r in csv.DictReader(f):
            recognised[r["model"]][r["pattern"]] = int(r["count"])
    complaints = differing_twins(recognised)
    for complaint in complaints:
        print(complaint)
    good = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            line, ok = judge(row, compiled(args, row, folder), recognised[row["model"]])
            good += ok
            print(line, flush=True)
    print(f"{good} of {len(rows)} ok")
    return 0 if good == len(rows) and not complaints else 1


if __name__ == "__main__":
    sys.exit(main())
