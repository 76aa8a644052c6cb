// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// lld in process: one pass over the objects with a linker script that puts text and read-only data into one section and discards the rest.
// Whatever would need a relocation at load time (pointer tables, writable data, outside symbols) is an error here.
#include "backends/host/codegen/Codegen.h"
#include "backends/host/support/support.h"
#include "lld/Common/Driver.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

LLD_HAS_DRIVER(elf)

namespace mlc::host {
namespace {

const char kScript[] = "SECTIONS {\n"
                       "  . = 0x10000;\n"
                       "  .image : ALIGN(64) { *(.text .text.*) . = ALIGN(64); *(.rodata .rodata.*) }\n"
                       "  .bad : { *(.data .data.* .bss .bss.* .init_array* .ctors* .tdata* .tbss* .data.rel.ro*) }\n"
                       "  ASSERT(SIZEOF(.bad) == 0, \"a kernel has writable data\")\n"
                       "  /DISCARD/ : { *(.comment .note.* .eh_frame*) }\n"
                       "}\n";

/// A folder that is gone with this object.
struct ScratchFolder {
  llvm::SmallString<128> path;
  ~ScratchFolder() { llvm::sys::fs::remove_directories(path); }
};

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (!error)
    os << bytes;
  os.close();
  if (error || os.has_error()) {
    os.clear_error();
    return llvm::createStringError("cannot write the temporary file " + path.str());
  }
  return llvm::Error::success();
}

} // namespace

llvm::Expected<Image> linkImage(llvm::ArrayRef<std::string> objects, llvm::ArrayRef<std::string> symbols) {
  ScratchFolder folder;
  if (auto error = llvm::sys::fs::createUniqueDirectory("mlc-link", folder.path))
    return llvm::createStringError("cannot make a temporary folder: " + error.message());
  std::vector<std::string> args = {"ld.lld", "--no-dynamic-linker", "-nostdlib", "-static", "--no-undefined", "--gc-sections", "--build-id=none", "--hash-style=sysv", "-z", "norelro", "--threads=1"};
  auto file = [&](llvm::StringRef name, llvm::StringRef bytes) -> llvm::Error {
    llvm::SmallString<128> path(folder.path);
    llvm::sys::path::append(path, name);
    args.push_back(path.str().str());
    return writeFile(path, bytes);
  };
  args.push_back("-T");
  if (auto error = file("image.ld", kScript))
    return std::move(error);
  for (auto [i, object] : llvm::enumerate(objects))
    if (auto error = file("k" + std::to_string(i) + ".o", object))
      return std::move(error);
  llvm::StringRef libcalls(reinterpret_cast<const char *>(mlc_support_libcalls_o), mlc_support_libcalls_o_size);
  if (auto error = file("libcalls.o", libcalls))
    return std::move(error);
  for (const std::string &s : symbols) {
    args.push_back("-u");
    args.push_back(s);
  }
  llvm::SmallString<128> out(folder.path);
  llvm::sys::path::append(out, "image.elf");
  args.push_back("-o");
  args.push_back(out.str().str());
  args.push_back("-e");
  args.push_back(symbols.empty() ? "0" : symbols.front());
  std::vector<const char *> argv;
  for (const std::string &a : args)
    argv.push_back(a.c_str());
  std::string messages;
  llvm::raw_string_ostream log(messages);
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(argv, log, log, drivers);
  if (result.retCode != 0)
    return llvm::createStringError("linking the host image failed: " + messages);
  auto buffer = llvm::MemoryBuffer::getFile(out, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read the linked image");
  auto elf = llvm::object::ObjectFile::createELFObjectFile(**buffer);
  if (!elf)
    return elf.takeError();
  Image image;
  image.elf = (*buffer)->getBuffer().str();
  uint64_t base = 0;
  for (const auto &section : (*elf)->sections()) {
    auto name = section.getName();
    if (!name || *name != ".image")
      continue;
    auto contents = section.getContents();
    if (!contents)
      return contents.takeError();
    image.bytes = contents->str();
    base = section.getAddress();
  }
  llvm::StringMap<Image::Entry> found;
  for (const auto &symbol : (*elf)->symbols()) {
    auto name = symbol.getName();
    auto address = symbol.getAddress();
    if (name && address)
      found[*name] = {*address - base, llvm::object::ELFSymbolRef(symbol).getSize()};
    if (!name)
      llvm::consumeError(name.takeError());
    if (!address)
      llvm::consumeError(address.takeError());
  }
  for (const std::string &s : symbols) {
    auto it = found.find(s);
    if (it == found.end())
      return llvm::createStringError("the linked image lacks the symbol " + s);
    image.entries.push_back(it->second);
  }
  return image;
}

} // namespace mlc::host
