# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Rules for the text of the tree: the SPDX head, the include order of the folders, self-containedness, a test for each pass. usage: check_tree.py"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = (".c", ".cc", ".cpp", ".h", ".hpp", ".cuh", ".cu", ".td", ".def", ".fbs", ".py", ".sh")
# What the files of a folder may not include.
FORBIDDEN = {"runtime": r"(compiler|dialects|passes|frontends|backends|mlir|llvm)(-c)?/",
             "dialects": r"(compiler|passes|frontends|backends)/",
             "passes": r"(compiler|frontends|backends)/",
             "examples": r"(runtime|compiler|dialects|passes|frontends|backends)/"}
OUTSIDE = re.compile(r"(?<![\w.])\.\./shared|/(?:work|root)/")


def files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE)
    if listed.returncode == 0 and listed.stdout:
        return [f for f in listed.stdout.decode().split("\0") if f and os.path.exists(os.path.join(ROOT, f))]
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [d for d in folders if d not in ("build", ".venv", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names]
    return found


def problems(path, text):
    lines = text.splitlines()
    if path.endswith(SOURCES):
        head = lines[1:3] if lines and lines[0].startswith("#!") else lines[:2]
        if len(head) < 2 or "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" not in head[0] or "Part of MLC" not in head[1]:
            yield 1, "no SPDX head"
    forbidden = FORBIDDEN.get(path.split("/")[0])
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#\s*include\s*[<"]([^">]+)', line)
        if include and forbidden and re.match(forbidden, include[1]):
            yield number, f"includes {include[1]}"
        if OUTSIDE.search(line) and path != "test/tree/check_tree.py":
            yield number, "names a path outside the tree"


def untested_passes(paths):
    """Passes that no .mlir file of the tests named after them runs."""
    tests = {os.path.basename(p): p for p in paths if p.startswith("test/") and p.endswith(".mlir")}
    for path in paths:
        if os.path.basename(path) != "Passes.td":
            continue
        for name in re.findall(r'^def \w+ : Pass<"([\w-]+)"', open(os.path.join(ROOT, path)).read(), re.M):
            test = tests.get(name + ".mlir") or tests.get(name.partition("-")[2] + ".mlir")  # those of a target carry its name in front
            if not test or f"--{name}" not in open(os.path.join(ROOT, test)).read():
                yield path, f"the pass {name} has no test {name}.mlir"


def main():
    count = 0
    for path, why in untested_passes(files()):
        print(f"{path}: {why}")
        count += 1
    for path in files():
        with open(os.path.join(ROOT, path), "rb") as f:
            data = f.read()
        if b"\0" in data[:8000]:
            continue
        for number, why in problems(path, data.decode(errors="replace")):
            print(f"{path}:{number}: {why}")
            count += 1
    print(f"{count} problems")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
