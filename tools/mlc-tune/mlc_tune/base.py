# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What all parts use: exit codes, the way a program ends, the tools, files that are complete or untouched."""
import json
import os
import shutil
import subprocess
import tempfile
import time

OK, MODEL, USAGE, SYSTEM = range(4)
OWN, TUNED = "own", "tuned"  # the compiler's own choices, and those of a database, among the candidates' names


class Stop(Exception):
    """The end of the program: an exit code and its reason."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


class Clock:
    """What is left of a budget of seconds."""

    def __init__(self, seconds):
        self.start, self.seconds = time.monotonic(), seconds

    def used(self):
        return time.monotonic() - self.start

    def has(self, seconds, share=1.0):
        """Whether so much more ends within a share of the budget."""
        return self.used() + seconds <= self.seconds * share


def tool(folder, name):
    """The path of a tool, beside this command or in PATH."""
    beside = os.path.join(folder, name)
    path = beside if os.access(beside, os.X_OK) else shutil.which(name)
    if not path:
        raise Stop(SYSTEM, f"{name} is neither in {folder} nor in PATH; --bin says where the tools are")
    return path


class Called:
    """A command that ended: status (a number, or 'timeout'), out, seconds, why (one line that says what went wrong, else empty)."""

    def __init__(self, words, timeout):
        start = time.monotonic()
        try:
            done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
            self.status, self.out, said = done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.status, self.out, said = "timeout", "", f"took more than {timeout:.0f} s"
        self.seconds = time.monotonic() - start
        lines = [line for line in said.splitlines() if line.strip()]
        line = next((text for text in lines if "error" in text.lower()), lines[-1] if lines else "it said nothing")
        self.why = "" if self.status == 0 else f"{os.path.basename(str(words[0]))}, exit {self.status}: {line}"[:400]

    def code(self):
        """The exit code that this program ends with when it can't go on without the command."""
        return self.status if self.status in (MODEL, USAGE) else SYSTEM


def write(path, text):
    """Beside its final name, then renamed."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(os.path.abspath(path)), prefix="." + os.path.basename(path), delete=False) as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as e:
        raise Stop(SYSTEM, f"cannot write {path}: {e.strerror}") from None


def write_json(path, data):
    write(path, json.dumps(data, indent=1) + "\n")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as e:
        raise Stop(USAGE, f"cannot read {path}: {e.strerror}") from None


def read_json(path, what):
    """Checked as far as being one of ours; `what` says what made it."""
    try:
        data = json.loads(read(path))
    except ValueError as e:
        raise Stop(USAGE, f"{path} is not what {what} writes: {e}") from None
    if not isinstance(data, dict) or data.get("schema_version") != 1:
        raise Stop(USAGE, f"{path} is not what this version's {what} writes")
    return data
