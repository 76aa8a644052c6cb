// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/cubin.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace mlc::tools {
namespace {

// Attributes of .nv.info, as `cuobjdump -elf` names them, and the form that they have: two bytes,
// the size of what follows in two more, a symbol and a number.
constexpr uint8_t kSizedValue = 4;         // EIFMT_SVAL
constexpr uint8_t kFrameSize = 0x11;       // EIATTR_FRAME_SIZE
constexpr uint8_t kRegisterCount = 0x2f;   // EIATTR_REGCOUNT
constexpr std::string_view kText = ".text.", kShared = ".nv.shared.", kInfo = ".nv.info";

// The value at `offset`, zeros when it is not in the bytes.
template <typename T>
T ReadAt(std::string_view bytes, uint64_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof value)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

class Elf {
 public:
  explicit Elf(std::string_view bytes) : bytes_(bytes) {
    const auto header = ReadAt<Elf64_Ehdr>(bytes, 0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64)
      return;
    for (uint16_t i = 0; i < header.e_shnum; ++i)
      sections_.push_back(ReadAt<Elf64_Shdr>(bytes, header.e_shoff + i * sizeof(Elf64_Shdr)));
    if (header.e_shstrndx < sections_.size()) names_ = Bytes(sections_[header.e_shstrndx]);
  }

  const std::vector<Elf64_Shdr>& sections() const { return sections_; }

  std::string_view Bytes(const Elf64_Shdr& section) const {
    if (section.sh_type == SHT_NOBITS || section.sh_offset > bytes_.size() ||
        section.sh_size > bytes_.size() - section.sh_offset)
      return {};
    return bytes_.substr(section.sh_offset, section.sh_size);
  }

  std::string_view Name(const Elf64_Shdr& section) const { return At(names_, section.sh_name); }

  // The string that starts at an offset of a string table.
  static std::string_view At(std::string_view table, uint32_t offset) {
    if (offset >= table.size()) return {};
    const std::string_view rest = table.substr(offset);
    return rest.substr(0, rest.find('\0'));
  }

  // Names by number, as .nv.info refers to them.
  std::vector<std::string_view> SymbolNames() const {
    std::vector<std::string_view> names;
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections_.size()) continue;
      const std::string_view table = Bytes(section), strings = Bytes(sections_[section.sh_link]);
      for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.size(); at += sizeof(Elf64_Sym))
        names.push_back(At(strings, ReadAt<Elf64_Sym>(table, at).st_name));
      break;
    }
    return names;
  }

 private:
  std::string_view bytes_, names_;
  std::vector<Elf64_Shdr> sections_;
};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

void ReadInfo(std::string_view info, const std::vector<std::string_view>& symbols,
              std::map<std::string, CubinKernel>& kernels) {
  for (uint64_t at = 0; at + 4 <= info.size();) {
    const auto form = ReadAt<uint8_t>(info, at), attribute = ReadAt<uint8_t>(info, at + 1);
    const auto size = ReadAt<uint16_t>(info, at + 2);  // of other forms this is the value
    const auto symbol = ReadAt<uint32_t>(info, at + 4), value = ReadAt<uint32_t>(info, at + 8);
    at += 4 + (form == kSizedValue ? size : 0);
    if (form != kSizedValue || symbol >= symbols.size()) continue;
    const auto kernel = kernels.find(std::string(symbols[symbol]));
    if (kernel == kernels.end()) continue;
    if (attribute == kRegisterCount) kernel->second.registers = value;
    if (attribute == kFrameSize) kernel->second.local_bytes = value;
  }
}

}  // namespace

std::map<std::string, CubinKernel> ReadCubin(std::string_view cubin) {
  const Elf elf(cubin);
  std::map<std::string, CubinKernel> kernels;
  for (const Elf64_Shdr& section : elf.sections())
    if (StartsWith(elf.Name(section), kText))
      kernels[std::string(elf.Name(section).substr(kText.size()))].code_bytes = section.sh_size;
  const std::vector<std::string_view> symbols = elf.SymbolNames();
  for (const Elf64_Shdr& section : elf.sections()) {
    const std::string_view name = elf.Name(section);
    if (StartsWith(name, kShared)) {
      const auto kernel = kernels.find(std::string(name.substr(kShared.size())));
      if (kernel != kernels.end()) kernel->second.static_shared_bytes = section.sh_size;
    }
    if (name == kInfo) ReadInfo(elf.Bytes(section), symbols, kernels);
  }
  return kernels;
}

std::map<std::string, uint64_t> ReadPtx(std::string_view ptx) {
  constexpr std::string_view kEntry = ".entry ";
  std::map<std::string, uint64_t> kernels;
  for (size_t at = ptx.find(kEntry); at != std::string_view::npos; at = ptx.find(kEntry, at)) {
    const size_t name = at + kEntry.size();
    const size_t end = std::min(ptx.find("\n}", name), ptx.size());
    kernels[std::string(ptx.substr(name, ptx.find_first_of("( \n", name) - name))] = end - at;
    at = end;
  }
  return kernels;
}

}  // namespace mlc::tools
