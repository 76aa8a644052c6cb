// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// .npz archives by libzip, and whole files.
#include <unistd.h>
#include <zip.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "tools/common/error.h"
#include "tools/common/npy.h"

namespace mlc::tools {
namespace {

constexpr std::string_view kSuffix = ".npy";

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

Archive OpenArchive(const std::string& path, int flags) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), flags, &code);
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw ToolError(kUsage, "cannot open '" + path + "': " + why);
  }
  return Archive(archive, zip_discard);
}

std::string ReadMember(zip_t* archive, zip_uint64_t index, uint64_t size_bytes,
                       const std::string& name) {
  std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0),
                                                          zip_fclose);
  std::string bytes;
  char chunk[1 << 16];
  while (file && bytes.size() < size_bytes) {
    const zip_int64_t count = zip_fread(file.get(), chunk, sizeof chunk);
    if (count <= 0) break;
    bytes.append(chunk, static_cast<size_t>(count));
  }
  if (bytes.size() != size_bytes)
    throw ToolError(kUsage, "cannot read '" + name + "': the archive is damaged");
  return bytes;
}

}  // namespace

std::map<std::string, Array> ReadNpz(const std::string& path) {
  const Archive archive = OpenArchive(path, ZIP_RDONLY);
  std::map<std::string, Array> arrays;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t info;
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &info) != 0) continue;
    std::string name = info.name;
    const std::string place = path + ":" + name;
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix))
      name.resize(name.size() - kSuffix.size());
    arrays[name] =
        ParseNpy(ReadMember(archive.get(), static_cast<zip_uint64_t>(i), info.size, place), place);
  }
  return arrays;
}

void WriteNpz(const std::string& path, const std::vector<std::pair<std::string, Array>>& arrays) {
  // libzip writes to a temporary file and renames; the members' bytes live until zip_close.
  Archive archive = OpenArchive(path, ZIP_CREATE | ZIP_TRUNCATE);
  std::vector<std::string> members;
  members.reserve(arrays.size());
  for (const auto& [name, array] : arrays) {
    const std::string& bytes = members.emplace_back(FormatNpy(array));
    zip_source_t* source = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive.get(), (name + std::string(kSuffix)).c_str(),
                                           source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      throw ToolError(kSystem, "cannot add '" + name + "' to '" + path + "'");
    }
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    zip_file_set_mtime(archive.get(), static_cast<zip_uint64_t>(index), 315532800,
                       0);  // 1980, zip's first year
  }
  if (zip_close(archive.get()) != 0)
    throw ToolError(kSystem, "cannot write '" + path + "': " + zip_strerror(archive.get()));
  (void)archive.release();  // closed
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) throw ToolError(kUsage, "cannot read '" + path + "'");
  return std::move(bytes).str();
}

void WriteWholeFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + "." + std::to_string(::getpid());
  std::ofstream file(temporary, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw ToolError(kSystem, "cannot write '" + path + "'");
  }
}

}  // namespace mlc::tools
