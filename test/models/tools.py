# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""How Python tests call the compiler and the runtime's command line, and how they keep tables in docs/results.md."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "mlc-compare"))
from mlc_compare.process import Finished  # noqa: E402,F401 - for those who import this module
os.environ.setdefault("MLC_CACHE_DIR", os.path.join(ROOT, "build", "test-cache"))  # never the user's
RESULTS = os.path.join(ROOT, "docs", "results.md")


def default_bin():
    """The folder of mlc-compile and mlc-run: $MLC_BIN, else the newest of the builds."""
    if os.environ.get("MLC_BIN"):
        return os.environ["MLC_BIN"]
    found = [os.path.join(ROOT, "build", preset, "bin") for preset in ("dev", "release")]
    found = [d for d in found if os.path.exists(os.path.join(d, "mlc-compile"))]
    return max(found, key=lambda d: os.path.getmtime(os.path.join(d, "mlc-compile")), default=os.path.join(ROOT, "build", "dev", "bin"))


def keep_table(section, text):
    """Replaces the part of docs/results.md between <!-- section --> and <!-- /section -->, or appends it."""
    block = f"<!-- {section} -->\n{text.rstrip()}\n<!-- /{section} -->"
    old = open(RESULTS).read() if os.path.exists(RESULTS) else "# Results\n"
    pattern = re.compile(rf"<!-- {re.escape(section)} -->.*?<!-- /{re.escape(section)} -->", re.S)
    new = pattern.sub(lambda _: block, old) if pattern.search(old) else old.rstrip() + "\n\n" + block + "\n"
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w") as f:
        f.write(new)
