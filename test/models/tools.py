# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""How Python tests call the compiler and the runtime's command line, and how they keep tables in docs/results.md."""
import os
import re
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("MLC_CACHE_DIR", os.path.join(ROOT, "build", "test-cache"))  # never the user's
RESULTS = os.path.join(ROOT, "docs", "results.md")


def default_bin():
    """The folder of mlc-compile and mlc-run: $MLC_BIN, else the newest of the builds."""
    if os.environ.get("MLC_BIN"):
        return os.environ["MLC_BIN"]
    found = [os.path.join(ROOT, "build", preset, "bin") for preset in ("dev", "release")]
    found = [d for d in found if os.path.exists(os.path.join(d, "mlc-compile"))]
    return max(found, key=lambda d: os.path.getmtime(os.path.join(d, "mlc-compile")), default=os.path.join(ROOT, "build", "dev", "bin"))


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
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = time.monotonic()
            process = subprocess.Popen([str(w) for w in words], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
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


def keep_table(section, text):
    """Replaces the part of docs/results.md between <!-- section --> and <!-- /section -->, or appends it."""
    block = f"<!-- {section} -->\n{text.rstrip()}\n<!-- /{section} -->"
    old = open(RESULTS).read() if os.path.exists(RESULTS) else "# Results\n"
    pattern = re.compile(rf"<!-- {re.escape(section)} -->.*?<!-- /{re.escape(section)} -->", re.S)
    new = pattern.sub(lambda _: block, old) if pattern.search(old) else old.rstrip() + "\n\n" + block + "\n"
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w") as f:
        f.write(new)
