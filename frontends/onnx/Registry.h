// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which function imports which operator. Operators that are one graph op import by that op's record; each ops/<Family>.cpp adds the others.
#ifndef MLC_FRONTENDS_ONNX_REGISTRY_H
#define MLC_FRONTENDS_ONNX_REGISTRY_H

#include "frontends/onnx/Node.h"

namespace mlc::importer {

/// ONNX operator sets up to this one are known.
inline constexpr int64_t kNewestOpset = 28;

/// A record that imports by itself.
struct RecordImport {
  llvm::StringRef graphOp;
  int operands; // -1: as many as given
};

struct OpImport {
  int64_t since = 1; // first opset it is for
  LogicalResult (*function)(Node &) = nullptr;
  const RecordImport *record = nullptr;
};

class Registry {
public:
  /// The table of all known operators, made once.
  static const Registry &get();

  /// The importer for an operator ("Add", "com.microsoft.Gelu") at an opset; null when there is none. `known` tells whether another opset has one.
  const OpImport *lookup(llvm::StringRef name, int64_t opset, bool *known = nullptr) const;

  struct Row {
    const char *name;
    int64_t since;
    LogicalResult (*function)(Node &);
  };
  void add(llvm::ArrayRef<Row> rows);

private:
  Registry();
  template <typename Op> void addRecord();
  llvm::StringMap<llvm::SmallVector<OpImport, 2>> table; // by name, ascending `since`
  std::vector<std::unique_ptr<RecordImport>> records;
};

/// Imports the node as one op: operands in order, attributes by name (but those in `but`).
LogicalResult importByRecord(Node &node, const RecordImport &record, llvm::ArrayRef<llvm::StringRef> but = {});

// One per ops/<Family>.cpp.
void addArithmetic(Registry &registry);
void addLegacy(Registry &registry);
void addMove(Registry &registry);
void addIndex(Registry &registry);
void addReduce(Registry &registry);
void addNorm(Registry &registry);
void addConv(Registry &registry);
void addGemm(Registry &registry);
void addQuantize(Registry &registry);
void addResize(Registry &registry);
void addRecurrent(Registry &registry);
void addControl(Registry &registry);
void addEinsum(Registry &registry);

} // namespace mlc::importer

#endif
