# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Plans of candidates: the whole model compiled with the cost model's N-th choice for every kernel that has configurations.

A folder holds NAME.plan of each candidate, without weights, and manifest.json: model, architecture, options, candidates with the configuration that each kernel has, and what was left out and why.
The candidate 'own' is what the compiler takes by itself (its measured choices in place); all others are measured against it.
"""
import json
import os
import tempfile

from .base import OWN, SYSTEM, TUNED, Called, Stop, read_json, tool, write_json

COMPILE_SECONDS = 3600


class Folder:
    """A folder of plans that is being filled."""

    def __init__(self, path, args, database=None, say=print):
        """`database`: of the candidate 'tuned'."""
        self.path, self.args, self.say = path, args, say
        self.compiler = tool(args.bin, "mlc-compile")
        self.seen, self.bytes, self.longest = set(), 0, 0.0
        self.manifest = {"schema_version": 1, "model": os.path.basename(args.model), "arch": "", "options": args.compile, "database": database, "candidates": [], "left_out": []}
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as e:
            raise Stop(SYSTEM, f"cannot make {path}: {e.strerror}") from None

    def add(self, name, *words):
        """Compiles a candidate; 'own' and 'tuned' must compile."""
        plan = os.path.join(self.path, name + ".plan")
        with tempfile.TemporaryDirectory(prefix="mlc-tune-") as scratch:
            report = os.path.join(scratch, "report.json")
            done = Called([self.compiler, self.args.model, "--arch", self.args.arch, "--strip-weights", "--no-forward", "--quiet", *self.args.compile, *words, "-o", plan, "--json", report], COMPILE_SECONDS)
            if done.why and name in (OWN, TUNED):
                raise Stop(done.code(), done.why)
            if done.why:
                return self.leave_out(name, done.why)
            with open(report, encoding="utf-8") as file:
                target = json.load(file)["targets"][0]
        self.longest = max(self.longest, done.seconds)
        choices = target.get("choices", [])
        new = {(c["problem"], c["config"]) for c in choices} - self.seen
        size = os.path.getsize(plan)
        if not new and name not in (OWN, TUNED):
            os.remove(plan)
            return self.leave_out(name, "no configuration that an earlier candidate lacks")
        if self.args.max_mib and self.bytes + size > self.args.max_mib * 2**20:
            os.remove(plan)
            if name in (OWN, TUNED):
                raise Stop(SYSTEM, f"the plan alone has {size / 2**20:.1f} MiB, more than --max-mib {self.args.max_mib:g}")
            return self.leave_out(name, f"its {size / 2**20:.1f} MiB do not fit --max-mib {self.args.max_mib:g}")
        self.seen |= new
        self.bytes += size
        self.manifest["arch"] = target["arch"]
        self.manifest["candidates"].append({"name": name, "plan": name + ".plan", "choices": choices})
        self.say(f"{title(name)}: compiled in {done.seconds:.1f} s, {len(new)} new configurations, {size / 2**20:.1f} MiB")

    def leave_out(self, name, why):
        self.manifest["left_out"].append(f"{title(name)}: {why}")
        self.say(f"{title(name)}: left out: {why}")

    def add_candidates(self, clock, share=1.0):
        for number in self.args.candidates:
            if clock.has(self.longest, share):
                self.add(str(number), "--tuning", "none", "--tuning-candidate", str(number))
            else:
                self.leave_out(str(number), f"no time left of --budget {clock.seconds:g} for compiling it")

    def save(self):
        write_json(os.path.join(self.path, "manifest.json"), self.manifest)


def title(name):
    return {OWN: "the compiler's own choices", TUNED: "the database's choices"}.get(name, f"candidate {name}")


def manifest(folder):
    return read_json(os.path.join(folder, "manifest.json"), "mlc-tune prepare")


def problems(candidate):
    """{problem: the configurations that its kernels have in a candidate, usually one}."""
    out = {}
    for choice in candidate["choices"]:
        out.setdefault(choice["problem"], set()).add(choice["config"])
    return out
