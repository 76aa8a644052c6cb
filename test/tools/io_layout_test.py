# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --io-layout: plans with other layouts at their borders, beside ONNX Runtime fed with the model's own."""
import unittest

import numpy as np
import onnxruntime

from tooltest import ToolTest


class IoLayout(ToolTest):
    def check(self, model, layouts, to_plan, from_plan, *words):
        """Runs the plan on to_plan[name](model's input), compares from_plan[name](plan's output) with ONNX Runtime's."""
        self.compile(model, *[w for name, layout in layouts.items() for w in ("--io-layout", f"{name}={layout}")], *words)
        session = onnxruntime.InferenceSession(model)
        random = np.random.default_rng(5)
        same = lambda v: v  # noqa: E731
        for n, h, w in ((1, 32, 32), (3, 45, 70)):
            fed = {i.name: random.standard_normal([{"n": n, "h": h, "w": w}.get(d, d) for d in i.shape]).astype(np.float16 if "16" in i.type else np.float32) for i in session.get_inputs()}
            np.savez(self.path("in.npz"), **{k: np.ascontiguousarray(to_plan.get(k, same)(v)) for k, v in fed.items()})
            self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), "--iterations", 1)
            made = np.load(self.path("out.npz"))
            for output, wanted in zip(session.get_outputs(), session.run(None, fed)):
                np.testing.assert_allclose(from_plan.get(output.name, same)(made[output.name]), wanted, rtol=1e-3, atol=1e-4 * max(1, wanted.std()), err_msg=f"{layouts} {output.name}")

    def test_inputs_and_outputs(self):
        last, first = (lambda v: v.transpose(0, 2, 3, 1)), (lambda v: v.transpose(0, 3, 1, 2))
        for level in (2, 0):
            self.check(self.model("pictures"), {"x": "nhwc"}, {"x": last}, {}, "-O", level)
            self.check(self.model("contrast"), {"x": "nhwc", "far": "nhwc", "mixed": "nchw"}, {"x": last}, {"far": first, "mixed": last}, "-O", level)
            self.check(self.model("channels_last"), {"x": "nchw"}, {"x": first}, {}, "-O", level)

    def test_cancels(self):
        model = self.model("contrast")
        plain = len(self.compile_json(model)["targets"][0]["launches"])
        launches = self.compile_json(model, "--io-layout", "x=nhwc,far=nhwc")["targets"][0]["launches"]
        self.assertLess(len(launches), plain)  # the model's own transpose of x, and what puts far into the model's order

    def test_signature_and_provenance(self):
        self.compile(self.model("pictures"), "--io-layout", "x=nhwc", "--verify")
        plan = self.inspect_json()
        self.assertEqual(plan["inputs"][0]["dims"], ["n", "h", "w", 3])
        self.assertIn("--io-layout x=nhwc", plan["flags"])

    def test_what_does_not_fit_is_a_usage_error(self):
        for model, words, text in [
            ("pictures", "q=nhwc", "there is no 'q'; the inputs are 'x' [n, 3, h, w] f32, the outputs '"),
            ("mlp", "x=nhwc", "'x' has no 4 dims"),
            ("pictures", "x=nwhc", "'x=nwhc' is neither NAME=nhwc nor NAME=nchw"),
            ("pictures", "x=nhwc,x=nchw", "'x' is named twice"),
        ]:
            self.assertIn(text, self.compile(self.model(model), "--io-layout", words, code=2).stderr)
        refused = self.compile(self.model("pictures"), "--io-layout", "x=nhwc", "--preprocess", "x=u8", code=2)
        self.assertIn("input 'x' is in --preprocess too", refused.stderr)


if __name__ == "__main__":
    unittest.main()
