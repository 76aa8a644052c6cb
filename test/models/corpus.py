# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The models that tests and benchmarks share: files made on demand under build/, inputs, ONNX Runtime's answers (cached in build/reference)."""
import os

import numpy as np

import collect_real_models as real
import exact
import expand_models as skeletons
from tolerance import difference

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REFERENCES = os.path.join(ROOT, "build", "reference")

SKELETONS = skeletons.known_models()
REAL = [name for _, _, name in real.MODELS]
ALL = SKELETONS + REAL
TRAINED = [name for _, _, name in real.TRAINED]  # for half precision, beside ALL
# Squeeze-excite of random weights amplifies rounding: ONNX Runtime itself lies 0 to 8 tolerances from the exact answer, by its optimisation level and the last bits of the input.
AMPLIFYING = ["mobilenet_v3_large", "efficientnet_b0"]
NEIGHBOURS = 12  # runs of ONNX Runtime on inputs whose last bits differ
SMALL = ["lstm_gru", "mobilenet_v3_large", "minilm_l6", "unet", "ppocr_v4_rec", "silero_vad_op18_ifless"]

# One plan of each of these runs at all its sizes. Skeletons: {symbol: size}; real models: see real_inputs.
SIZES = {
    "bert_base_ts": [{"batch": 1, "sequence": 32}, {"batch": 2, "sequence": 7}, {"batch": 3, "sequence": 128}],
    "gpt2_decode_ts": [{"batch": 1, "past_sequence": 64}, {"batch": 3, "past_sequence": 17}, {"batch": 2, "sequence": 4, "past_sequence": 200}],
    "unet": [{"height": 256, "width": 256}, {"height": 128, "width": 192}, {"batch": 2, "height": 64, "width": 320}],
    "ppocr_v4_det": [(192, 480), (320, 320), (96, 640)],
    "ppocr_v4_rec": [(1, 301), (2, 320), (5, 96)],
}


def model_file(name):
    """Path of the model's .onnx file and whether this call made it."""
    if name in REAL + TRAINED:
        path = os.path.join(real.OUT, name + ".onnx")
        made = not os.path.exists(path)
        real.collect(real.OUT, names=[name])
        return path, made
    path = os.path.join(skeletons.OUT, name + ".onnx")
    if os.path.exists(path):
        return path, False
    os.makedirs(skeletons.OUT, exist_ok=True)
    skeletons.write_model(skeletons.expand(name), path + ".part")
    os.replace(path + ".part", path)
    return path, True


def inputs(name, size=None):
    """{input name: array} at the default size, or at one of SIZES."""
    if name in REAL + TRAINED:
        return real.real_inputs(name, size)
    return skeletons.default_inputs(name, skeletons.load_skeleton(name), override=size)


def samples(name):
    """Other inputs of the same kind as the default ones, for mlc-compile --calibrate: of another seed; of real models, which have one set, the same back to front (pictures mirrored)."""
    if name in REAL + TRAINED:
        return {k: np.ascontiguousarray(v[..., ::-1]) if v.ndim else v for k, v in inputs(name).items()}
    return skeletons.default_inputs(name, skeletons.load_skeleton(name), variant=1)


def size_label(size):
    if not size:
        return ""
    return "x".join(str(v) for v in (size.values() if isinstance(size, dict) else size))


class Reference:
    """What ONNX Runtime's CPU answers to one model at one size. inputs, outputs: {name: array}; outputs are those without graph rewriting; spread is how
    far its own fully optimised answer lies from them, as a multiple of the tolerance. exact: the AMPLIFYING models' fp64 answers, else None;
    exact_error: how far ONNX Runtime lies from those, on these inputs and on some that differ in their last bits: how far fp32 rounding alone moves an answer."""

    def __init__(self, inputs, outputs, spread, exact=None, exact_error=0):
        self.inputs, self.outputs, self.spread, self.exact, self.exact_error = inputs, outputs, float(spread), exact, float(exact_error)

    def judge(self, ours):
        """(error in tolerances, largest absolute error, whether that is right): within the tolerance, or as near as ONNX Runtime gets to the exact answer, or,
        where that is not known, to its own other answer."""
        error, largest = (max(c) for c in zip(*(difference(ours[k], v) for k, v in self.outputs.items())))
        if error <= 1:
            return error, largest, True
        if self.exact:
            nearest = max(difference(ours[k].astype(np.float64), v)[0] for k, v in self.exact.items())
            return error, largest, nearest <= max(1, self.exact_error)
        return error, largest, error <= self.spread


def reference(name, size=None):
    """The Reference of a model, from the cache if the inputs are the same."""
    import onnxruntime as ort
    path = os.path.join(REFERENCES, f"{name}.{size_label(size) or 'default'}.ort{ort.__version__}.npz")
    feeds = inputs(name, size)

    def part(stored, prefix):
        return {k[len(prefix):]: stored[k] for k in stored if k.startswith(prefix)}

    if os.path.exists(path):
        with np.load(path) as stored:
            if stored.get("neighbours", -1) == NEIGHBOURS and all(np.array_equal(stored["in:" + k], v) for k, v in feeds.items()):
                return Reference(feeds, part(stored, "out:"), stored["spread"], part(stored, "exact:") or None, stored["exact_error"])
    levels = ort.GraphOptimizationLevel
    model = model_file(name)[0]
    outputs, optimised = (run_ort(model, feeds, level) for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_ALL))
    spread = max(difference(optimised[k], outputs[k])[0] for k in outputs)
    answers = exact.exact_outputs(model, feeds) if name in AMPLIFYING else {}
    others = [run_ort(model, neighbour(feeds, seed), level) for seed in range(NEIGHBOURS if answers else 0) for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_ALL)]
    exact_error = max((difference(theirs[k].astype(np.float64), v)[0] for theirs in (outputs, optimised, *others) for k, v in answers.items()), default=0)
    os.makedirs(REFERENCES, exist_ok=True)
    np.savez(path + ".part.npz", spread=spread, exact_error=exact_error, neighbours=NEIGHBOURS, **{"in:" + k: v for k, v in feeds.items()}, **{"out:" + k: v for k, v in outputs.items()},
             **{"exact:" + k: v for k, v in answers.items()})
    os.replace(path + ".part.npz", path)
    return Reference(feeds, outputs, spread, answers or None, exact_error)


def neighbour(feeds, seed):
    """Inputs with each fp32 number replaced by the next one above or below."""
    flip = np.random.default_rng(seed)
    return {k: np.where(flip.random(v.shape) < 0.5, np.nextafter(v, np.float32(np.inf)), np.nextafter(v, np.float32(-np.inf))) if v.dtype == np.float32 else v for k, v in feeds.items()}


def run_ort(path, feeds, level):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = level, 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
