// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Estimates of what a region does, as expressions over the symbols: the plan carries them, and passes/Schedule makes times of them.
#ifndef MLC_PASSES_MEMORY_REGIONWORK_H
#define MLC_PASSES_MEMORY_REGIONWORK_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

/// Two per multiply-add of products and convolutions, one per element that a reduction reads, none for moves, one per result element of the rest.
DimExpr regionFlops(graph::RegionOp region, graph::ShapeFacts &facts);

/// Bytes of all operands and results.
DimExpr regionTraffic(graph::RegionOp region, graph::ShapeFacts &facts);

} // namespace mlc

#endif
