// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Matrix products: Gemm.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// alpha A' B' + beta C; products by 1 and absent C are left out.
LogicalResult importGemm(Node &n) {
  if (failed(n.require(2)))
    return failure();
  Value a = n.in(0), b = n.in(1), c = n.in(2);
  if (n.rank(a) != 2 || n.rank(b) != 2)
    return n.fail("its operands have dims " + graph::describe(n.dims(a)) + " and " + graph::describe(n.dims(b)) + ", expected matrices");
  Type type = n.elementType(a);
  auto scaled = [&](Value v, float by) { return by == 1.0f ? v : n.make<graph::MulOp>({v, n.scalar(type, by)}); };
  if (n.intAttr("transA", 0))
    a = n.transpose(a, {1, 0});
  if (n.intAttr("transB", 0))
    b = n.transpose(b, {1, 0});
  Value y = scaled(n.make<graph::MatMulOp>({a, b}), n.floatAttr("alpha", 1));
  float beta = n.floatAttr("beta", 1);
  if (c && beta != 0)
    y = n.make<graph::AddOp>({y, scaled(c, beta)});
  return n.done(y);
}

} // namespace

void addGemm(Registry &r) { r.add({{"Gemm", 1, importGemm}}); }

} // namespace mlc::importer
