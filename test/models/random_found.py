# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The small graphs behind what random ones have found: each was compiled wrongly, or not at all, once. They are checked ahead of the seeds."""
from onnx import helper

from random_builder import Value, dim, make_model


def attention(q, k, v, values="v"):
    """softmax(q k) v of given shapes; values: what the weights are multiplied with."""
    nodes = [helper.make_node("MatMul", ["q", "k"], ["scores"], name="scores"), helper.make_node("Softmax", ["scores"], ["weights"], name="softmax", axis=-1),
             helper.make_node("MatMul", ["weights", values], ["y"], name="sum")]
    inputs = [Value(n, tuple(map(dim, dims))) for n, dims in (("q", q), ("k", k), ("v", v)) if n != "v" or values == "v"]
    return inputs, make_model(nodes, [], inputs, [("y", 1, max(len(q), len(v)))])


FOUND = {
    # The last block of keys has one panel, which tiles of two left out.
    "keys of an odd number of panels behind whole blocks": attention([3, 5, 8], [3, 8, 140], [3, 140, 16]),
    # One batch entry of scores for several of values: only the first was computed.
    "values of a larger batch": attention([1, 2, 5, 8], [1, 2, 8, 7], [3, 2, 7, 8]),
    # A region that used its own result.
    "weights times weights": attention([3, 5, 8], [3, 8, 5], [], "weights"),
}
