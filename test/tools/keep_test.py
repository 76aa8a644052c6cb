# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --keep: inner tensors become outputs, those that fusion swallows too, with the values that ONNX's reference evaluator gives them."""
import unittest

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from tooltest import ToolTest


class Keep(ToolTest):
    def check(self, model, names, shape, outputs):
        self.compile(model, "--keep", ",".join(names))
        self.assertEqual([o["name"] for o in self.inspect_json()["outputs"]], outputs + names)
        x = np.random.default_rng(5).standard_normal(shape).astype(np.float32)
        np.savez(self.path("in.npz"), x=x)
        self.tool("mlc-run", self.path("model.plan"), "--inputs", self.path("in.npz"), "--save-outputs", self.path("out.npz"), "--iterations", 1)
        reference = onnx.load(model)
        for name in names:
            reference.graph.output.append(onnx.ValueInfoProto(name=name))
        made = np.load(self.path("out.npz"))
        for name, wanted in zip(outputs + names, ReferenceEvaluator(reference).run(None, {"x": x})):
            np.testing.assert_allclose(made[name], wanted, rtol=1e-4, atol=1e-4, err_msg=name)

    def test_tensors_inside_a_fused_kernel(self):
        plain = self.compile_json(self.model("mlp"))["targets"][0]
        self.assertEqual(len(plain["launches"]), 2, "product, sum and hidden are inside of the first kernel")
        self.check(self.model("mlp"), ["hidden", "product"], (3, 16), ["y"])

    def test_tensors_of_a_convolution_network(self):
        self.check(self.model("resnet"), ["pooled", "block0b", "block1b_conv", "flat", "fc_b"], (2, 3, 32, 32), ["logits"])

    def test_wrong_names_are_usage_errors(self):
        model = self.model("resnet")
        self.assertIn("near matches: 'block0b'", self.compile(model, "--keep", "blok0b", code=2).stderr)
        self.assertIn("'block1skip_conv'", self.compile(model, "--keep", "skip_conv", code=2).stderr)
        self.assertIn("'logits', which is an output already", self.compile(model, "--keep", "logits", code=2).stderr)
        self.assertIn("each once", self.compile(model, "--keep", "flat,flat", code=2).stderr)
        self.assertIn("'z', which is no input", self.compile(model, "--shape", "z=1", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
