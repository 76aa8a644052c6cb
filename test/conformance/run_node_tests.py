#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Judge any engine over ONNX backend test directories (DIR/<kind>/<case>/model.onnx + test_data_set_*).

  run_node_tests.py DIR --command 'mlc-run --model {model} --inputs {dir} --outputs {out}' -j 4 --csv r.csv

The command (no shell; exit status 0 expected) may name {model} the .onnx file, {dir} the folder of inputs,
{out} an empty folder for outputs, {case} the case's name. Inputs are {dir}/input_<i>.<format>, <i> counting the
graph inputs that are not initializers; outputs are wanted as {out}/output_<i>.npy or .pb in the graph's order.
  pb : the TensorProto / SequenceProto / OptionalProto of the test, as it is.
  npy: one array; a sequence is input_<i>_<j>.npy for each element j; an absent optional has no file.
       Types numpy lacks: bfloat16 as uint16 bits, 8-bit floats and float4 as uint8 bits (one value a byte),
       int4/int2 as int8 values, uint4/uint2 as uint8 values. Strings are fixed-width unicode.
Tolerance and rules are onnx's own: equal shapes and types, rtol 1e-3 and atol 1e-7 unless the case's
tolerance.json or data.json says otherwise, bfloat16 and float16 at least 2 ulp (1e-3 is one float16 ulp or less:
whoever rounds intermediate values elsewhere, even an engine nearer to the exact answer, would fail).
Verdicts: pass, mismatch, refused (exit status --refused, and the output names one of the case's operators or inputs), error (any other exit status, missing
output), timeout, crash (a signal), random (a mismatch in a case whose expected values are random), harness (not judged).
"""
import argparse, collections, csv, json, os, re, shlex, signal, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import onnx
from onnx import numpy_helper as nh

from rules import RANDOM, compare, is_plain

BITS = {"bfloat16": np.uint16, "int4": np.int8, "int2": np.int8}  # other types numpy lacks: uint8


def load_value(path, value_type):
    """The value (array, list or None) that a .pb file holds."""
    proto, read = {"tensor_type": (onnx.TensorProto, nh.to_array), "sequence_type": (onnx.SequenceProto, nh.to_list),
                   "optional_type": (onnx.OptionalProto, nh.to_optional)}[value_type.WhichOneof("value")]
    return read(proto.FromString(Path(path).read_bytes()))


def numbered(folder, stem):
    return [folder / f"{stem}_{i}.pb" for i in range(len(list(folder.glob(f"{stem}_*.pb"))))]


class Case:
    """One test directory: its model, its tolerance and its data sets."""
    def __init__(self, directory):
        self.dir = Path(directory)
        self.kind, self.name, self.path = self.dir.parent.name, self.dir.name, self.dir / "model.onnx"
        self.model = onnx.load(self.path)
        self.rtol, self.atol = 1e-3, 1e-7
        for f in ("tolerance.json", "data.json"):
            if (self.dir / f).exists():
                t = json.loads((self.dir / f).read_text())
                self.rtol, self.atol = t.get("rtol", self.rtol), t.get("atol", self.atol)
        constants = {i.name for i in self.model.graph.initializer}
        self.inputs = [i for i in self.model.graph.input if i.name not in constants]
        self.outputs = self.model.graph.output
        self.sets = sorted(self.dir.glob("test_data_set_*"))
        self.domain = self.model.graph.node[0].domain or "ai.onnx"
        self.ops = sorted({n.op_type for n in self.model.graph.node})

    def expected(self, data_set):
        return [load_value(p, v.type) for p, v in zip(numbered(data_set, "output"), self.outputs)]

    def given(self, data_set):
        return [load_value(p, v.type) for p, v in zip(numbered(data_set, "input"), self.inputs)]


def write_npy(stem, value):
    if isinstance(value, (list, tuple)):
        [write_npy(f"{stem}_{j}", v) for j, v in enumerate(value)]
    elif value is not None:
        a = np.asarray(value)
        if not is_plain(a.dtype):
            bits = BITS.get(a.dtype.name, np.uint8)
            a = a.astype(bits) if "int" in a.dtype.name else a.view(bits)
        np.save(f"{stem}.npy", a.astype(str) if a.dtype == object else a)


def read_npy(path, want):
    """An array that the command wrote; a type that numpy lacks is restored from its bits."""
    a = np.load(path)
    if want is None or is_plain(want.dtype) or a.dtype != BITS.get(want.dtype.name, np.uint8):
        return a
    return a.astype(want.dtype) if "int" in want.dtype.name else a.view(want.dtype)


def read_output(folder, i, info, want):
    if (folder / f"output_{i}.pb").exists():
        return load_value(folder / f"output_{i}.pb", info.type)
    if isinstance(want, (list, tuple)):
        count = len(list(folder.glob(f"output_{i}_*.npy")))
        return [read_npy(folder / f"output_{i}_{j}.npy", want[0] if want else None) for j in range(count)]
    path = folder / f"output_{i}.npy"
    return None if want is None and not path.exists() else read_npy(path, want)


def run_set(case, data_set, args, tmp):
    """(verdict, detail) of one data set"""
    given, out = Path(tmp, "in"), Path(tmp, "out")
    given.mkdir(), out.mkdir()
    try:
        for i, p in enumerate(numbered(data_set, "input")):
            if args.format == "pb":
                (given / p.name).write_bytes(p.read_bytes())
            else:
                write_npy(given / f"input_{i}", load_value(p, case.inputs[i].type))
        wanted = case.expected(data_set)
    except Exception as e:
        return "harness", f"{type(e).__name__}: {e}"
    words = [w.format(model=case.path, dir=given, out=out, case=case.name) for w in shlex.split(args.command)]
    p = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        log = p.communicate(timeout=args.timeout)[0].decode(errors="replace").strip()
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return "timeout", f"over {args.timeout} s"
    if p.returncode == args.refused and any(name in log for name in [*case.ops, *(f"input '{i.name}'" for i in case.inputs)]):
        return "refused", next((line for line in log.splitlines() if "error" in line.lower()), log[-200:])[:200]
    if p.returncode:
        why = next((line for line in log.splitlines() if "error" in line.lower()), log[-200:])
        return "crash" if p.returncode < 0 or p.returncode > 128 else "error", f"exit {p.returncode}: {why[:200]}"
    try:
        got = [read_output(out, i, info, want) for i, (info, want) in enumerate(zip(case.outputs, wanted))]
    except Exception as e:
        return "error", f"output unreadable: {type(e).__name__}: {e}"[:200]
    why = compare(wanted, got, case.rtol, case.atol)
    if why:
        return "random" if RANDOM.match(case.name) else "mismatch", why
    return "pass", ""


def run_case(directory, args):
    case, start, verdict, detail = Case(directory), time.time(), "harness", "no data set"
    for data_set in case.sets:
        with tempfile.TemporaryDirectory() as tmp:
            verdict, detail = run_set(case, data_set, args, tmp)
        if verdict != "pass":
            break
    return dict(kind=case.kind, case=case.name, domain=case.domain, ops="+".join(case.ops), verdict=verdict,
                seconds=f"{time.time() - start:.2f}", detail=" ".join(detail.split()))


def summarize(rows):
    groups = collections.defaultdict(collections.Counter)
    for r in rows:
        groups[(r["kind"], r["domain"])][r["verdict"]] += 1
        groups[("all", "")][r["verdict"]] += 1
    for (kind, domain), c in sorted(groups.items()):
        others = " ".join(f"{k}={v}" for k, v in sorted(c.items()) if k != "pass")
        print(f"{kind:20} {domain:26} {c['pass']:5} / {sum(c.values()):5}  {others}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("tests", type=Path)
    ap.add_argument("--command", required=True)
    ap.add_argument("--format", choices=["npy", "pb"], default="npy")
    ap.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    ap.add_argument("--timeout", type=float, default=20, help="seconds a data set")
    ap.add_argument("--filter", default="", help="regular expression on kind/case")
    ap.add_argument("--every", type=int, default=1, help="only every K-th case")
    ap.add_argument("--refused", type=int, help="exit status that means: cannot be compiled")
    ap.add_argument("--csv", type=Path, help="per-case results")
    args = ap.parse_args()
    found = [p.parent for p in sorted(args.tests.glob("*/*/model.onnx"))]
    found = [d for d in found if re.search(args.filter, f"{d.parent.name}/{d.name}")][::args.every]
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda d: run_case(d, args), found))
    if args.csv:
        with open(args.csv, "w", newline="") as f:
            out = csv.DictWriter(f, list(rows[0]))
            out.writeheader(), out.writerows(rows)
    summarize(rows)
    return 0 if all(r["verdict"] in ("pass", "refused", "random") for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
