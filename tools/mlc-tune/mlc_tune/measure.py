# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Times of candidates on a device, with mlc-refit and mlc-run alone; into times.json of their folder.

times.json: device, product, and of each candidate 'runs' (of each run, {problem: microseconds of a launch}) or 'fault'; 'whole' where the folder has a database's plan: milliseconds
of whole runs without profiling, the two plans in turn.
"""
import json
import os
import statistics
import tempfile

from .base import OWN, SYSTEM, TUNED, Called, Stop, tool, write_json
from .prepare import manifest, title

RUN_SECONDS = 300


class Device:
    """Runs plans with their weights filled in."""

    def __init__(self, args, weights, scratch):
        self.args, self.weights, self.scratch = args, weights, scratch
        self.runner, self.refit = tool(args.bin, "mlc-run"), tool(args.bin, "mlc-refit")
        self.product = ""

    def filled(self, folder, candidate):
        """The path of the plan with its weights; a Stop says why there is none."""
        path = os.path.join(self.scratch, candidate["plan"])
        done = Called([self.refit, os.path.join(folder, candidate["plan"]), "--weights", self.weights, "-o", path], RUN_SECONDS)
        if done.why:
            raise Stop(done.code(), done.why)
        return path

    def run(self, plan, *words):
        """mlc-run's report; a Stop says why there is none."""
        given = ["--inputs", self.args.inputs] if self.args.inputs else []
        done = Called([self.runner, plan, "--device", self.args.device, "--warmup", self.args.warmup, *given, *words, "--json", "-"], RUN_SECONDS)
        if done.why:
            raise Stop(done.code(), done.why)
        try:
            report = json.loads(done.out)
        except ValueError as e:
            raise Stop(SYSTEM, f"mlc-run's report is no JSON: {e}") from None
        self.product = report.get("product") or self.product
        return report

    def by_problem(self, plan, candidate):
        """{problem: microseconds of a launch, over all launches of a run}."""
        problem_of = {c["kernel"]: c["problem"] for c in candidate["choices"]}
        sums = {}
        for entry in self.run(plan, "--profile", "--iterations", self.args.iterations)["profile"]:
            problem = problem_of.get(entry["kernel"])
            if problem and entry["count"]:
                time, count = sums.get(problem, (0, 0))
                sums[problem] = time + entry.get("alone_ns", entry["total_ns"]), count + entry["count"]
        return {problem: time / count / 1e3 for problem, (time, count) in sums.items()}

    def milliseconds(self, plan):
        return self.run(plan, "--iterations", self.args.iterations)["p50_ms"]


class Times:
    """What times.json holds, while it grows."""

    def __init__(self, device):
        self.device, self.candidates, self.whole = device, {}, {}

    def add(self, name, times):
        self.candidates.setdefault(name, {"runs": []})["runs"].append(times)

    def fault(self, name, why):
        self.candidates.setdefault(name, {"runs": []})["fault"] = why

    def save(self, folder):
        write_json(os.path.join(folder, "times.json"), {"schema_version": 1, "device": self.device.args.device, "product": self.device.product, "candidates": self.candidates,
                                                        **({"whole": self.whole} if self.whole else {})})


def measure(folder, args, weights, clock, share=1.0, say=print):
    """Writes times.json; a candidate that does not run is named in it, and the rest goes on. A Stop when the compiler's own plan does not run."""
    made = manifest(folder)
    candidates = {c["name"]: c for c in made["candidates"]}
    if OWN not in candidates:
        raise Stop(SYSTEM, f"{folder} has no plan of the compiler's own choices")
    with tempfile.TemporaryDirectory(prefix="mlc-tune-", dir=args.scratch) as scratch:
        device = Device(args, weights, scratch)
        times = Times(device)
        own = device.filled(folder, candidates[OWN])
        times.add(OWN, device.by_problem(own, candidates[OWN]))
        say(f"{title(OWN)}: {device.product or args.device}, {device.milliseconds(own):.3f} ms a run")
        longest = 0.0
        try:
            for name, candidate in candidates.items():
                if name == OWN:
                    continue
                if name != TUNED and not clock.has(longest, share):
                    times.fault(name, f"no time left of --budget {clock.seconds:g} for measuring it")
                    say(f"{title(name)}: left out: {times.candidates[name]['fault']}")
                    continue
                start = clock.used()
                measure_one(device, times, folder, own, candidates[OWN], candidate, say)
                longest = max(longest, clock.used() - start)
        finally:
            times.save(folder)


def measure_one(device, times, folder, own, own_candidate, candidate, say):
    """A candidate's runs, and one of the compiler's own plan beside them: clocks drift."""
    name = candidate["name"]
    times.add(OWN, device.by_problem(own, own_candidate))
    plan = None
    try:
        plan = device.filled(folder, candidate)
        for _ in range(device.args.repeats):
            times.add(name, device.by_problem(plan, candidate))
        if name == TUNED:
            for _ in range(device.args.rounds):
                times.whole.setdefault(OWN, []).append(device.milliseconds(own))
                times.whole.setdefault(TUNED, []).append(device.milliseconds(plan))
        say(f"{title(name)}: measured {device.args.repeats} times" + (f", {statistics.median(times.whole[TUNED]):.3f} ms a run" if name == TUNED else ""))
    except Stop as e:
        times.fault(name, str(e))
        say(f"{title(name)}: FAILED, goes on without it: {e}")
    finally:
        if plan and os.path.exists(plan):
            os.remove(plan)
