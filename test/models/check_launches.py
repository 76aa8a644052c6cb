#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compile models for x86-64-v3 and compare their launches per run with launches.csv: more than stored is a fusion that was lost, fewer a count to store.

`bar` is what must never be passed; a model's second exporter may have 5 % more than the first."""
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


def launches(args, row, folder):
    """The model's launches, or why there are none."""
    model, made = corpus.model_file(row["model"])
    plan, report = os.path.join(folder, "model.plan"), os.path.join(folder, "report.json")
    done = Finished([os.path.join(args.bin, "mlc-compile"), model, "--arch", "x86-64-v3", "-o", plan, "--json", report, "--quiet", *row["arguments"].split()])
    if made and not args.keep and row["model"] in corpus.SKELETONS:
        os.remove(model)
    if done.status != 0:
        return done.why()
    with open(report) as f:
        return len(json.load(f)["targets"][0]["launches"])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--all", action="store_true", help="all models of launches.csv (default: " + " ".join(SMALL) + ")")
    ap.add_argument("--bin", default=default_bin(), metavar="DIR")
    ap.add_argument("--keep", action="store_true", help="keep expanded models in build/models")
    args = ap.parse_args()
    with open(os.path.join(HERE, "launches.csv")) as f:
        rows = [r for r in csv.DictReader(f) if args.all or r["model"] in SMALL]
    good = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            n = launches(args, row, folder)
            ok = n == int(row["launches"]) and (not row["bar"] or n <= int(row["bar"]))
            good += ok
            print(f"{row['model']:24} {n} launches, stored {row['launches']}, bar {row['bar'] or '-'}: {'ok' if ok else 'WRONG'}", flush=True)
    print(f"{good} of {len(rows)} ok")
    return 0 if good == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
