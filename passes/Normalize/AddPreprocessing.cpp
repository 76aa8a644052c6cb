// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. Read what is asked of each input. 2. Check it against the input's dims and type. 3. Put a new argument in the input's place, and behind it the ops that make the old one of it.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_ADDPREPROCESSING
#include "passes/Normalize/Passes.h.inc"

namespace {

/// What the program hands over, and what the model is given for it: (pixel * scale - mean) / std. A list has one number for all channels or one for each.
struct Picture {
  bool u8 = false, nhwc = false, bgr = false;
  int64_t axis = 1; // of the model's input: where its channels are
  std::optional<double> scale;
  SmallVector<double> mean{0}, std{1};
};

/// "0.5" or "1/255".
std::optional<double> readNumber(StringRef text) {
  auto [over, under] = text.split('/');
  double a, b = 1;
  if (over.trim().getAsDouble(a) || (text.contains('/') && under.trim().getAsDouble(b)) || !std::isfinite(a / b))
    return std::nullopt;
  return a / b;
}

/// "0.485:0.456:0.406"; empty when one of them is no number.
SmallVector<double> readNumbers(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  SmallVector<double> numbers;
  for (StringRef part : parts) {
    auto n = readNumber(part);
    if (!n)
      return {};
    numbers.push_back(*n);
  }
  return numbers;
}

/// What is wrong with a key, or nothing.
std::string readKey(StringRef text, Picture &p) {
  auto [key, value] = text.split('=');
  bool hasValue = text.contains('=');
  if (!hasValue && (key == "u8" || key == "nhwc" || key == "bgr")) {
    (key == "u8" ? p.u8 : key == "nhwc" ? p.nhwc : p.bgr) = true;
    return "";
  }
  if (hasValue && (key == "mean" || key == "std")) {
    SmallVector<double> numbers = readNumbers(value);
    if (numbers.empty())
      return "'" + text.str() + "' is not " + key.str() + "=NUMBER:NUMBER:..";
    if (key == "std" && llvm::is_contained(numbers, 0.0))
      return "std is divided by and cannot be 0";
    (key == "mean" ? p.mean : p.std) = numbers;
    return "";
  }
  if (hasValue && key == "scale") {
    p.scale = readNumber(value);
    return p.scale.value_or(0) != 0 ? "" : "'" + text.str() + "' is not scale=NUMBER or scale=NUMBER/NUMBER, other than 0";
  }
  if (hasValue && key == "axis")
    return !value.getAsInteger(10, p.axis) && (p.axis == 1 || p.axis == 3) ? "" : "axis is 1 (the model takes NCHW) or 3 (NHWC), not '" + value.str() + "'";
  return "'" + text.str() + "' is none of u8, nhwc, bgr, axis=N, scale=S, mean=A:B:C, std=A:B:C";
}

struct AddPreprocessing : impl::AddPreprocessingBase<AddPreprocessing> {
  using AddPreprocessingBase::AddPreprocessingBase;

  LogicalResult error(const Twine &message) { return getOperation().emitError() << "cannot preprocess: " << message; }

  StringRef nameOf(unsigned index) {
    auto name = getOperation().getArgAttrOfType<StringAttr>(index, graph::kNameAttr);
    return name ? name.getValue() : StringRef();
  }

  /// "'x' [n, 3, 224, 224] f32, .."
  std::string inputs(graph::ShapeFacts &facts) {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::interleaveComma(llvm::enumerate(getOperation().getArguments()), os, [&](auto entry) {
      os << "'" << nameOf(entry.index()) << "'";
      if (!isa<RankedTensorType>(entry.value().getType()))
        return;
      os << " [";
      llvm::interleaveComma(facts.dims(entry.value()), os, [&](const DimExpr &d) { os << d.str(); });
      os << "] " << facts.elementType(entry.value());
    });
    return text;
  }

  LogicalResult check(StringRef name, const Picture &p, Value x, graph::ShapeFacts &facts) {
    auto type = dyn_cast<RankedTensorType>(x.getType());
    if (!type || type.getRank() != 4 || !isa<FloatType>(type.getElementType()))
      return error("input '" + name + "' is no picture of 4 dims and a float type; the inputs are " + inputs(facts));
    DimExpr channels = facts.dim(x, p.axis);
    for (auto [key, list] : {std::pair(StringRef("mean"), ArrayRef<double>(p.mean)), {"std", p.std}})
      if (list.size() != 1 && !channels.isConstant(list.size()))
        return error("input '" + name + "' has " + channels.str() + " channels (dim " + Twine(p.axis) + "), " + key + " has " + Twine(list.size()) + " numbers; the inputs are " + inputs(facts));
    if (p.bgr && !channels.isConstant(3))
      return error("bgr needs 3 channels, input '" + name + "' has " + channels.str() + " (dim " + Twine(p.axis) + "); the inputs are " + inputs(facts));
    return success();
  }

  Value reversed(Build &b, Value x, int64_t axis) {
    Dims dims(facts->dims(x)), starts(dims.size(), DimExpr(0));
    SmallVector<int64_t> steps(dims.size(), 1);
    starts[axis] = dims[axis] - 1;
    steps[axis] = -1;
    auto attr = [&](StringRef name, const Dims &d) { return b.b.getNamedAttr(name, graph::DimsAttr::get(&getContext(), ArrayRef<DimExpr>(d))); };
    return b.make<graph::SliceOp>(x, {attr("starts", starts), b.b.getNamedAttr("steps", b.b.getDenseI64ArrayAttr(steps)), attr("dims", dims)});
  }

  /// Numbers of the channels, which lie `after` dims before the end; a scalar when they are all the same.
  Value numbers(Build &b, Type type, ArrayRef<double> values, int64_t after) {
    if (llvm::all_equal(values))
      return b.scalar(type, values[0]);
    SmallVector<int64_t> shape(after + 1, 1);
    shape[0] = values.size();
    SmallVector<Attribute> elements;
    for (double v : values)
      elements.push_back(b.b.getFloatAttr(type, v));
    auto op = graph::ConstantOp::create(b.b, b.loc, cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get(shape, type), elements)));
    (void)facts->infer(op);
    return op;
  }

  /// The model's input, made of the picture `x` whose channels are at `axis`.
  Value modelInput(Build &b, Value x, const Picture &p, int64_t axis, Type type) {
    if (p.bgr)
      x = reversed(b, x, axis);
    // (x * scale - mean) / std as x * factor + term
    double scale = p.scale.value_or(p.u8 ? 1.0 / 255 : 1);
    SmallVector<double> factor, term;
    for (size_t c = 0; c < std::max(p.mean.size(), p.std.size()); ++c) {
      double mean = p.mean[p.mean.size() == 1 ? 0 : c], deviation = p.std[p.std.size() == 1 ? 0 : c];
      factor.push_back(scale / deviation);
      term.push_back((0 - mean) / deviation); // no -0
    }
    bool scales = llvm::any_of(factor, [](double v) { return v != 1; }), shifts = llvm::any_of(term, [](double v) { return v != 0; });
    Type wide = type.isF64() ? type : Type(b.b.getF32Type());
    if (scales || shifts)
      x = b.cast(x, wide);
    if (scales)
      x = b.make<graph::MulOp>({x, numbers(b, wide, factor, 3 - axis)});
    if (shifts)
      x = b.make<graph::AddOp>({x, numbers(b, wide, term, 3 - axis)});
    x = b.cast(x, type);
    return p.nhwc && p.axis == 1 ? b.make<graph::TransposeOp>(x, b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr({0, 3, 1, 2}))) : x;
  }

  LogicalResult rewrite(unsigned index, const Picture &p) {
    func::FuncOp func = getOperation();
    Block &body = func.getBody().front();
    BlockArgument old = body.getArgument(index);
    Type type = facts->elementType(old);
    Dims dims(facts->dims(old));
    int64_t axis = p.nhwc ? 3 : p.axis;
    if (axis != p.axis)
      dims = {dims[0], dims[2], dims[3], dims[1]};
    Type element = p.u8 ? IntegerType::get(&getContext(), 8, IntegerType::Unsigned) : type;
    BlockArgument picture = body.insertArgument(index, graph::typeOf(element, dims), old.getLoc());
    facts->set(picture, element, dims);
    Build b(&body.front(), *facts);
    b.loc = NameLoc::get(b.b.getStringAttr("preprocess/" + nameOf(index).str()));
    Value x = modelInput(b, picture, p, axis, type);
    if (!x)
      return failure();
    old.replaceAllUsesWith(x);
    body.eraseArgument(index + 1);
    func.setFunctionType(FunctionType::get(&getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
    if (func.getArgAttr(index, graph::kDimsAttr))
      func.setArgAttr(index, graph::kDimsAttr, graph::DimsAttr::get(&getContext(), ArrayRef<DimExpr>(dims)));
    ++numInputs;
    return success();
  }

  /// "x=u8,nhwc"
  LogicalResult apply(StringRef entry, llvm::StringSet<> &seen) {
    auto [name, keys] = entry.split('=');
    SmallVector<StringRef> parts;
    keys.split(parts, ',');
    Picture picture;
    if (keys.empty())
      return error("'" + entry + "' is not INPUT=KEY,KEY=VALUE,..");
    for (StringRef part : parts)
      if (std::string wrong = readKey(part.trim(), picture); !wrong.empty())
        return error("input '" + name + "': " + wrong);
    if (!seen.insert(name).second)
      return error("input '" + name + "' is named twice");
    for (unsigned i = 0; i < getOperation().getNumArguments(); ++i)
      if (nameOf(i) == name)
        return failed(check(name, picture, getOperation().getArgument(i), *facts)) ? failure() : rewrite(i, picture);
    return error("there is no input '" + name + "'; the inputs are " + inputs(*facts));
  }

  void runOnOperation() override {
    graph::ShapeFacts all(getOperation());
    if (!all.valid())
      return signalPassFailure();
    facts = &all;
    SmallVector<StringRef> entries;
    StringRef(pictures).split(entries, ';', -1, /*KeepEmpty=*/false);
    llvm::StringSet<> seen;
    for (StringRef entry : entries)
      if (failed(apply(entry, seen)))
        return signalPassFailure();
  }

  graph::ShapeFacts *facts = nullptr;
};

} // namespace
} // namespace mlc
