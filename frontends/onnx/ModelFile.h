// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// An ONNX file in memory: the parsed model without its large payloads, and the payloads as slices of the mapped file or of its external data files.
// Nothing in the file is trusted: lengths and offsets are checked before use.
#ifndef MLC_FRONTENDS_ONNX_MODELFILE_H
#define MLC_FRONTENDS_ONNX_MODELFILE_H

#include "onnx.pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace mlc::importer {

/// Payloads up to this size stay in the parsed model.
inline constexpr size_t kSmallBytes = 1024;

class ModelFile {
public:
  static llvm::Expected<std::shared_ptr<ModelFile>> parse(std::unique_ptr<llvm::MemoryBuffer> buffer, llvm::StringRef folder);

  ::onnx::ModelProto model;

  /// The tensor's raw bytes, when it has any: inline, cut out by `parse`, or external. Empty result for tensors that use the typed fields.
  llvm::Expected<std::optional<llvm::ArrayRef<char>>> rawData(const ::onnx::TensorProto &tensor);

private:
  llvm::Expected<llvm::ArrayRef<char>> external(const ::onnx::TensorProto &tensor);

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::string folder;
  std::vector<llvm::ArrayRef<char>> blobs;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
};

} // namespace mlc::importer

#endif
