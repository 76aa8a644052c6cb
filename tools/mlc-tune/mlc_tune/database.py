# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The text of a tuning database: a line for each problem of an architecture, fields separated by tabs (backends/Tuning.h)."""
import math
from typing import NamedTuple

from .base import USAGE, Stop, read, write

HEAD = "# Measured choices of kernels' configurations, for mlc-compile --tuning.\n# architecture, problem, configuration, microseconds, what measured it\n"


class Line(NamedTuple):
    arch: str
    problem: str
    config: str
    microseconds: float
    origin: str = ""

    @property
    def key(self):
        return self.arch, self.problem


def parse(path):
    """All lines of a file, in its order."""
    lines = []
    for number, text in enumerate(read(path).split("\n"), 1):
        if not text.strip() or text.startswith("#"):
            continue
        fields = text.split("\t")
        try:
            time = float(fields[3])
            if not (0 < time < math.inf):
                raise ValueError
        except (IndexError, ValueError):
            raise Stop(USAGE, f"{path}:{number}: a line of a tuning database is ARCH, PROBLEM, CONFIGURATION and MICROSECONDS with tabs between them, got '{text}'") from None
        lines.append(Line(*fields[:3], time, fields[4] if len(fields) > 4 else ""))
    return lines


def merged(lines):
    """One line for each problem of an architecture, the fastest, in order of both."""
    best = {}
    for line in lines:
        if line.key not in best or line.microseconds < best[line.key].microseconds:
            best[line.key] = line
    return [best[key] for key in sorted(best)]


def save(path, lines):
    rows = ("\t".join([line.arch, line.problem, line.config, f"{line.microseconds:.2f}", *([line.origin] if line.origin else [])]) for line in lines)
    write(path, HEAD + "".join(row + "\n" for row in rows))
