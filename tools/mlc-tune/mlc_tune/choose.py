# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Which configurations win, by the times of folders."""
import os
import statistics

from .base import OWN, TUNED, USAGE, Stop, read_json
from .database import Line
from .prepare import manifest, problems


class Measured:
    """A folder with its times: of each problem, {configuration: median microseconds}, and what the compiler takes by itself."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = manifest(folder)
        self.times = read_json(os.path.join(folder, "times.json"), "mlc-tune measure")
        self.arch, self.product = self.manifest["arch"], self.times["product"]
        self.candidates = {c["name"]: c for c in self.manifest["candidates"]}
        if OWN not in self.candidates or not self.runs(OWN):
            raise Stop(USAGE, f"{folder} has no times of the compiler's own choices")

    def runs(self, name):
        return self.times["candidates"].get(name, {}).get("runs", [])

    def median(self, name, problem):
        """Microseconds of a problem in a candidate, or None."""
        times = [run[problem] for run in self.runs(name) if problem in run]
        return statistics.median(times) if times else None

    def own(self):
        """{problem: (configuration, microseconds)}; several configurations, where one was refused for some epilogues, in one word."""
        out = {}
        for problem, configs in problems(self.candidates[OWN]).items():
            time = self.median(OWN, problem)
            if time:
                out[problem] = " ".join(sorted(configs)), time
        return out

    def configs(self, problem):
        """{configuration: median over all runs with it}; of candidates in which it has one."""
        samples = {}
        for name, candidate in self.candidates.items():
            configs = problems(candidate).get(problem, set())
            if len(configs) == 1 and name != TUNED:
                samples.setdefault(*configs, []).extend(run[problem] for run in self.runs(name) if problem in run)
        return {config: statistics.median(times) for config, times in samples.items() if times}

    def whole(self):
        """Milliseconds of a whole run: (own, tuned), or None where there is no plan of a database, or it did not run."""
        whole = self.times.get("whole", {})
        return (statistics.median(whole[OWN]), statistics.median(whole[TUNED])) if whole.get(TUNED) else None


class Gain:
    """A problem's winner beside what the compiler takes by itself."""

    def __init__(self, line, config, microseconds):
        self.line, self.config, self.microseconds = line, config, microseconds

    def __str__(self):
        return f"{self.line.problem}: {self.line.config} {self.line.microseconds:.2f} us, not {self.config} {self.microseconds:.2f} us ({self.microseconds / self.line.microseconds:.2f} times)"


def winners(folders, noise):
    """The gains of all problems whose fastest configuration beats the compiler's own by more than `noise` percent. Where several folders have a problem, the mean over them decides
    between the configurations that all measured."""
    by_problem = {}
    for folder in folders:
        for problem, own in folder.own().items():
            by_problem.setdefault((folder.arch, problem), []).append((folder, own))
    gains = []
    for (arch, problem), found in sorted(by_problem.items(), key=lambda item: item[0]):
        times = [folder.configs(problem) for folder, _ in found]
        common = set.intersection(*(set(t) for t in times))
        own = statistics.mean(time for _, (_, time) in found)
        if not common:
            continue
        time, config = min((statistics.mean(t[c] for t in times), c) for c in common)
        if time < own * (1 - noise / 100) and all(config != own_config for _, (own_config, _) in found):
            gains.append(Gain(Line(arch, problem, config, time, " and ".join(sorted({f.product for f, _ in found if f.product}))), found[0][1][0], own))
    return gains


def profitable(checked, lines, noise):
    """What may stay of lines with which the checked model is slower as a whole: those that its own profile shows faster, or, where it shows all faster and is wrong, those of other models."""
    own = checked.own()

    def concerns(line):
        return line.arch == checked.arch and line.problem in own

    def pays(line):
        tuned = checked.median(TUNED, line.problem)
        return tuned is not None and tuned < own[line.problem][1] * (1 - noise / 100)
    kept = [line for line in lines if not concerns(line) or pays(line)]
    return kept if len(kept) < len(lines) else [line for line in lines if not concerns(line)]
