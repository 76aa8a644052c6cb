# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""TensorRT by trtexec, 10 and 11: where it is, its command lines, what it prints, and an engine of measure.py on top.

What it prints, behind a time and a severity: `Latency: min = 1 ms, ..., median = 1 ms, percentile(90%) = 1 ms, ...`, and at both ends
`&&&& PASSED TensorRT.trtexec [TensorRT v100300] # ...` (11 adds a build: `[TensorRT v110100] [b106]`).
"""
import json
import os
import re
import shutil
import tempfile

import numpy as np

from .measure import Fault
from .process import Finished

PLACES = ("/usr/src/tensorrt/bin", "/opt/tensorrt/bin", "/usr/local/tensorrt/bin", "/usr/local/TensorRT/bin")
ERROR = re.compile(r"^(?:\[[^\]]*\] )?\[E\] (.*)$", re.M)
ROW = re.compile(r"^(?:\[[^\]]*\] )?(?:\[I\] )?(Latency|Enqueue Time|H2D Latency|GPU Compute Time|D2H Latency): (min = .*)$", re.M)
NUMBER = r"([-+\d.e]+)"


def find():
    """The program's path, or None: PATH, $TENSORRT_ROOT/bin, where packages put it."""
    roots = [os.path.join(os.environ[v], "bin") for v in ("TENSORRT_ROOT", "TRT_ROOT") if os.environ.get(v)]
    return shutil.which("trtexec") or next((p for p in (os.path.join(d, "trtexec") for d in [*roots, *PLACES]) if os.access(p, os.X_OK)), None)


def version(text):
    """"10.3.0" of "v100300", "8.4.0" of the older "v8400"; None without a banner."""
    found = re.search(r"\[TensorRT v([\d.]+)\]", text)
    if not found or "." in found[1]:
        return found[1] if found else None
    n = int(found[1])
    return f"{n // 10000}.{n // 100 % 100}.{n % 100}" if n >= 100000 else f"{n // 1000}.{n // 100 % 10}.{n % 100}"


def figures(line):
    """{min, max, mean, median, p90, p95, p99} in ms, those that the line has."""
    found = {k: float(v) for k, v in re.findall(rf"(min|max|mean|median) = {NUMBER} ms", line)}
    return {**found, **{f"p{int(float(p))}": float(v) for p, v in re.findall(rf"percentile\(([\d.]+)%\) = {NUMBER} ms", line)}}


def parse(text):
    """What a run of trtexec said. Raises Fault, with its first error, when it did not pass or printed no summary."""
    text = text.replace("\r\n", "\n")
    errors = ERROR.findall(text)
    if "&&&& PASSED" not in text:
        raise Fault("trtexec: " + (errors[0].strip() if errors else "it did not pass: " + (text.strip().splitlines() or ["no output"])[-1]))
    report = {"version": version(text)}
    for key, pattern in (("throughput_per_s", rf"Throughput: {NUMBER} qps"), ("build_s", rf"Engine built in {NUMBER} sec"), ("load_s", rf"Engine (?:de)?(?:serialized|loaded) in {NUMBER} sec"),
                         ("runs", r"Timing trace has (\d+) queries"), ("wall_s", rf"Total Host Walltime: {NUMBER} s")):
        found = re.search(pattern, text)
        if found:
            report[key] = float(found[1])
    for title, line in ROW.findall(text):
        report[title.lower().replace(" ", "_")] = figures(line)
    if "throughput_per_s" in report and "latency" not in report:
        raise Fault("trtexec: it passed, but its summary has no line of latencies: another form than that of 10 and 11")
    return report


def shapes(feeds):
    return ",".join(f"{name}:{'x'.join(map(str, v.shape))}" for name, v in feeds.items() if v.ndim)


def build_command(program, model, feeds, engine, dynamic):
    """fp32 without TF32; 11 takes precisions from the model and knows no flags for them."""
    return [program, f"--onnx={model}", f"--saveEngine={engine}", "--noTF32", "--skipInference", *([f"--{w}Shapes={shapes(feeds)}" for w in ("min", "opt", "max")] if dynamic else [])]


def run_command(program, engine, feeds, files, seconds, dynamic, more=()):
    """CUDA graphs and spinning, as one who wants the best figures runs it; transfers are measured, latency is the sum with them."""
    words = [program, f"--loadEngine={engine}", "--useCudaGraph", "--useSpinWait", "--iterations=1", "--warmUp=200", f"--duration={seconds}", "--percentile=90,95,99"]
    return words + ([f"--shapes={shapes(feeds)}"] if dynamic else []) + ["--loadInputs=" + ",".join(f"{name}:{path}" for name, path in files.items())] + list(more)


class TensorRt:
    """An engine of measure.py: built once, loaded by trtexec in every round."""

    def __init__(self, program, model, feeds, dynamic, folder):
        self.program, self.feeds, self.dynamic, self.folder = program, feeds, dynamic, folder
        self.engine, self.files = os.path.join(folder, "model.engine"), {}
        for i, (name, v) in enumerate(feeds.items()):
            self.files[name] = os.path.join(folder, f"input{i}.bin")
            np.ascontiguousarray(v).tofile(self.files[name])
        self.command = build_command(program, model, feeds, self.engine, dynamic)
        built = Finished(self.command, timeout=3600)
        report = parse(built.out + built.err)
        self.about = {"version": report["version"], "build_ms": 1e3 * report.get("build_s", built.seconds), "artifact_bytes": os.path.getsize(self.engine)}

    def run(self, seconds, *more):
        done = Finished(run_command(self.program, self.engine, self.feeds, self.files, seconds, self.dynamic, more))
        report = parse(done.out + done.err)
        if "latency" not in report:
            raise Fault("trtexec: no latencies were printed")
        return report, done

    def times(self, seconds):
        report, done = self.run(max(1, round(seconds)))
        self.about.setdefault("peak_mb", done.peak_mb)
        if "load_s" in report:
            self.about.setdefault("load_ms", report["load_s"] * 1e3)
        latency = report["latency"]
        return {"p50_ms": latency["median"], "p90_ms": latency.get("p90", latency["max"]), "mean_ms": latency["mean"], "min_ms": latency["min"], "runs": int(report.get("runs", 0))}

    def outputs(self, file):
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            path = os.path.join(scratch, "out.json")
            self.run(1, f"--exportOutput={path}")
            return read_outputs(path)

    def close(self):
        pass


def read_outputs(path):
    """{name: array} of --exportOutput: [{"name": ..., "dimensions": "1x8", "values": [...]}, ...]."""
    with open(path) as f:
        rows = json.load(f)
    return {r["name"]: np.array(r["values"], np.float32).reshape([int(d) for d in r["dimensions"].split("x") if d]) for r in rows}
