// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Attention whose rows are exactly softmax(f(q k^T)): what a kernel needs that passes over the keys once (online softmax).
#ifndef MLC_PASSES_FUSE_SOFTMAXFORM_H
#define MLC_PASSES_FUSE_SOFTMAXFORM_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

struct SoftmaxForm {
  graph::MatMulOp first, second; // scores = first, result = second(probabilities, values)
  mlir::Value logits;            // f(scores): what is exponentiated, minus its row's maximum
  bool guarded = false;          // rows whose probabilities are NaN (no finite logit, or a NaN) give zeros: Where(IsNaN(p), 0, p)
};

/// Walks back from the product of probabilities and values, through casts. Empty when something else than max, subtraction, exp, sum and quotient over the last dim lies there.
std::optional<SoftmaxForm> matchSoftmaxForm(graph::MatMulOp second, graph::ShapeFacts &facts);

} // namespace mlc

#endif
