#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Single convolutions of well-known networks, depthwise ones and first ones, checked against numpy and timed: what a kernel template does at the sizes it is made for.

  convolutions.py --pack DIR [NAME..]     where MLC is: a plan of each layer (convolution, bias, ReLU) at each batch, with mlc-run beside them
  convolutions.py --run DIR [NAME..]      where the GPU is: one line per layer; exit 1 when an answer is wrong

Images come channels last for depthwise layers, as the layer ahead stores them, and channels first for first layers; results are channels last, both in half precision (f32 with --f32 or --arch host).
us: the mean of all launches of a run together; GB/s: image and result, each once, in that time.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# name: (size, channels, filters or 0 for one per channel, kernel, stride)
LAYERS = {
    "resnet_stem": (224, 3, 64, 7, 2), "mobilenet_stem": (224, 3, 16, 3, 2), "convnext_stem": (224, 3, 96, 4, 4), "yolo_stem": (640, 3, 16, 3, 2), "unet_stem": (64, 3, 32, 3, 1),
    "dw112x16_3": (112, 16, 0, 3, 1), "dw112x64_3_2": (112, 64, 0, 3, 2), "dw56x144_3": (56, 144, 0, 3, 1), "dw28x120_5": (28, 120, 0, 5, 1), "dw14x200_3": (14, 200, 0, 3, 1), "dw14x672_5": (14, 672, 0, 5, 1),
    "dw14x672_5_2": (14, 672, 0, 5, 2), "dw7x960_5": (7, 960, 0, 5, 1), "dw56x96_7": (56, 96, 0, 7, 1), "dw28x192_7": (28, 192, 0, 7, 1), "dw14x384_7": (14, 384, 0, 7, 1), "dw7x768_7": (7, 768, 0, 7, 1),
}
BATCHES = (1, 32)


def weights_of(name):
    """Filters [F, C or 1, R, S] and bias, in numbers that half precision holds."""
    _, channels, filters, kernel, _ = LAYERS[name]
    random = np.random.default_rng(len(name))
    own = channels if filters else 1
    w = random.standard_normal((filters or channels, own, kernel, kernel)) / np.sqrt(own * kernel * kernel)
    return w.astype(np.float16).astype(np.float32), random.standard_normal(filters or channels).astype(np.float32)


def padding(kernel, stride):
    return 0 if kernel == stride else kernel // 2


def pack(args):
    import onnx
    from onnx import TensorProto, helper
    from pack import copy_tools
    os.makedirs(args.pack, exist_ok=True)
    copy_tools(args.pack, args)
    rows = []
    for name in args.names or LAYERS:
        size, channels, filters, kernel, stride = LAYERS[name]
        w, bias = weights_of(name)
        pad = padding(kernel, stride)
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", group=1 if filters else channels, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4), helper.make_node("Relu", ["c"], ["y"], "relu")],
            name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", channels, size, size])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", len(bias), "h", "w"])],
            [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(bias, "b")])
        model = os.path.join(args.pack, name + ".onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
        for batch in args.batches:
            plan = f"{name}.b{batch}.plan"
            words = [os.path.join(args.bin, "mlc-compile"), model, "--arch", args.arch, "--dims", f"batch={batch}", "--io-layout", "y=nhwc" if filters else "x=nhwc,y=nhwc", "--quiet", "-o", os.path.join(args.pack, plan)]
            subprocess.run(words + (["--fp16", "--io", "fp16"] if not args.f32 and args.arch != "host" else []), check=True)
            rows.append({"name": name, "batch": batch, "plan": plan, "type": "float32" if args.f32 or args.arch == "host" else "float16"})
        os.remove(model)
    with open(os.path.join(args.pack, "layers.json"), "w") as file:
        json.dump(rows, file, indent=1)


def answer(name, x):
    """Of an image [N, H, W, C], in f32."""
    _, _, filters, kernel, stride = LAYERS[name]
    w, bias = weights_of(name)
    pad = padding(kernel, stride)
    x = np.pad(x.astype(np.float32), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    p, q = (x.shape[1] - kernel) // stride + 1, (x.shape[2] - kernel) // stride + 1
    y = np.zeros((x.shape[0], p, q, len(bias)), np.float32)
    for i in range(kernel):
        for j in range(kernel):
            window = x[:, i:i + (p - 1) * stride + 1:stride, j:j + (q - 1) * stride + 1:stride]
            y += window @ w[:, :, i, j].T if filters else window * w[:, 0, i, j]
    return np.maximum(y + bias, 0)


def check(row, args, folder):
    """(whether it is right, the line to print)"""
    size, channels, filters, _, _ = LAYERS[row["name"]]
    image = np.random.default_rng(7).standard_normal((row["batch"], size, size, channels), np.float32).astype(row["type"])
    wanted = answer(row["name"], image)
    inputs, made = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
    np.savez(inputs, x=np.ascontiguousarray(image.transpose(0, 3, 1, 2)) if filters else image)
    words = [os.path.join(args.run, "mlc-run"), os.path.join(args.run, row["plan"]), "--device", args.device, "--inputs", inputs, "--save-outputs", made, "--profile", "--iterations", str(args.iterations), "--warmup", "5", "--json", "-"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env={**os.environ, "LD_LIBRARY_PATH": os.path.abspath(args.run) + ":" + os.environ.get("LD_LIBRARY_PATH", "")})
    if done.returncode:
        return False, f"mlc-run ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    profile = json.loads(done.stdout)["profile"]
    us = sum(entry["total_ns"] / max(1, entry["count"]) for entry in profile) / 1e3
    with np.load(made) as outputs:
        y = outputs["y"].astype(np.float32)
    error = float(np.abs(y - wanted).max() / wanted.std()) if y.shape == wanted.shape else float("inf")
    moved = image.nbytes + wanted.size * image.itemsize
    good = error <= (1e-4 if row["type"] == "float32" else 5e-3)  # a result of half precision is within 2^-11 of its own size, which reaches some standard deviations
    return good, f"{us:9.2f} us {moved / us / 1e3:8.0f} GB/s  error {error:.1e}  {'ok' if good else 'WRONG'}  {' + '.join(entry['kernel'] for entry in profile)}"


def run(args):
    with open(os.path.join(args.run, "layers.json")) as file:
        rows = [row for row in json.load(file) if not args.names or row["name"] in args.names]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            good, line = check(row, args, folder)
            bad += not good
            print(f"{row['name']:16s} {row['batch']:3d} {line}", flush=True)
    print(f"{len(rows)} layers, {bad} wrong")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="default: all")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pack", metavar="DIR")
    what.add_argument("--run", metavar="DIR")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--bin", default=os.environ.get("MLC_BIN", os.path.join(HERE, "..", "..", "build", "dev", "bin")), metavar="DIR")
    parser.add_argument("--batches", type=int, nargs="*", default=BATCHES)
    parser.add_argument("--f32", action="store_true")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--iterations", type=int, default=50)
    args = parser.parse_args()
    return pack(args) if args.pack else run(args)


if __name__ == "__main__":
    sys.exit(main())
