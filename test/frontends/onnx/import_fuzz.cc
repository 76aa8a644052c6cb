// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Damaged models: every import ends in a module or in one error. MLC_FUZZ_MODELS names the files, separated by ':'; MLC_FUZZ_DIVISOR divides the counts
// of damaged copies, for files that take long.
#include "dialects/Graph/Graph.h"
#include "frontends/onnx/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "onnx.pb.h"
#include "llvm/Support/Path.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sys/resource.h>

namespace {

int Count(int full) {
  const char* divisor = std::getenv("MLC_FUZZ_DIVISOR");
  return full / std::max(1, divisor ? std::atoi(divisor) : 1);
}

struct Model {
  std::string bytes, folder; // external data may lie in the folder
};

std::vector<Model> Models() {
  std::vector<Model> models;
  const char* names = std::getenv("MLC_FUZZ_MODELS");
  for (llvm::StringRef rest = names ? names : ""; !rest.empty();) {
    auto [path, tail] = rest.split(':');
    std::ifstream file(path.str(), std::ios::binary);
    models.push_back({{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}, llvm::sys::path::parent_path(path).str()});
    rest = tail;
  }
  return models;
}

/// The numbers and names of a model, in a fixed order. Numbers become extreme ones, names those of other things.
class Mutator {
public:
  explicit Mutator(const std::string& bytes) {
    original_.ParseFromString(bytes);
    VisitModel(original_);
  }

  std::string Mutate(std::mt19937& random) {
    onnx::ModelProto model = original_;
    random_ = &random;
    target_ = random() % sites_;
    sites_ = 0;
    VisitModel(model);
    random_ = nullptr;
    return model.SerializeAsString();
  }

private:
  static int64_t Extreme(std::mt19937& random) {
    constexpr int64_t kNumbers[] = {0, 1, 2, 3, 7, 64, 255, 256, 1 << 20, INT32_MAX, INT64_C(1) << 31, INT64_C(1) << 46, INT64_MAX, -1, -2, -3, -7, INT32_MIN, INT64_MIN};
    return kNumbers[random() % std::size(kNumbers)];
  }
  bool Hit() { return sites_++ == target_ && random_; }
  void Number(int64_t old, llvm::function_ref<void(int64_t)> set) {
    if (Hit()) set(Extreme(*random_));
  }
  void Name(std::string* name, std::vector<std::string>& pool) {
    if (Hit())
      *name = (*random_)() % 8 ? pool[(*random_)() % pool.size()] : "";
    else if (!random_)
      pool.push_back(*name);
  }

  void VisitTensor(onnx::TensorProto& t) {
    for (int i = 0; i < t.dims_size(); ++i) Number(t.dims(i), [&](int64_t v) { t.set_dims(i, v); });
    Number(t.data_type(), [&](int64_t v) { t.set_data_type(v % 32); });
    if (t.data_type() == onnx::TensorProto::INT64)
      for (size_t i = 0; i + 8 <= t.raw_data().size() && i < 64; i += 8)
        Number(0, [&](int64_t v) { t.mutable_raw_data()->replace(i, 8, reinterpret_cast<const char*>(&v), 8); });
    for (auto& entry : *t.mutable_external_data())
      if (entry.key() != "location") Number(0, [&](int64_t v) { entry.set_value(std::to_string(v)); });
  }
  void VisitAttribute(onnx::AttributeProto& a) {
    if (a.has_i()) Number(a.i(), [&](int64_t v) { a.set_i(v); });
    if (a.has_f()) Number(0, [&](int64_t v) { a.set_f(static_cast<float>(v)); });
    for (int i = 0; i < a.ints_size(); ++i) Number(a.ints(i), [&](int64_t v) { a.set_ints(i, v); });
    if (a.ints_size()) Number(0, [&](int64_t v) { v % 2 ? a.add_ints(v) : a.mutable_ints()->RemoveLast(); });
    Number(a.type(), [&](int64_t v) { a.set_type(static_cast<onnx::AttributeProto::AttributeType>(v & 15 ? (v & 15) % 14 : 0)); });
    Name(a.mutable_name(), attributes_);
    if (a.has_t()) VisitTensor(*a.mutable_t());
    if (a.has_g()) VisitGraph(*a.mutable_g());
  }
  void VisitNodes(google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
    for (onnx::NodeProto& n : nodes) {
      Name(n.mutable_op_type(), ops_);
      for (std::string& input : *n.mutable_input()) Name(&input, values_);
      for (std::string& output : *n.mutable_output()) Name(&output, values_);
      if (Hit()) n.add_input(values_[(*random_)() % values_.size()]);
      if (Hit() && n.input_size()) n.mutable_input()->RemoveLast();
      if (Hit() && n.attribute_size()) n.mutable_attribute()->RemoveLast();
      for (auto& a : *n.mutable_attribute()) VisitAttribute(a);
    }
  }
  void VisitGraph(onnx::GraphProto& g) {
    for (auto& input : *g.mutable_input()) {
      auto& type = *input.mutable_type()->mutable_tensor_type();
      Number(type.elem_type(), [&](int64_t v) { type.set_elem_type(v % 32); });
      for (auto& d : *type.mutable_shape()->mutable_dim()) Number(0, [&](int64_t v) { d.set_dim_value(v); });
      if (Hit()) type.mutable_shape()->add_dim()->set_dim_param("k");
      if (Hit() && type.shape().dim_size()) type.mutable_shape()->mutable_dim()->RemoveLast();
    }
    for (auto& t : *g.mutable_initializer()) VisitTensor(t);
    for (auto& output : *g.mutable_output()) Name(output.mutable_name(), values_);
    VisitNodes(*g.mutable_node());
  }
  void VisitModel(onnx::ModelProto& m) {
    for (auto& opset : *m.mutable_opset_import()) Number(opset.version(), [&](int64_t v) { opset.set_version(v); });
    for (auto& f : *m.mutable_functions()) VisitNodes(*f.mutable_node());
    VisitGraph(*m.mutable_graph());
  }

  onnx::ModelProto original_;
  std::vector<std::string> ops_, values_, attributes_;
  std::mt19937* random_ = nullptr; // null while names are collected
  size_t sites_ = 0, target_ = 0;
};

/// Imports and verifies; counts errors. A context per call, so that nothing of one model is seen by the next.
struct Outcome {
  bool imported;
  int errors;
};
Outcome Import(const std::string& bytes, const std::string& folder) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlc::graph::GraphDialect, mlir::func::FuncDialect>();
  Outcome outcome{false, 0};
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    outcome.errors += d.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  auto module = mlc::importOnnx(llvm::MemoryBuffer::getMemBufferCopy(bytes, "model"), folder, {}, context);
  outcome.imported = static_cast<bool>(module);
  if (module) {
    EXPECT_EQ(outcome.errors, 0);
    EXPECT_TRUE(succeeded(mlir::verify(*module)));
  } else {
    EXPECT_EQ(outcome.errors, 1);
  }
  return outcome;
}

class ImportFuzz : public testing::Test {
protected:
  void SetUp() override {
    models_ = Models();
    if (models_.empty()) GTEST_SKIP() << "MLC_FUZZ_MODELS is not set";
  }
  void TearDown() override {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    EXPECT_LT(usage.ru_maxrss, 4L << 20) << "kilobytes at the peak";
  }
  std::vector<Model> models_;
};

TEST_F(ImportFuzz, AcceptsTheModelsThemselves) {
  for (const Model& model : models_) EXPECT_TRUE(Import(model.bytes, model.folder).imported);
}

TEST_F(ImportFuzz, SurvivesTruncation) {
  int imported = 0, count = Count(500);
  for (const Model& model : models_)
    for (int i = 0; i < count; ++i) imported += Import(model.bytes.substr(0, model.bytes.size() * i / count), model.folder).imported;
  std::printf("%d of %d truncated models still import\n", imported, count * static_cast<int>(models_.size()));
}

TEST_F(ImportFuzz, SurvivesFlippedBytes) {
  std::mt19937 random(1);
  int imported = 0, count = Count(2000);
  for (const Model& model : models_)
    for (int i = 0; i < count; ++i) {
      std::string damaged = model.bytes;
      damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
      imported += Import(damaged, model.folder).imported;
    }
  std::printf("%d of %d damaged models still import\n", imported, count * static_cast<int>(models_.size()));
}

TEST_F(ImportFuzz, SurvivesExtremeNumbersAndExchangedNames) {
  std::mt19937 random(1);
  int imported = 0, count = Count(2000);
  for (const Model& model : models_) {
    Mutator mutator(model.bytes);
    for (int i = 0; i < count; ++i) imported += Import(mutator.Mutate(random), model.folder).imported;
  }
  std::printf("%d of %d mutated models still import\n", imported, count * static_cast<int>(models_.size()));
}

} // namespace
