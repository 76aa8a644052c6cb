// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Integer expressions over the symbolic dims of a model, kept canonical so that equal dims compare equal.
// A DimExpr is a polynomial with int64 coefficients over atoms; an atom is a symbol or floordiv, ceildiv, mod, min, max of two expressions.
// Expressions are bounded: a result of more than 4,096 characters, or nested more than 48 deep, is a new symbol of which nothing is known (`tooLarge`).
// Whatever a model computes, an expression thus costs little, and its text can be parsed again.
#ifndef MLC_DIALECTS_GRAPH_DIMEXPR_H
#define MLC_DIALECTS_GRAPH_DIMEXPR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlc {

/// What is known of a symbol: min <= value <= max, value % divisor == 0; `opt` is the value tools assume (0: none).
struct SymbolInfo {
  int64_t min = 1, opt = 0, max = std::numeric_limits<int64_t>::max(), divisor = 1;
};
using SymbolInfos = llvm::StringMap<SymbolInfo>;

class DimExpr {
public:
  enum class Kind { Symbol, FloorDiv, CeilDiv, Mod, Min, Max };
  struct Atom;
  using AtomRef = std::shared_ptr<const Atom>;
  /// A product of atoms, sorted by their text, and its coefficient.
  struct Term {
    std::vector<AtomRef> atoms;
    int64_t coefficient;
  };

  DimExpr(int64_t value = 0);
  static DimExpr symbol(llvm::StringRef name);
  /// Reads +, -, *, parentheses, integers, names, and floordiv(a, b), ceildiv, mod, min, max. Empty when the text is not an expression.
  static std::optional<DimExpr> parse(llvm::StringRef text);

  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const { return constant() == value; }
  /// The symbol's name when the expression is just that.
  std::optional<llvm::StringRef> asSymbol() const;
  std::string str() const;
  /// Whether the expression holds the result of an operation that went over the bounds.
  bool tooLarge() const;
  llvm::ArrayRef<Term> terms() const { return terms_; }

  /// Interval of values under the symbols' ranges (unknown symbols: anything); saturating.
  std::pair<int64_t, int64_t> bounds(const SymbolInfos &symbols) const;
  DimExpr substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> value) const;
  void forEachSymbol(llvm::function_ref<void(llvm::StringRef)> fn) const;

  friend DimExpr operator+(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator-(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator*(const DimExpr &a, const DimExpr &b);
  friend bool operator==(const DimExpr &a, const DimExpr &b);
  friend bool operator!=(const DimExpr &a, const DimExpr &b) { return !(a == b); }

  static DimExpr floorDiv(const DimExpr &a, const DimExpr &b);
  static DimExpr ceilDiv(const DimExpr &a, const DimExpr &b);
  static DimExpr mod(const DimExpr &a, const DimExpr &b);
  static DimExpr min(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols);
  static DimExpr max(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols);
  /// a / b when b divides a as polynomials, else empty.
  static std::optional<DimExpr> exactDiv(const DimExpr &a, const DimExpr &b);

private:
  static DimExpr fromAtom(Kind kind, const DimExpr &a, const DimExpr &b);
  static DimExpr bounded(DimExpr e);
  void add(const Term &term, int64_t factor);
  std::vector<Term> terms_; // sorted, no zero coefficients
};

struct DimExpr::Atom {
  Kind kind;
  std::string text;
  std::vector<DimExpr> args; // two, none for a symbol
  unsigned depth = 0;        // of atoms in arguments
};

using Dims = llvm::SmallVector<DimExpr, 4>;

/// Product of the dims; 1 for none.
DimExpr product(llvm::ArrayRef<DimExpr> dims);

} // namespace mlc

#endif
