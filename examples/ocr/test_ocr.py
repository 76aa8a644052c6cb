# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Compiles both models, runs mlc-ocr on picture.png and asserts the text that it reads. usage: test_ocr.py BIN-DIR"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "test", "models"))
import collect_real_models as real  # noqa: E402


def main():
    tools = sys.argv[1]
    picture = os.path.join(HERE, "picture.png")
    with open(os.path.join(HERE, "picture.txt")) as f:
        wanted = f.read().splitlines()
    real.collect(real.OUT, names=["ppocr_v4_det", "ppocr_v4_rec"])
    with tempfile.TemporaryDirectory() as folder:
        plans = {}
        for kind in ("det", "rec"):
            plans[kind] = os.path.join(folder, kind + ".plan")
            model = os.path.join(real.OUT, f"ppocr_v4_{kind}.onnx")
            subprocess.run([os.path.join(tools, "mlc-compile"), model, "--arch", "host", "--preprocess", "x=u8,nhwc,mean=0.5,std=0.5", "-o", plans[kind]], check=True)
        drawn = os.path.join(folder, "boxes.png")
        words = [os.path.join(tools, "mlc-ocr"), "--det", plans["det"], "--rec", plans["rec"], picture]
        result = json.loads(subprocess.run(words + ["--json", "--out", drawn, "--threads", "2"], check=True, stdout=subprocess.PIPE).stdout)
        text = [line["text"] for line in result["lines"]]
        assert text == wanted, f"read {text}, wanted {wanted}"
        assert all(line["confidence"] > 0.9 for line in result["lines"]), result["lines"]
        tops = [line["box"][0][1] for line in result["lines"]]
        assert tops == sorted(tops), tops
        assert os.path.getsize(drawn) > 10000

        # Errors: no arguments, a missing picture, a picture in place of a plan.
        assert subprocess.run(words[:1], stderr=subprocess.DEVNULL).returncode == 2
        for bad in (words[:-1] + [os.path.join(folder, "none.png")], [*words[:2], picture, *words[3:]]):
            done = subprocess.run(bad, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 1 and done.stderr.startswith("mlc-ocr: "), (done.returncode, done.stderr)
    print("\n".join(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
