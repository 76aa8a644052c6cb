# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The steps by which a random graph grows, and how often each is taken.

A motif takes the graph, builds on values of its choice and returns; it raises Declined when none fits (what it added is dropped).
"""
import numpy as np

import random_branches as branches
import random_compute as compute
import random_moves as moves
import random_spatial as spatial
from random_attention import attention, causal, rotary
from random_builder import CHANNELS, Declined, Graph

LARGE = (1, 2, 5, 15, 16, 17, 32, 63, 96, 100, 144, 193, 260)

MOTIFS = [(4, attention), (2, causal), (1, rotary), (2, compute.split_products), (2, moves.windows), (5, spatial.conv), (1, spatial.conv_transpose),
          (1, spatial.pool), (1, spatial.resize), (3, spatial.squeeze_excite), (2, compute.linear), (2, compute.mlp), (1, compute.gemm),
          (2, compute.computed_product), (1, compute.stacked_product), (2, compute.unary), (2, compute.broadcast_constant), (3, compute.join),
          (1, compute.where), (2, compute.reduce), (1, compute.softmax), (2, compute.layer_norm), (1, compute.channel_norm), (2, moves.transpose),
          (1, moves.flatten), (1, moves.unflatten), (2, moves.there_and_back), (1, moves.squeeze), (2, moves.slice_), (2, moves.slices_computed),
          (2, moves.concat), (1, moves.gather), (1, moves.embed), (1, moves.expand), (1, moves.pad), (1, moves.depth_to_space), (2, moves.tokens),
          (2, branches.moments), (2, branches.branches), (1, branches.dense_block), (2, branches.product_of_windows)]
WEIGHTS = np.array([w for w, _ in MOTIFS]) / sum(w for w, _ in MOTIFS)


def start(g, large):
    batch = "b" if g.batch_symbolic else g.one((1, 2, 3))
    length = "s" if g.sequence_symbolic else g.one((1, 5, 8, 13, 16, 33, 66, 128, 140, 200))
    for _ in range(1 if g.chance(0.7) else 2):
        kind = g.one(["sequence", "sequence", "picture", "picture", "picture", "rows", "signal", "picture_last"])
        c = g.one(LARGE if large else CHANNELS)
        sides = [g.one((1, 2, 5, 9, 14, 20, 33, 40) if large else (4, 6, 7, 8, 12, 15)) for _ in range(2)]
        g.input({"sequence": [batch, length, c], "picture": [batch, c, *sides], "rows": [batch, c], "signal": [batch, c, length], "picture_last": [batch, *sides, c]}[kind])


def grow(seed):
    """A graph of 5 to 40 nodes (a last motif may exceed that); every fourth is small and of larger tensors, for kernels' edges."""
    g = Graph(np.random.default_rng(seed))
    large = g.chance(0.25)
    start(g, large)
    wanted = int(g.rng.integers(2, 9) if large else g.rng.integers(5, 41))
    for _ in range(400):
        if len(g.nodes) >= wanted:
            break
        motif = MOTIFS[g.rng.choice(len(MOTIFS), p=WEIGHTS)][1]
        kept = len(g.nodes), len(g.init), len(g.inputs), len(g.values)
        try:
            motif(g)
        except Declined:
            for rows, n in zip((g.nodes, g.init, g.inputs, g.values), kept):
                del rows[n:]
    return g
