# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The command line: compile, measure in turns, compare, print one table."""
import argparse
import json
import os
import platform
import shlex
import sys
import tempfile

import numpy as np

from . import measure, model, nodes, trtexec
from .measure import Fault, Mlc, Peer, TITLES, middle
from .model import Usage
from .process import Finished, first_cpus

OK, MODEL, USAGE, SYSTEM, DIFFERS = range(5)
PEERS = ("ort", "openvino", "tensorrt", "torch")
FOOTER = """Without --inputs the inputs are random: floats in [-1, 1), integers 0 or 1. Peak memory is that of a process that loads and runs: of a peer, Python
with its packages is in it, and given behind a slash alone. Latency is host wall time; TensorRT's includes the transfers that trtexec makes: 10 always, 11 (as its users' logs show) only when asked to.

Example:
  mlc-compare model.onnx --against ort,openvino --threads 1
  mlc-compare model.onnx --shape image=1x3x224x224 --json report.json
  mlc-compare model.onnx --per-node

Exit codes: 0 done, 1 the model or plan is at fault, 2 usage, 3 the system failed, 4 MLC's outputs differ from ONNX Runtime's."""


class Stop(Exception):
    """The end of the program: an exit code and its reason."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def version(bin):
    with open(os.path.join(os.path.dirname(bin), "share", "mlc", "compare_version")) as f:
        return f.read().strip()


def arguments(bin, argv):
    ap = argparse.ArgumentParser(prog="mlc-compare", description="MLC beside other engines: the same model and inputs, measured in turns, compared with ONNX Runtime's fp32 answer.",
                                 epilog=FOOTER, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model", metavar="MODEL", help="the .onnx model")
    ap.add_argument("--against", default="ort", metavar="LIST", help=f"engines to measure beside MLC, of {', '.join(PEERS)}; one that is not installed is named as such (default: ort)")
    ap.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="threads of each engine, pinned to as many CPUs (default: all usable)")
    ap.add_argument("--shape", action="append", default=[], metavar="INPUT=1x3x224x224", help="fix an input's dims; may be repeated")
    ap.add_argument("--dims", action="append", default=[], metavar="NAME=MIN:OPT:MAX", help="range of a symbolic dim, run at OPT, or NAME=N to fix it; may be repeated")
    ap.add_argument("--inputs", metavar="NPZ", help="inputs: an archive with members named as them")
    ap.add_argument("--seed", type=int, default=0, metavar="N", help="of random inputs (default: 0)")
    ap.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds in which each engine runs once; figures are medians over them (default: 5)")
    ap.add_argument("--seconds", type=float, default=1.0, metavar="S", help="of each engine in a round (default: 1)")
    ap.add_argument("--plan", metavar="PLAN", help="measure this plan instead of compiling the model")
    ap.add_argument("--compile-options", default="", metavar="WORDS", help="more options for mlc-compile, in one word")
    ap.add_argument("--reference", metavar="MODEL", help="the model whose fp32 answers count (default: MODEL itself)")
    ap.add_argument("--rtol", type=float, default=1e-3, metavar="R", help="relative tolerance (default: 1e-3)")
    ap.add_argument("--atol", type=float, default=1e-4, metavar="A", help="absolute tolerance, times max(1, standard deviation) (default: 1e-4)")
    ap.add_argument("--per-node", action="store_true", help="compare the results of all regions with ONNX Runtime's and name the first that deviates; measures nothing")
    ap.add_argument("--chunk", type=int, default=64, metavar="N", help="with --per-node: tensors that one plan keeps (default: 64)")
    ap.add_argument("--python", action="append", default=[], metavar="ENGINE=PYTHON", help="the Python that has an engine's packages (default: this one); may be repeated")
    ap.add_argument("--json", metavar="FILE|-", help="write all figures; with - standard output holds only JSON")
    ap.add_argument("--bin", default=bin, metavar="DIR", help="where mlc-compile and mlc-run are (default: beside this command)")
    ap.add_argument("--version", action="version", version=f"mlc-compare {version(bin)}")
    args = ap.parse_args(argv)
    args.against = [e for e in args.against.split(",") if e]
    unknown = [e for e in args.against if e not in PEERS]
    if unknown:
        ap.error(f"--against knows {', '.join(PEERS)}, not '{unknown[0]}'")
    if min(args.threads, args.rounds, args.chunk) < 1 or args.seconds <= 0:
        ap.error("--threads, --rounds, --chunk and --seconds want positive numbers")
    args.pythons = {}
    for word in args.python:
        engine, equals, path = word.partition("=")
        if engine not in measure.PACKAGES or not equals:
            ap.error(f"--python wants ENGINE=PYTHON with an engine of {', '.join(measure.PACKAGES)}, got '{word}'")
        args.pythons[engine] = path
    return args


class Compare:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.model = model.load(args.model)
        self.given = os.path.join(folder, "in.npz")
        self.cpus = first_cpus(args.threads)
        self.feeds = self.inputs()
        np.savez(self.given, **self.feeds)
        self.commands = []

    def inputs(self):
        made = model.feeds(self.model, model.parse_shapes(self.args.shape), model.parse_dims(self.args.dims), self.args.seed)
        if not self.args.inputs:
            return made
        try:
            with np.load(self.args.inputs) as stored:
                given = dict(stored)
        except (OSError, ValueError) as e:
            raise Usage(f"{self.args.inputs}: {e}") from None
        absent = [n for n in made if n not in given]
        if absent:
            raise Usage(f"{self.args.inputs} has no input '{absent[0]}'; it has {', '.join(given)}")
        return {n: given[n] for n in made}

    # ---- MLC ----
    def compile(self, plan, keep=(), report=None):
        words = [os.path.join(self.args.bin, "mlc-compile"), self.args.model, "--arch", "host", "-o", plan, "--quiet"]
        words += [w for s in self.args.shape for w in ("--shape", s)] + [w for d in self.args.dims for w in ("--dims", d)] + shlex.split(self.args.compile_options)
        words += ["--keep", ",".join(keep)] if keep else []
        words += ["--json", report] if report else []
        done = self.called(words)
        return done

    def called(self, words):
        try:
            done = Finished(words, timeout=3600)
        except OSError as e:
            raise Stop(SYSTEM, f"{words[0]}: {e.strerror}; --bin says where the tools are") from None
        if done.status != 0:
            code = done.status if isinstance(done.status, int) and 0 < done.status < 4 else SYSTEM
            raise Stop(code, f"{os.path.basename(words[0])}: {done.why(400)}")
        return done

    def outputs_of(self, plan):
        path = os.path.join(self.folder, "out.npz")
        self.called([os.path.join(self.args.bin, "mlc-run"), plan, "--threads", str(self.args.threads), "--inputs", self.given, "--iterations", "1", "--save-outputs", path])
        with np.load(path) as made:
            return dict(made)

    # ---- peers ----
    def peer(self, engine, file=None):
        python = self.args.pythons.get("ort" if engine == "reference" else engine, sys.executable)
        return Peer(engine, file or self.args.model, self.given, self.args.threads, self.cpus, python)

    def opened(self, engine):
        """The engine, ready to be measured; a Fault says why not."""
        if engine == "tensorrt":
            program = trtexec.find()
            if program:
                return trtexec.TensorRt(program, self.args.model, self.feeds, model.is_dynamic(self.model), self.folder)
        absent = measure.missing(engine, self.args.pythons.get(engine, sys.executable))
        if absent:
            raise Fault(f"not installed: {'no trtexec in PATH, $TENSORRT_ROOT/bin or the usual places; ' if engine == 'tensorrt' else ''}pip install {' '.join(absent)}")
        return self.peer(engine)

    def reference(self):
        """ONNX Runtime's fp32 answers, or None and why there are none."""
        absent = measure.missing("ort", self.args.pythons.get("ort", sys.executable))
        if absent:
            return None, "onnxruntime is not installed, so no accuracy is known: pip install onnxruntime"
        peer = self.peer("reference", self.args.reference)
        try:
            return peer.outputs(os.path.join(self.folder, "reference.npz")), None
        finally:
            peer.close()

    # ---- the two jobs ----
    def measured(self):
        args, plan, notes = self.args, self.args.plan or os.path.join(self.folder, "model.plan"), []
        report = {"schema_version": 1, "model": args.model, "threads": args.threads, "cpus": self.cpus, "rounds": args.rounds, "seconds": args.seconds,
                  "machine": machine(), "inputs": {n: list(v.shape) for n, v in self.feeds.items()}, "engines": []}
        compiled = None if args.plan else self.compile(plan)
        engines, rows = {"mlc": Mlc(args.bin, plan, self.given, args.threads, self.cpus)}, {}
        try:
            for engine in args.against:
                try:
                    engines[engine] = self.opened(engine)
                except Fault as e:
                    rows[engine] = {"engine": engine, "fault": str(e)}
            try:
                wanted, why = self.reference()
            except Fault as e:
                wanted, why = None, f"ONNX Runtime refuses the model, so no accuracy is known: {e}"
            if why:
                notes.append(why)
            try:
                rounds = measure.interleaved(engines, args.rounds, args.seconds)
            except Fault as e:
                raise Stop(SYSTEM, str(e)) from None
            for name, engine in engines.items():
                times = rounds[name]
                row = {"engine": name, "command": engine.command, **engine.about, **{k: middle(times, k) for k in ("p50_ms", "p90_ms", "mean_ms", "min_ms")},
                       "throughput_per_s": 1e3 / middle(times, "mean_ms"), "runs": sum(t["runs"] for t in times), "rounds": times}
                row.setdefault("artifact_bytes", os.path.getsize(plan) if name == "mlc" else model.file_bytes(args.model, self.model))
                if wanted:
                    made = engine.outputs(os.path.join(self.folder, name + ".npz"))
                    errors = {k: model.difference(made[k], v, args.rtol, args.atol) if k in made else (float("inf"),) * 2 for k, v in wanted.items()}
                    row["outputs"] = [{"name": k, "max_abs_error": a, "error_in_tolerances": t} for k, (a, t) in errors.items()]
                rows[name] = row
        finally:
            for engine in engines.values():
                engine.close()
        if compiled:
            rows["mlc"].update(compile_command=compiled.words, compile_ms=compiled.seconds * 1e3, compile_peak_mb=compiled.peak_mb)
        report["engines"], report["notes"] = [rows[e] for e in ["mlc", *args.against]], notes
        differs = any(not o["error_in_tolerances"] <= 1 for o in rows["mlc"].get("outputs", []))
        report["within_tolerance"] = not differs if wanted else None
        return report, table(report), DIFFERS if differs else OK

    def per_node(self):
        absent = measure.missing("ort")
        if absent:
            raise Stop(SYSTEM, "--per-node needs ONNX Runtime: pip install onnxruntime")
        listed = os.path.join(self.folder, "compile.json")
        compiled = self.compile(os.path.join(self.folder, "model.plan"), report=listed)
        with open(listed) as f:
            launches = json.load(f)["targets"][0]["launches"]
        beside = nodes.Beside(lambda keep, plan: self.compile(plan, keep), self.outputs_of, self.args.reference or self.args.model, self.feeds, self.folder, self.args.rtol, self.args.atol)
        found = nodes.locate(beside, self.model.graph, launches, self.args.chunk)
        report = {"schema_version": 1, "model": self.args.model, "machine": machine(), "compile_command": compiled.words, "plans": beside.plans, "per_node": found}
        return report, node_text(report, self.args), DIFFERS if found["first"] else OK


def machine():
    with open("/proc/cpuinfo") as f:
        cpu = next((line.partition(":")[2].strip() for line in f if line.startswith("model name")), platform.processor())
    return {"cpu": cpu, "usable_cpus": len(os.sched_getaffinity(0)), "system": platform.platform()}


def cell(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)


def table(report):
    ours = report["engines"][0]
    rows = [("engine", "version", "p50 ms", "p90 ms", "runs/s", "time/MLC", "load ms", "first ms", "peak MB", "file MB", "max error", "err/tol")]
    for e in report["engines"]:
        title = TITLES[e["engine"]]
        if "fault" in e:
            rows.append((title, e["fault"]))
            continue
        outputs = e.get("outputs", [])
        worst = [max((o[k] for o in outputs), default=None) for k in ("max_abs_error", "error_in_tolerances")]
        before = e.get("peak_mb_before_load")
        memory = cell(e.get("peak_mb"), "{:.0f}") + (f"/{before:.0f}" if before else "")
        rows.append((title, e.get("version") or "-", cell(e["p50_ms"], "{:.3f}"), cell(e["p90_ms"], "{:.3f}"), cell(e["throughput_per_s"], "{:.1f}"), cell(e["p50_ms"] / ours["p50_ms"]),
                     cell(e.get("load_ms"), "{:.1f}"), cell(e.get("first_run_ms"), "{:.1f}"), memory, cell(e["artifact_bytes"] / 1e6), cell(worst[0], "{:.2g}"), cell(worst[1], "{:.2g}")))
    widths = [max(len(r[i]) for r in rows if len(r) == len(rows[0])) for i in range(len(rows[0]))]
    widths[0] = max(len(r[0]) for r in rows)
    lines = [f"{report['model']}, " + ", ".join(f"{n} {'x'.join(map(str, d)) or 'scalar'}" for n, d in report["inputs"].items()),
             f"{report['machine']['cpu']}, {report['threads']} threads on CPUs {report['cpus']}, {report['rounds']} rounds of {report['seconds']:g} s", ""]
    for r in rows:
        lines.append("  ".join([r[0].ljust(widths[0])] + ([r[1]] if len(r) == 2 else [r[1].ljust(widths[1])] + [c.rjust(w) for c, w in zip(r[2:], widths[2:])])).rstrip())
    lines.append("")
    if "compile_ms" in ours:
        lines.append(f"compiled in {ours['compile_ms'] / 1e3:.1f} s (peak {ours['compile_peak_mb']:.0f} MB): {shlex.join(ours['compile_command'])}")
    lines += [f"{TITLES[e['engine']]}: {shlex.join(e['command'])}" for e in report["engines"] if "command" in e]
    lines += [f"{TITLES[e['engine']]}: output '{o['name']}' DIFFERS from ONNX Runtime's fp32 answer: max abs error {o['max_abs_error']:.3g}, {o['error_in_tolerances']:.3g} tolerances"
              for e in report["engines"] for o in e.get("outputs", []) if not o["error_in_tolerances"] <= 1]
    return "\n".join(lines + report["notes"])


def node_text(report, args):
    found = report["per_node"]
    lines = [f"{len(found['regions'])} results of regions compared with ONNX Runtime's, {report['plans']} plans: {shlex.join(report['compile_command'])}"]
    worst = sorted(found["regions"], key=lambda r: -r["error_in_tolerances"])[:5]
    lines += [f"  {r['error_in_tolerances']:10.3g} tolerances, max abs error {r['max_abs_error']:8.3g}: '{r['tensor']}' of {', '.join(r['nodes'][:6])}" for r in worst]
    first = found["first"]
    if first:
        lines += [f"first that deviates: '{first['tensor']}', {first['error_in_tolerances']:.3g} tolerances, of the region {', '.join(first['nodes'])}", found["cause"]]
    else:
        lines.append(f"all are within rtol {args.rtol:g}, atol {args.atol:g} * max(1, standard deviation)")
    return "\n".join(lines)


def write(path, report):
    """Complete or untouched: written beside its name and renamed."""
    text = json.dumps(finite(report), indent=1) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    part = f"{path}.part{os.getpid()}"
    try:
        with open(part, "w") as f:
            f.write(text)
        os.replace(part, path)
    except OSError as e:
        if os.path.exists(part):
            os.remove(part)
        raise Stop(SYSTEM, f"{path}: {e.strerror}") from None


def finite(v):
    """JSON has no infinity: null."""
    if isinstance(v, dict):
        return {k: finite(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [finite(x) for x in v]
    return None if isinstance(v, float) and not np.isfinite(v) else v


def main(bin, argv=None):
    args = arguments(bin, argv)
    try:
        with tempfile.TemporaryDirectory(prefix="mlc-compare-") as folder:
            try:
                job = Compare(args, folder)
            except Usage:
                raise
            except Exception as e:  # noqa: BLE001 - protobuf and onnx raise what they like for a damaged file
                raise Stop(MODEL, f"{args.model}: {e}") from None
            report, text, code = job.per_node() if args.per_node else job.measured()
            if args.json:
                write(args.json, report)
            if args.json != "-":
                print(text)
            return code
    except Usage as e:
        print(f"mlc-compare: {e}", file=sys.stderr)
        return USAGE
    except Stop as e:
        print(f"mlc-compare: {e}", file=sys.stderr)
        return e.code
