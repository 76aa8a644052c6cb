// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/elf.h"

#include <elf.h>

#include <cstring>

namespace mlc::tools {
namespace {

constexpr uint64_t kPage = 4096;
enum Section : uint16_t { kNull, kText, kSymtab, kStrtab, kShstrtab, kNumSections };
constexpr const char* kSectionNames[] = {"", ".text", ".symtab", ".strtab", ".shstrtab"};

// Appends strings, each with its final 0; gives offsets as ELF wants them.
class StringTable {
 public:
  uint32_t Add(const std::string& text) {
    const auto at = static_cast<uint32_t>(bytes_.size());
    bytes_ += text + '\0';
    return at;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
};

// The file so far; sections are added at their alignment.
class File {
 public:
  explicit File(size_t start) : bytes_(start, '\0') {}

  template <typename T>
  void Overwrite(size_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  uint64_t Append(std::string_view data, uint64_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment, '\0');
    const uint64_t at = bytes_.size();
    bytes_ += data;
    return at;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string FormatSymbols(const std::vector<ElfSymbol>& symbols, StringTable& names) {
  std::string table(sizeof(Elf64_Sym), '\0');  // the null symbol
  for (const ElfSymbol& symbol : symbols) {
    Elf64_Sym entry{};
    entry.st_name = names.Add(symbol.name);
    entry.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    entry.st_shndx = kText;
    entry.st_value = symbol.offset;
    entry.st_size = symbol.size_bytes;
    table.append(reinterpret_cast<const char*>(&entry), sizeof entry);
  }
  return table;
}

Elf64_Ehdr FileHeader(uint64_t section_headers_offset) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_shoff = section_headers_offset;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = kNumSections;
  header.e_shstrndx = kShstrtab;
  return header;
}

}  // namespace

std::string FormatElf(std::string_view image, const std::vector<ElfSymbol>& symbols) {
  File file(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
  StringTable names, section_names;
  Elf64_Shdr headers[kNumSections] = {};
  auto add = [&](Section section, uint32_t type, std::string_view bytes, uint64_t alignment) {
    Elf64_Shdr& header = headers[section];
    header.sh_name = section_names.Add(kSectionNames[section]);
    header.sh_type = type;
    header.sh_offset = file.Append(bytes, alignment);
    header.sh_size = bytes.size();
    header.sh_addralign = alignment;
  };
  add(kText, SHT_PROGBITS, image, kPage);
  headers[kText].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  add(kSymtab, SHT_SYMTAB, FormatSymbols(symbols, names), alignof(Elf64_Sym));
  headers[kSymtab].sh_link = kStrtab;
  headers[kSymtab].sh_info = 1;  // the first symbol that is not local
  headers[kSymtab].sh_entsize = sizeof(Elf64_Sym);
  add(kStrtab, SHT_STRTAB, names.bytes(), 1);
  headers[kShstrtab].sh_name = section_names.Add(kSectionNames[kShstrtab]);
  headers[kShstrtab].sh_type = SHT_STRTAB;
  headers[kShstrtab].sh_offset = file.Append(section_names.bytes(), 1);
  headers[kShstrtab].sh_size = section_names.bytes().size();
  headers[kShstrtab].sh_addralign = 1;

  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R | PF_X;
  segment.p_offset = headers[kText].sh_offset;
  segment.p_filesz = segment.p_memsz = image.size();
  segment.p_align = kPage;
  const std::string_view header_bytes(reinterpret_cast<const char*>(headers), sizeof headers);
  const uint64_t headers_offset = file.Append(header_bytes, alignof(Elf64_Shdr));
  file.Overwrite(0, FileHeader(headers_offset));
  file.Overwrite(sizeof(Elf64_Ehdr), segment);
  return file.Take();
}

}  // namespace mlc::tools
