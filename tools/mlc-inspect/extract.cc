// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/extract.h"

#include <filesystem>

#include "runtime/plan/access.h"
#include "tools/common/error.h"
#include "tools/common/fatbin.h"
#include "tools/common/npy.h"
#include "tools/mlc-inspect/elf.h"

namespace mlc::tools {

std::vector<std::string> ExtractCode(const runtime::PlanFile& file, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw ToolError(kSystem, "cannot make the folder '" + folder + "': " + error.message());
  std::vector<std::string> paths;
  auto write = [&](const std::string& name, std::string_view bytes) {
    paths.push_back(folder + "/" + name);
    WriteWholeFile(paths.back(), bytes);
  };
  std::vector<FatbinEntry> cuda;
  for (const plan::Target* target : runtime::Items(file.plan().targets())) {
    const uint32_t number = target->code_segment();
    if (number == runtime::kNone) continue;
    const plan::Segment& segment = *file.plan().segments()->Get(number);
    const auto* bytes = reinterpret_cast<const char*>(file.SegmentData(number));
    const std::string_view code(bytes, segment.size());
    const std::string arch = target->arch()->str();
    if (segment.kind() != plan::SegmentKind::HostCode) {
      cuda.push_back({arch, code});
      write(arch + (segment.kind() == plan::SegmentKind::Ptx ? ".ptx" : ".cubin"), code);
      continue;
    }
    write(arch + ".bin", code);
    std::vector<ElfSymbol> symbols;
    for (const plan::Kernel* kernel : runtime::Items(target->kernels()))
      symbols.push_back({kernel->name()->str(), kernel->code_offset(), kernel->code_size()});
    write(arch + ".elf", FormatElf(code, symbols));
  }
  if (!cuda.empty()) write("cuda.fatbin", FormatFatbin(cuda));
  return paths;
}

}  // namespace mlc::tools
