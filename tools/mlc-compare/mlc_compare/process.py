# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Commands that are run to their end, with their time and their peak of resident memory."""
import os
import subprocess
import tempfile
import time


def resident_peak_mb(pid):
    """VmHWM of a running process. (ru_maxrss will not do: it counts what the parent held when it forked.)"""
    try:
        with open(f"/proc/{pid}/status") as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0.0


class Finished:
    """A command that ended: status (negative: a signal), seconds, peak_mb (resident), out, err."""

    def __init__(self, words, timeout=600):
        self.words = [str(w) for w in words]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = time.monotonic()
            process = subprocess.Popen(self.words, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
            self.status, self.peak_mb = None, 0.0
            while self.status is None:
                self.peak_mb = max(self.peak_mb, resident_peak_mb(process.pid))
                try:
                    self.status = process.wait(0.005)
                except subprocess.TimeoutExpired:
                    if time.monotonic() - start > timeout:
                        process.kill()
                        process.wait()
                        self.status = "timeout"
            self.seconds = time.monotonic() - start
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(errors="replace"), err.read().decode(errors="replace")

    def crashed(self):
        return self.status == "timeout" or self.status < 0 or self.status > 128

    def why(self, limit=160):
        """One line that says what went wrong."""
        lines = [line for line in (self.err + "\n" + self.out).splitlines() if line.strip()]
        line = next((l for l in lines if "error" in l.lower()), lines[-1] if lines else "")
        return f"exit {self.status}: {line}"[:limit]


def pinned(words, cpus):
    return ["taskset", "-c", cpus, *words] if cpus else list(words)


def first_cpus(count):
    """The first `count` CPUs that this process may use, as taskset wants them."""
    return ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:count])
