# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-compile --strip-weights and mlc-refit: there and back gives the same bytes; damage and other weights are refused."""
import os
import pathlib
import random
import struct
import subprocess
import unittest

import numpy as np
import onnx
from onnx import numpy_helper

from tooltest import BIN, ToolTest


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Refit(ToolTest):
    def both(self, model, *words):
        self.compile(model, *words, plan="full.plan")
        self.compile(model, *words, "--strip-weights", plan="small.plan")
        return os.path.getsize(self.path("full.plan")), os.path.getsize(self.path("small.plan"))

    def refit(self, weights, code=0, plan="small.plan"):
        return self.tool("mlc-refit", self.path(plan), "--weights", weights, "-o", self.path("made.plan"), code=code)

    def same(self):
        self.assertEqual(pathlib.Path(self.path("full.plan")).read_bytes(), pathlib.Path(self.path("made.plan")).read_bytes())

    def test_there_and_back(self):
        for name, words in [("resnet", ["--arch", "x86-64-v2,x86-64-v3"]), ("mlp", ["--arch", "x86-64-v3"]), ("resnet", ["-O", "0"])]:
            model = self.model(name)
            self.both(model, *words)
            self.refit(model)
            self.same()

    def test_most_weights_are_left_out(self):
        full, small = self.both(self.model("large"), "--arch", "x86-64-v3")
        self.assertGreater(full, 4_000_000)
        self.assertLess(small, 40 * 1024)
        self.refit(self.path("large.onnx"))
        self.same()

    def test_folded_constants_stay(self):
        """Batch normalisation is folded into the convolutions, so their weights are no initializers any more; the classifier's are."""
        full, small = self.both(self.model("resnet"), "--arch", "x86-64-v3")
        self.assertGreater(small, 4 * 16 * 3 * 7 * 7)
        self.assertLess(small, full - 4 * 200 * 32 + 4096)

    def test_typed_fields_and_external_data(self):
        model = onnx.load(self.model("large"))
        first = model.graph.initializer[0]
        values = numpy_helper.to_array(first)
        first.ClearField("raw_data")
        first.float_data.extend(values.ravel().tolist())
        path = self.path("typed.onnx")
        onnx.save(model, path)
        self.both(path)
        self.refit(path)
        self.same()
        onnx.save(onnx.load(self.path("large.onnx")), self.path("outside.onnx"), save_as_external_data=True, location="outside.bin", size_threshold=0)
        self.both(self.path("outside.onnx"))
        self.refit(self.path("outside.onnx"))
        self.same()

    def test_constant_nodes(self):
        """Some exporters write all weights as Constant nodes."""
        model = onnx.load(self.model("large"))
        for tensor in list(model.graph.initializer):
            node = onnx.helper.make_node("Constant", [], [tensor.name], value=tensor)
            model.graph.node.insert(0, node)
        del model.graph.initializer[:]
        onnx.save(model, self.path("nodes.onnx"))
        _, small = self.both(self.path("nodes.onnx"), "--arch", "x86-64-v3")
        self.assertLess(small, 40 * 1024)
        self.refit(self.path("nodes.onnx"))
        self.same()

    def test_shared_steps(self):
        """A weight that is joined to itself and cut, 200 times over: each step is one of the recipe, however many ways lead to it."""
        helper = onnx.helper
        weight, nodes, last = numpy_helper.from_array(np.arange(640, dtype=np.float32), "w"), [], "w"
        for i in range(200):
            nodes += [helper.make_node("Concat", [last, last], [f"j{i}"], axis=0), helper.make_node("Slice", [f"j{i}", "one", "past"], [f"c{i}"])]
            last = f"c{i}"
        nodes.append(helper.make_node("Add", ["x", last], ["y"]))
        infos = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [640]) for name in ("x", "y")]
        bounds = [numpy_helper.from_array(np.array([at]), name) for name, at in (("one", 1), ("past", 641))]
        path = self.path("shared.onnx")
        onnx.save(helper.make_model(helper.make_graph(nodes, "shared", infos[:1], infos[1:], [weight, *bounds]), opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
        self.both(path, "--arch", "x86-64-v3")
        self.refit(path)
        self.same()

    def test_stripped_plans_do_not_run(self):
        self.both(self.model("large"))
        for tool in ("mlc-run", "mlc-inspect"):
            self.assertIn("mlc-refit PLAN --weights", self.tool(tool, self.path("small.plan"), code=1).stderr)

    def test_other_weights_are_refused(self):
        self.both(self.model("large"))
        model = onnx.load(self.path("large.onnx"))
        changed = numpy_helper.to_array(model.graph.initializer[0]).copy()
        changed[3, 5] += 1
        model.graph.initializer[0].CopyFrom(numpy_helper.from_array(changed, model.graph.initializer[0].name))
        onnx.save(model, self.path("changed.onnx"))
        self.assertIn("has other values than in the model that was compiled", self.refit(self.path("changed.onnx"), code=1).stderr)
        self.assertIn("no initializer", self.refit(self.model("mlp"), code=1).stderr)
        self.assertIn("has its weights already", self.refit(self.path("large.onnx"), code=2, plan="full.plan").stderr)
        self.assertEqual([p for p in os.listdir(self.dir) if p.startswith("made")], [], "nothing is left behind")
        self.compile(self.path("large.onnx"), "--strip-weights", "--verify", code=2)

    def test_damage_is_refused(self):
        self.both(self.model("mlp_wide"))
        good = pathlib.Path(self.path("small.plan")).read_bytes()
        full = pathlib.Path(self.path("full.plan")).read_bytes()
        rng = random.Random(1)
        refused = 0
        header_bytes = struct.unpack_from("<Q", good, 16)[0]
        for i in range(200):
            bad = bytearray(good)
            if i % 2:
                bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            else:  # in the metadata, with its checksums made good again, so that recipes are reached
                bad[64 + rng.randrange(header_bytes)] ^= 1 << rng.randrange(8)
                struct.pack_into("<I", bad, 32, crc32c(bad[64 : 64 + header_bytes]))
                struct.pack_into("<I", bad, 60, crc32c(bad[:60]))
            pathlib.Path(self.path("bad.plan")).write_bytes(bad)
            done = subprocess.run([os.path.join(BIN, "mlc-refit"), self.path("bad.plan"), "--weights", self.path("mlp_wide.onnx"), "-o", self.path("made.plan")],
                                  stderr=subprocess.PIPE)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            refused += done.returncode
            if done.returncode == 0:  # the flip was in padding, or in text that is only shown
                self.assertEqual(pathlib.Path(self.path("made.plan")).read_bytes(), full)
        self.assertGreater(refused, 50)


if __name__ == "__main__":
    unittest.main()
