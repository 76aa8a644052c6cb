// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/api/options.h"
#include "runtime/exec/loaded_plan.h"
#include "runtime/plan/access.h"

using namespace mlc::runtime;

namespace {

mlc_plan_options_t DefaultOptions() {
  mlc_plan_options_t options{};
  options.verify_all = SwitchFromEnvironment("MLC_VERIFY_ALL", false);
  return options;
}

Result<PlanReadOptions> ReadPlanOptions(const mlc_plan_options_t* given) {
  mlc_plan_options_t options;
  MLC_TRY(ReadOptions(given, DefaultOptions(), &options));
  PlanReadOptions read_options;
  read_options.verify_all = options.verify_all != 0;
  return read_options;
}

Status OpenFile(const char* path, const mlc_plan_options_t* given, mlc_plan_t** out_plan) {
  MLC_TRY_ASSIGN(const PlanReadOptions options, ReadPlanOptions(given));
  MLC_TRY_ASSIGN(PlanFile file, PlanFile::OpenFile(path, options));
  *out_plan = new mlc_plan(std::move(file));
  return Ok();
}

Status OpenMemory(const void* data, size_t size_bytes, mlc_release_fn release_fn, void* user,
                  const mlc_plan_options_t* given, mlc_plan_t** out_plan) {
  MLC_TRY_ASSIGN(const PlanReadOptions options, ReadPlanOptions(given));
  MLC_TRY_ASSIGN(PlanFile file, PlanFile::OpenMemory(data, size_bytes, options));
  auto* plan = new mlc_plan(std::move(file));
  plan->release_fn = release_fn;
  plan->release_user = user;
  plan->borrowed = data;
  *out_plan = plan;
  return Ok();
}

const mlc::plan::KeyValue* MetadataAt(const mlc_plan_t* plan, size_t index) {
  return plan->file.plan().metadata()->Get(static_cast<uint32_t>(index));
}

Status FindByName(const char* role, const std::vector<mlc_tensor_info_t>& infos, const char* name,
                  size_t* out_index) {
  std::string names;
  for (size_t i = 0; i < infos.size(); ++i) {
    if (std::strcmp(infos[i].name, name) == 0) {
      *out_index = i;
      return Ok();
    }
    names += std::string(names.empty() ? "'" : ", '") + infos[i].name + "'";
  }
  return Error(MLC_STATUS_NOT_FOUND, "the plan has no %s '%s'; it has %s", role, name,
               names.empty() ? "none" : names.c_str());
}

template <typename T>
const T* AtOrNull(const std::vector<T>& items, size_t index) {
  return index < items.size() ? &items[index] : nullptr;
}

}  // namespace

void mlc_plan_options_init_sized(mlc_plan_options_t* options, size_t struct_size) {
  WriteOptions(DefaultOptions(), struct_size, options);
}

mlc_status_t* mlc_plan_open_file(const char* path, const mlc_plan_options_t* options,
                                 mlc_plan_t** out_plan) {
  MLC_REQUIRE(out_plan);
  *out_plan = nullptr;
  MLC_REQUIRE(path);
  return OpenFile(path, options, out_plan).Release();
}

mlc_status_t* mlc_plan_open_memory(const void* data, size_t size_bytes, mlc_release_fn release_fn,
                                   void* user, const mlc_plan_options_t* options,
                                   mlc_plan_t** out_plan) {
  MLC_REQUIRE(out_plan);
  *out_plan = nullptr;
  MLC_REQUIRE(data);
  return OpenMemory(data, size_bytes, release_fn, user, options, out_plan).Release();
}

void mlc_plan_retain(mlc_plan_t* plan) {
  if (plan) plan->Retain();
}

void mlc_plan_release(mlc_plan_t* plan) {
  if (plan) plan->Release();
}

const char* mlc_plan_compiler(const mlc_plan_t* plan) { return Text(plan->file.plan().compiler()); }

const char* mlc_plan_format_version(const mlc_plan_t* plan) { return plan->format_version.c_str(); }

uint64_t mlc_plan_weights_bytes(const mlc_plan_t* plan) { return plan->weights_bytes; }

size_t mlc_plan_metadata_count(const mlc_plan_t* plan) {
  return Count(plan->file.plan().metadata());
}

const char* mlc_plan_metadata(const mlc_plan_t* plan, const char* key) {
  for (size_t i = 0; key && i < mlc_plan_metadata_count(plan); ++i)
    if (std::strcmp(Text(MetadataAt(plan, i)->key()), key) == 0)
      return Text(MetadataAt(plan, i)->value());
  return nullptr;
}

mlc_status_t* mlc_plan_metadata_at(const mlc_plan_t* plan, size_t index, const char** out_key,
                                   const char** out_value) {
  MLC_REQUIRE(out_key);
  MLC_REQUIRE(out_value);
  *out_key = *out_value = nullptr;
  MLC_REQUIRE(plan);
  if (index >= mlc_plan_metadata_count(plan))
    return Error(MLC_STATUS_OUT_OF_RANGE, "there is no metadata entry %zu: the plan has %zu", index,
                 mlc_plan_metadata_count(plan))
        .Release();
  *out_key = Text(MetadataAt(plan, index)->key());
  *out_value = Text(MetadataAt(plan, index)->value());
  return nullptr;
}

size_t mlc_plan_num_entries(const mlc_plan_t* plan) { return plan->signatures.size(); }

const char* mlc_plan_entry_name(const mlc_plan_t* plan, size_t index) {
  const mlc_signature_t* signature = AtOrNull(plan->signatures, index);
  return signature ? Text(signature->entry->name()) : nullptr;
}

mlc_status_t* mlc_plan_signature(const mlc_plan_t* plan, const char* entry,
                                 const mlc_signature_t** out_signature) {
  MLC_REQUIRE(out_signature);
  *out_signature = nullptr;
  MLC_REQUIRE(plan);
  auto signature = plan->FindSignature(entry);
  if (!signature.ok()) return signature.TakeStatus().Release();
  *out_signature = *signature;
  return nullptr;
}

size_t mlc_signature_num_inputs(const mlc_signature_t* signature) {
  return signature->inputs.size();
}

size_t mlc_signature_num_outputs(const mlc_signature_t* signature) {
  return signature->outputs.size();
}

size_t mlc_signature_num_symbols(const mlc_signature_t* signature) {
  return signature->symbols.size();
}

const mlc_tensor_info_t* mlc_signature_input(const mlc_signature_t* signature, size_t index) {
  return AtOrNull(signature->inputs, index);
}

const mlc_tensor_info_t* mlc_signature_output(const mlc_signature_t* signature, size_t index) {
  return AtOrNull(signature->outputs, index);
}

const mlc_symbol_info_t* mlc_signature_symbol(const mlc_signature_t* signature, size_t index) {
  return AtOrNull(signature->symbols, index);
}

mlc_status_t* mlc_signature_find_input(const mlc_signature_t* signature, const char* name,
                                       size_t* out_index) {
  MLC_REQUIRE(signature);
  MLC_REQUIRE(name);
  MLC_REQUIRE(out_index);
  return FindByName("input", signature->inputs, name, out_index).Release();
}

mlc_status_t* mlc_signature_find_output(const mlc_signature_t* signature, const char* name,
                                        size_t* out_index) {
  MLC_REQUIRE(signature);
  MLC_REQUIRE(name);
  MLC_REQUIRE(out_index);
  return FindByName("output", signature->outputs, name, out_index).Release();
}
