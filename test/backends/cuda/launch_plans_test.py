# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Launch plans of small models for each architecture, as text: kernels, grids, blocks, shared memory, clusters and arguments equal what is kept in launch_plans/. What a change does to them is a
diff to read; `launch_plans_test.py --keep` keeps it."""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import models  # noqa: E402

PLANS = {"mlp": [], "resnet": ["--fp16"], "encoder": ["--fp16"], "decoder": ["--fp16", "--dims", "batch=1:1:8,cached=1:511:4095"]}
ARCHS = "sm_80,sm_90"


def launch_plan(name, words, folder):
    """One line for each kernel, then for each launch, of every target."""
    model = folder / (name + ".onnx")
    model.write_bytes(getattr(models, name)().SerializeToString())
    compiler = os.path.join(os.environ.get("MLC_BIN", HERE.parents[2] / "build/dev/bin"), "mlc-compile")
    done = subprocess.run([compiler, model, "--arch", ARCHS, *words, "--stop-after", "plan", "-o", folder / "x.plan"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if "compiling for CUDA needs" in done.stderr:
        print("skipped:", done.stderr.strip())
        sys.exit(77)
    if done.returncode:
        sys.exit(done.stderr)
    # A program, then its kernels; here the kernels' lines stand in front of the launches that use them.
    text = []
    for part in re.split(r"(?=^plan\.program)", done.stdout, flags=re.M)[1:]:
        arch = re.match(r'plan\.program "main" on "(\w+)"', part)[1]
        buffers = {n: f"{kind}{' ' + label if label else ''} {dtype}<{dims}>"
                   for n, kind, dtype, dims, label in re.findall(r'(%\d+) = plan\.buffer "(\w+)".*? : (\w+) <\[(.*?)\]> \{name = "([^"]*)"', part)}
        text.append(f"{arch}:")
        text += ["  kernel " + line for line in re.findall(r"^// kernel (.*)$", part, re.M)]
        for kernel, used, scalars, grid, label, rest in re.findall(r'plan\.launch "(\w+)"\((.*?)\) scalars <\[(.*?)\]> grid <\[(.*?)\]> \{.*?label = "([^"]*)"(.*)', part):
            stream = re.search(r"\bstream = (\d+)", rest)
            text.append(f"  launch {kernel} for {label}: grid {grid}, scalars [{scalars}]" + (f", stream {stream[1]}" if stream else ""))
            text += [f"    {buffers[n]}" for n in used.split(", ")]
        text += ["  copy" for _ in re.findall(r"plan\.copy", part)]
    return "\n".join(text).replace('"', "") + "\n"


def main():
    failures = 0
    for name, words in PLANS.items():
        with tempfile.TemporaryDirectory() as scratch:
            now = launch_plan(name, words, pathlib.Path(scratch))
        kept = HERE / "launch_plans" / f"{name}.txt"
        if sys.argv[1:] == ["--keep"]:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(now)
        elif not kept.exists() or kept.read_text() != now:
            failures += 1
            print(*difflib.unified_diff(kept.read_text().splitlines() if kept.exists() else [], now.splitlines(), str(kept), "now", lineterm=""), sep="\n")
    print(f"{len(PLANS)} launch plans, {failures} differ" + (": launch_plans_test.py --keep keeps the new ones" if failures else ""))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
