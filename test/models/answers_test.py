# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Judges of answers on small arrays: answers.py tells same from other, tolerance.py measures each output by itself."""
import unittest

import numpy as np

import answers
import corpus
import tolerance


class Answers(unittest.TestCase):
    def differs(self, name, ours, reference):
        return answers.difference_of(name, ours, reference)

    def test_every_model_has_one(self):
        for name in corpus.ALL + corpus.TRAINED:
            self.assertTrue(any(name.startswith(family) for family, _ in answers.FAMILIES), name)
        with self.assertRaises(KeyError):
            self.differs("alexnet", {}, {})

    def test_classes(self):
        reference = {"logits": np.eye(3, 10, dtype=np.float32)}
        self.assertEqual(self.differs("vit_b_16", {"logits": reference["logits"] * 0.6}, reference), "")
        other = {"logits": reference["logits"].copy()}
        other["logits"][1, 7] = 2
        self.assertEqual(self.differs("vit_b_16", other, reference), "class 7, not 1; 1 of them, first at 1")
        other["logits"][1, 7] = np.nan
        self.assertIn("not finite", self.differs("vit_b_16", other, reference))
        self.assertIn("shape", self.differs("vit_b_16", {"logits": np.eye(2, 10)}, reference))

    def test_next_token_is_that_of_the_last_position(self):
        reference = {"logits": np.eye(4, 10, dtype=np.float32)[None], "present.0.key": np.zeros((1, 2))}
        other = {k: v.copy() for k, v in reference.items()}
        other["logits"][0, 0, 9] = 2
        self.assertEqual(self.differs("gpt2_prefill_ts", other, reference), "")
        other["logits"][0, 3, 9] = 2
        self.assertIn("class 9, not 3", self.differs("gpt2_prefill_ts", other, reference))

    def test_embeddings(self):
        reference = {"last_hidden_state": np.random.default_rng(0).normal(size=(1, 4, 100))}
        near = {"last_hidden_state": reference["last_hidden_state"] * 1.01}
        self.assertEqual(self.differs("bert_base_ts", near, reference), "")
        near["last_hidden_state"][0, 2, 5] += 3
        self.assertIn("cosine", self.differs("bert_base_ts", near, reference))

    def test_pixels(self):
        reference = {"mask": np.random.default_rng(0).normal(size=(1, 4, 100, 100))}
        other = {"mask": reference["mask"].copy()}
        other["mask"][0, :, 0, :10] *= -1
        self.assertEqual(self.differs("unet", other, reference), "")
        other["mask"][0, :, 0] *= -1
        self.assertIn("of the pixels", self.differs("unet", other, reference))

    def test_text(self):
        def scores(*best):
            return {"softmax_11.tmp_0": np.eye(9)[None, list(best)]}
        self.assertEqual(self.differs("ppocr_v4_rec", scores(0, 3, 0, 3, 3), scores(3, 3, 0, 0, 3)), "")
        self.assertEqual(self.differs("ppocr_v4_rec", scores(3, 3, 3), scores(3, 0, 3)), "text 0 is [3], not [3, 3]")

    def test_boxes(self):
        reference = np.zeros((1, 7, 50))
        reference[0, :4] = [[100], [100], [20], [40]]
        reference[0, 5, 10], reference[0, 6, 20], reference[0, 6, 30] = 0.9, 0.6, 0.251

        def told(change):
            ours = reference.copy()
            change(ours[0])
            return self.differs("yolov8n_ts", {"predictions": ours}, {"predictions": reference})

        def put(*at_and_value):
            return lambda ours: ours.__setitem__(at_and_value[:2], at_and_value[2])
        self.assertEqual(told(put(6, 30, 0.249)), "")  # on the edge
        self.assertEqual(told(put(0, 10, 100.5)), "")
        self.assertIn("only one finds", told(put(6, 20, 0.1)))
        self.assertIn("only one finds", told(put(4, 40, 0.5)))
        self.assertIn("another class", told(put(4, 10, 0.95)))
        self.assertIn("another place", told(put(0, 10, 110)))

    def test_speech(self):
        self.assertEqual(self.differs("silero_vad_op18_ifless", {"output": np.array([[0.6]])}, {"output": np.array([[0.9]])}), "")
        self.assertIn("two sides", self.differs("silero_vad_op18_ifless", {"output": np.array([[0.4]])}, {"output": np.array([[0.9]])}))


class Errors(unittest.TestCase):
    def test_peak_is_relative_to_what_is_larger(self):
        reference = {"a": np.array([1.0, 0.0, 0.0, 0.0]), "n": np.array([3])}  # std 0.433
        self.assertEqual(tolerance.peak(reference, reference), 0)
        self.assertAlmostEqual(tolerance.peak({"a": np.array([0.9, 0, 0, 0])}, reference), 0.1)
        self.assertAlmostEqual(tolerance.peak({"a": np.array([1, 0.1, 0, 0])}, reference), 0.1 / reference["a"].std())
        self.assertEqual(tolerance.peak({"a": np.array([1, np.nan, 0, 0])}, reference), np.inf)

    def test_error_is_scaled_by_each_output(self):
        reference = {"a": np.array([0.0, 2.0]), "b": np.array([[50.0]]), "n": np.array([3])}
        self.assertEqual(tolerance.scaled(reference, reference), (0, 0))
        largest, mean = tolerance.scaled({"a": np.array([0.0, 2.1]), "b": np.array([[51.0]]), "n": np.array([4])}, reference)
        self.assertAlmostEqual(largest, 0.1)
        self.assertAlmostEqual(mean, 0.1 / np.sqrt(2))
        self.assertEqual(tolerance.scaled({"a": np.array([0.0, np.nan]), "b": reference["b"]}, reference)[0], np.inf)


if __name__ == "__main__":
    unittest.main()
