# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --preprocess: plans fed with pictures as programs have them, beside ONNX Runtime fed with what numpy makes of the same pictures."""
import unittest

import numpy as np
import onnxruntime

from tooltest import ToolTest

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
TORCHVISION = "mean=0.485:0.456:0.406,std=0.229:0.224:0.225"
SIZES = ((1, 32, 32), (3, 45, 70), (2, 33, 17))


def normalised(pixels, scale=1 / 255, mean=0.0, std=1.0):
    """(pixel * scale - mean) / std of channels-last pixels."""
    return ((pixels * scale - mean) / std).astype(np.float32)


def first(pixels):
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def reverse(pixels):
    return pixels[..., ::-1]


def same(pixels):
    return pixels


class Preprocess(ToolTest):
    def check(self, model, pictures, plan_input, model_input, words=(), others=None):
        """Compiles, runs the plan on plan_input(pixels) and ONNX Runtime on model_input(pixels), for random channels-last pixels of several sizes."""
        self.compile(model, "--preprocess", "x=" + pictures, *words)
        session = onnxruntime.InferenceSession(model)
        random = np.random.default_rng(3)
        for n, h, w in SIZES:
            pixels = random.integers(0, 256, (n, h, w, 3), dtype=np.uint8)
            more = others(n) if others else {}
            np.savez(self.path("in.npz"), x=plan_input(pixels), **more)
            self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), "--iterations", 1)
            made = np.load(self.path("out.npz"))
            for output, wanted in zip(session.get_outputs(), session.run(None, {"x": model_input(pixels), **more})):
                np.testing.assert_allclose(made[output.name], wanted, rtol=1e-3, atol=1e-4 * max(1, wanted.std()), err_msg=f"{pictures} {words} {output.name} {(n, h, w)}")

    def test_in_front_of_a_convolution(self):
        model = self.model("pictures")
        cases = [
            (f"u8,nhwc,bgr,{TORCHVISION}", reverse, lambda p: first(normalised(p, mean=MEAN, std=STD))),
            (f"u8,nhwc,{TORCHVISION}", same, lambda p: first(normalised(p, mean=MEAN, std=STD))),
            ("u8,mean=127.5,std=127.5,scale=1", first, lambda p: first(normalised(p, scale=1, mean=127.5, std=127.5))),
            ("u8,nhwc", same, lambda p: first(normalised(p))),
            ("nhwc", normalised, lambda p: first(normalised(p))),
            ("bgr,nhwc,std=0.5:1:2", lambda p: normalised(reverse(p)), lambda p: first(normalised(normalised(p), scale=1, std=[0.5, 1, 2]))),
        ]
        for pictures, plan_input, model_input in cases:
            for level in (2,) if pictures != cases[0][0] else (2, 1, 0):
                self.check(model, pictures, plan_input, model_input, words=("-O", level))

    def test_elsewhere(self):
        self.check(self.model("contrast"), f"u8,nhwc,bgr,{TORCHVISION}", reverse, lambda p: first(normalised(p, mean=MEAN, std=STD)))
        self.check(self.model("contrast"), f"u8,bgr,{TORCHVISION}", lambda p: first(reverse(p)), lambda p: first(normalised(p, mean=MEAN, std=STD)))

    def test_a_model_that_is_channels_last_itself(self):
        self.check(self.model("channels_last"), f"u8,bgr,axis=3,{TORCHVISION}", reverse, lambda p: normalised(p, mean=MEAN, std=STD).astype(np.float16), others=lambda n: {"gain": np.full((n, 1, 1, 1), 0.5, np.float32)})

    def test_no_launch_of_its_own(self):
        model = self.model("pictures")
        plain = len(self.compile_json(model)["targets"][0]["launches"])
        for pictures in ("nhwc", "u8", "u8,nhwc", f"u8,nhwc,bgr,{TORCHVISION}"):
            launches = self.compile_json(model, "--preprocess", "x=" + pictures)["targets"][0]["launches"]
            self.assertEqual(len(launches), plain, pictures)

    def test_signature_and_provenance(self):
        self.compile(self.model("pictures"), "--preprocess", "x=u8,nhwc,mean=0.5", "--dims", "h=32:64:512", "--verify")
        plan = self.inspect_json()
        self.assertEqual((plan["inputs"][0]["name"], plan["inputs"][0]["dtype"], plan["inputs"][0]["dims"]), ("x", "uint8", ["n", "h", "w", 3]))
        self.assertEqual(plan["inputs"][0]["ranges"][1], [32, 512])
        self.assertIn("--preprocess x=u8,nhwc,mean=0.5", plan["flags"])
        self.assertIn("input x: uint8 [n, h, w, 3]", self.tool("mlc-inspect", self.path("model.plan")).stdout)
        np.save(self.path("x.npy"), np.zeros((1, 3, 32, 32), np.float32))
        refused = self.tool("mlc-run", self.path("model.plan"), "--input", "x=" + self.path("x.npy"), code=2)
        self.assertIn("uint8", refused.stderr)

    def test_several_inputs(self):
        self.compile(self.model("channels_last"), "--preprocess", "x=u8,axis=3", "--preprocess", "gain=u8,scale=1")
        self.assertEqual([(i["name"], i["dtype"]) for i in self.inspect_json()["inputs"]], [("gain", "uint8"), ("x", "uint8")])

    def test_what_does_not_fit_is_a_usage_error(self):
        for model, words, text in [
            ("pictures", "y=u8", "there is no input 'y'; the inputs are 'x' [n, 3, h, w] f32"),
            ("mlp", "x=u8", "input 'x' is no picture of 4 dims and a float type; the inputs are 'x' [batch, 16] f32"),
            ("pictures", "x=u8,mean=1:2", "has 3 channels (dim 1), mean has 2 numbers"),
            ("channels_last", "x=u8,std=1:2:3", "input 'x' has h channels (dim 1)"),
            ("channels_last", "gain=bgr", "bgr needs 3 channels, input 'gain' has 1"),
            ("pictures", "x=u8,rgb", "'rgb' is none of u8, nhwc, bgr, axis=N, scale=S, mean=A:B:C, std=A:B:C"),
            ("pictures", "x=std=0", "std is divided by and cannot be 0"),
            ("pictures", "x=scale=0", "other than 0"),
            ("pictures", "x=mean=a", "'mean=a' is not mean=NUMBER:NUMBER:.."),
            ("pictures", "x=axis=2", "axis is 1 (the model takes NCHW) or 3 (NHWC), not '2'"),
            ("pictures", "x", "'x' is not INPUT=KEY,KEY=VALUE,.."),
        ]:
            self.assertIn(text, self.compile(self.model(model), "--preprocess", words, code=2).stderr)
        self.assertIn("named twice", self.compile(self.model("pictures"), "--preprocess", "x=u8", "--preprocess", "x=nhwc", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
