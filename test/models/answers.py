# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""What a model's user reads from its outputs - a class, a text, boxes - and whether two runs say the same. Needs numpy alone, so that it also runs where a plan does.

A comparison takes the outputs of two runs, {name: array}, ours and the reference's, and gives "" when the answers are the same, else how they differ."""
import numpy as np

SURE = 1.05         # a box is found for sure when its score is this many times the threshold
SHARE = 1e-3        # of the pixels of a map of classes or of text may lie on the other side of an edge
COSINE = 0.999      # of two embeddings that say the same


def only(outputs, name):
    """The output of that name, else the only one."""
    return outputs[name] if name in outputs else next(iter(outputs.values()))


def listed(differing):
    return f"{differing.size} of them, first at {int(differing[0])}"


def classes(output, last=False):
    """The best class of each row (of the last axis); `last`: of the last position alone, which is the next token."""
    def compare(ours, reference):
        a, b = (only(o, output)[..., -1, :] if last else only(o, output) for o in (ours, reference))
        a, b = a.argmax(-1).ravel(), b.argmax(-1).ravel()
        other = np.flatnonzero(a != b)
        return f"class {a[other[0]]}, not {b[other[0]]}; {listed(other)}" if other.size else ""
    return compare


def directions(ours, reference):
    """Embeddings: each vector of each float output points the same way."""
    worst = 1.0
    for name, wanted in reference.items():
        if wanted.dtype.kind == "f":
            a, b = ours[name].astype(np.float64), wanted.astype(np.float64)
            length = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
            cosine = (a * b).sum(-1)[length > 0] / length[length > 0]
            worst = min(worst, float(cosine.min(initial=1)))
    return "" if worst >= COSINE else f"a cosine of {worst:.5f}, less than {COSINE}"


def pixels(output, threshold=None):
    """The class of each pixel (axis 1), or whether it is over the threshold, but for a SHARE of them."""
    def compare(ours, reference):
        a, b = (only(o, output) > threshold if threshold is not None else only(o, output).argmax(1) for o in (ours, reference))
        share = float((a != b).mean())
        return "" if share <= SHARE else f"{share:.2%} of the pixels"
    return compare


def ctc(output):
    """Texts, decoded greedily: [N, T, C] scores, class 0 is the blank."""
    def decode(scores):
        best = scores.argmax(-1)
        return [[int(k) for k, before in zip(row, [0, *row]) if k and k != before] for row in best]

    def compare(ours, reference):
        for row, (a, b) in enumerate(zip(decode(only(ours, output)), decode(only(reference, output)))):
            if a != b:
                return f"text {row} is {a}, not {b}"
        return ""
    return compare


def overlap(a, b):
    """Intersection over union of boxes [4, N] as centre and size."""
    low, high = np.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2), np.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2)
    both = np.maximum(high - low, 0).prod(0)
    return both / np.maximum(a[2:].prod(0) + b[2:].prod(0) - both, 1e-9)


def boxes(output, threshold=0.25):
    """Detections [N, 4 + classes, anchors] as YOLO gives them: what one run finds for sure the other finds, of the same class and in the same place (overlap 0.9).
    The threshold is half the best score where nothing reaches it, so that there are boxes to compare."""
    def compare(ours, reference):
        for a, b in zip(only(ours, output).astype(np.float64), only(reference, output).astype(np.float64)):
            mine, theirs = a[4:].max(0), b[4:].max(0)
            limit = threshold if theirs.max() > threshold else theirs.max() / 2
            found = np.flatnonzero(np.maximum(mine, theirs) >= SURE * limit)
            lost = found[~((mine >= limit) & (theirs >= limit))[found]]
            if lost.size:
                return f"boxes that only one finds: {listed(lost)}"
            other = found[(a[4:].argmax(0) != b[4:].argmax(0))[found]]
            if other.size:
                return f"boxes of another class: {listed(other)} of {found.size}"
            moved = found[~(overlap(a[:4, found], b[:4, found]) >= 0.9)]
            if moved.size:
                return f"boxes in another place: {listed(moved)} of {found.size}"
        return ""
    return compare


def over(output, threshold):
    """Whether a probability is over the threshold."""
    def compare(ours, reference):
        a, b = only(ours, output), only(reference, output)
        return "" if ((a > threshold) == (b > threshold)).all() else f"{a.ravel()[0]:.3f} and {b.ravel()[0]:.3f} are on two sides of {threshold}"
    return compare


# (how a model's name begins, comparison); the first that fits.
FAMILIES = (
    *((family, classes("logits")) for family in ("resnet50", "mobilenet", "efficientnet", "convnext", "vit_", "swin", "densenet")),
    *((family, classes("logits", last=True)) for family in ("gpt2", "llama")),
    *((family, directions) for family in ("bert", "minilm", "distilbert", "clip", "t5_encoder", "whisper", "wav2vec2")),
    ("lstm_gru", classes("tag_scores")),
    ("unet", pixels("mask")),
    ("deeplabv3", pixels("scores")),
    ("yolo", boxes("predictions")),
    ("nudenet", boxes("output0")),
    ("open_nsfw", classes("outputs")),
    ("ppocr_v4_det", pixels("sigmoid_0.tmp_0", threshold=0.3)),
    ("ppocr_v4_rec", ctc("softmax_11.tmp_0")),
    ("ppocr_v2_cls", classes("save_infer_model/scale_0.tmp_1")),
    ("magika", classes("target_label")),
    ("silero_vad", over("output", 0.5)),
)


def difference_of(name, ours, reference):
    """"" when the model called `name` says the same in both runs, else how they differ. KeyError: no family has such a model."""
    for output, wanted in reference.items():
        if ours[output].shape != wanted.shape:
            return f"{output} has shape {list(ours[output].shape)}, not {list(wanted.shape)}"
        if wanted.dtype.kind == "f" and (np.isfinite(wanted) & ~np.isfinite(ours[output])).any():
            return f"{output} has numbers that are not finite"
    for family, compare in FAMILIES:
        if name.startswith(family):
            return compare(ours, reference)
    raise KeyError(f"{name}: no answer is known for this model, see {__name__}.FAMILIES")
