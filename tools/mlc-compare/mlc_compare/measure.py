# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Engines that are measured in turns. Each has times(seconds) -> {p50_ms, p90_ms, mean_ms, min_ms, runs}, outputs(file), about (version, load_ms,
first_run_ms, peak_mb, ...), command and close(). A Fault says why one cannot be measured."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from .process import Finished, pinned

SERVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "serve.py")
PACKAGES = {"ort": ["onnxruntime"], "openvino": ["openvino"], "torch": ["torch", "onnx2torch"], "tensorrt": ["tensorrt", "cuda-python"]}
TITLES = {"mlc": "MLC", "ort": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch", "tensorrt": "TensorRT"}


class Fault(Exception):
    """An engine that cannot be measured, and why."""


def missing(engine, python=sys.executable):
    """The packages of an engine that this Python lacks."""
    wanted = PACKAGES[engine]
    code = f"import importlib.util as u; print(' '.join(n for n in {wanted!r} if u.find_spec(n.removesuffix('-python')) is None))"
    asked = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return asked.stdout.split() if asked.returncode == 0 else wanted


class Peer:
    """An engine with a Python package, in a process of its own that sleeps while others run."""

    def __init__(self, engine, model, given, threads, cpus=None, python=sys.executable):
        self.command = pinned([python, SERVE, engine, model, given, str(threads)], cpus)
        self.err = tempfile.TemporaryFile(mode="w+")
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.err, text=True)
        try:
            self.about = self.answer()
        except Fault:
            self.close()
            raise

    def answer(self):
        for line in self.child.stdout:
            if line.startswith("{"):  # engines print what they like
                return json.loads(line)
        self.child.wait()
        self.err.seek(0)
        lines = [l for l in self.err.read().splitlines() if l.strip()]
        raise Fault(lines[-1][:200] if lines else f"ended with {self.child.returncode}")

    def ask(self, **request):
        try:
            self.child.stdin.write(json.dumps(request) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # answer() tells why
        return self.answer()

    def times(self, seconds):
        return self.ask(seconds=seconds)

    def outputs(self, file):
        self.ask(save=file)
        with np.load(file) as made:
            return dict(made)

    def close(self):
        try:
            self.child.stdin.close()
        except BrokenPipeError:
            pass
        self.child.wait()
        self.child.stdout.close()
        self.err.close()


class Mlc:
    """A plan, run by mlc-run: a process for each round, whose report has the times."""

    def __init__(self, bin, plan, given, threads, cpus=None):
        self.words = pinned([os.path.join(bin, "mlc-run"), plan, "--device", "host", "--threads", str(threads), "--inputs", given], cpus)
        self.command = [*self.words, "--warmup", "1", "--duration", "SECONDS", "--json", "-"]
        self.about = {}

    def report(self, *words):
        done = Finished([*self.words, *words, "--json", "-"])
        if done.status != 0:
            raise Fault(done.why())
        return {**json.loads(done.out), "peak_mb": done.peak_mb}

    def times(self, seconds):
        found = self.report("--warmup", 1, "--duration", seconds)
        if not self.about:
            version = Finished([self.words[self.words.index("--device") - 2], "--version"]).out.split()
            self.about = {"version": version[-1], **{k: found[k] for k in ("load_ms", "first_run_ms", "peak_mb", "target")}}
        return {k: found[k] for k in ("p50_ms", "p90_ms", "mean_ms", "min_ms", "runs")}

    def outputs(self, file):
        self.report("--iterations", 1, "--save-outputs", file)
        with np.load(file) as made:
            return dict(made)

    def close(self):
        pass


def interleaved(engines, rounds, seconds):
    """{engine: [times of each round]}: every round runs each engine in turn. engines: {name: engine}."""
    for engine in engines.values():
        engine.times(min(0.1, seconds))
    found = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            found[name].append(engine.times(seconds))
    return found


def middle(rounds, key):
    """The median over all rounds of a figure."""
    return statistics.median(r[key] for r in rounds)
