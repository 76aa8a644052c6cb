// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/HostTwin.h"
#include "compiler/Pipeline.h"
#include "compiler/Target.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

llvm::Expected<CompileOptions> hostOptions(const CompileOptions &options) {
  auto targets = makeBackends({"host"});
  if (targets && (*targets)[0]->arch != "x86-64-v2")
    targets = makeBackends({"x86-64-v3"});
  if (!targets)
    return targets.takeError();
  CompileOptions host;
  host.targets = std::move(*targets);
  host.threads = options.threads;
  host.cacheFolder = options.cacheFolder;
  return host;
}

/// Constants that were packed for the other target come into products as they were, by moves that are evaluated while the plan is written.
void unpackConstants(RegionOp region, ShapeFacts &facts) {
  for (Operation &op : region.getBody().front())
    for (OpOperand &operand : op.getOpOperands()) {
      SmallVector<Operation *> chain;
      Value source = operand.get();
      for (Operation *move = source.getDefiningOp(); move && isMoveByNumbers(move) && move->getNumOperands() == 1; move = source.getDefiningOp()) {
        chain.push_back(move);
        source = move->getOperand(0);
      }
      auto argument = dyn_cast<BlockArgument>(source);
      if (!isa<MatMulOp, ConvOp>(op) || chain.empty() || !argument || !isConstantExpression(region.getInputs()[argument.getArgNumber()]))
        continue;
      OpBuilder b(region);
      IRMapping map;
      map.map(source, region.getInputs()[argument.getArgNumber()]);
      for (Operation *move : llvm::reverse(chain))
        (void)facts.infer(b.clone(*move, map));
      operand.set(addInput(region, map.lookup(chain.front()->getResult(0)), facts));
    }
}

} // namespace

llvm::Expected<Samples::Run> openTwin(ModuleOp fused, const CompileOptions &options) {
  auto host = hostOptions(options);
  if (!host)
    return host.takeError();
  auto func = fused.lookupSymbol<func::FuncOp>("main");
  {
    ShapeFacts facts(func);
    if (!facts.valid())
      return llvm::make_error<ModelError>();
    func.walk([&](RegionOp region) { unpackConstants(region, facts); });
  }
  PassManager pm(fused.getContext());
  buildFusedPipeline(pm);
  host->targets[0]->addChoosePasses(pm.nest<func::FuncOp>());
  if (failed(pm.run(fused)))
    return llvm::make_error<ModelError>();
  std::string plan;
  if (auto report = compileToBytes(fused, *host, plan); !report)
    return report.takeError();
  return options.samples.open(std::move(plan));
}

} // namespace mlc
