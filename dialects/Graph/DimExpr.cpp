// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/DimExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <atomic>

namespace mlc {
namespace {

constexpr int64_t kInf = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxCharacters = 65536, kMaxProducts = 1024;
constexpr unsigned kMaxNesting = 48;           // the parser, which also counts parentheses, goes to 64
constexpr const char *kTooLarge = "too_large#"; // stem of the symbols that stand for what is over the bounds

int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_add_overflow(a, b, &r) ? (a > 0 ? kInf : -kInf) : r;
}

int64_t saturatingMul(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_mul_overflow(a, b, &r) ? ((a > 0) == (b > 0) ? kInf : -kInf) : r;
}

bool lessAtoms(const std::vector<DimExpr::AtomRef> &a, const std::vector<DimExpr::AtomRef> &b) {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const auto &x, const auto &y) { return x->text < y->text; });
}

bool equalAtoms(const std::vector<DimExpr::AtomRef> &a, const std::vector<DimExpr::AtomRef> &b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto &x, const auto &y) {
           return x->text == y->text;
         });
}

DimExpr::Term multiply(const DimExpr::Term &a, const DimExpr::Term &b) {
  DimExpr::Term r{a.atoms, saturatingMul(a.coefficient, b.coefficient)};
  r.atoms.insert(r.atoms.end(), b.atoms.begin(), b.atoms.end());
  std::stable_sort(r.atoms.begin(), r.atoms.end(),
                   [](const auto &x, const auto &y) { return x->text < y->text; });
  return r;
}

/// a / b as monomials, when b's atoms and coefficient divide a's.
std::optional<DimExpr::Term> divide(const DimExpr::Term &a, const DimExpr::Term &b) {
  if (b.coefficient == 0 || (b.coefficient == -1 && a.coefficient == INT64_MIN) || a.coefficient % b.coefficient)
    return std::nullopt;
  DimExpr::Term r{a.atoms, a.coefficient / b.coefficient};
  for (const auto &atom : b.atoms) {
    auto it = std::find_if(r.atoms.begin(), r.atoms.end(),
                           [&](const auto &x) { return x->text == atom->text; });
    if (it == r.atoms.end())
      return std::nullopt;
    r.atoms.erase(it);
  }
  return r;
}

const char *spelling(DimExpr::Kind kind) {
  switch (kind) {
  case DimExpr::Kind::FloorDiv: return "floordiv";
  case DimExpr::Kind::CeilDiv: return "ceildiv";
  case DimExpr::Kind::Mod: return "mod";
  case DimExpr::Kind::Min: return "min";
  case DimExpr::Kind::Max: return "max";
  case DimExpr::Kind::Symbol: break;
  }
  return "";
}

/// A symbol of its own, equal to nothing else.
DimExpr unknown() {
  static std::atomic<unsigned> count{0};
  return DimExpr::symbol(kTooLarge + std::to_string(count++));
}

/// Recursive descent over sum := product (+|- product)*, product := factor (* factor)*.
class Parser {
public:
  explicit Parser(llvm::StringRef text) : rest(text) {}
  std::optional<DimExpr> parseAll() {
    auto e = sum(0);
    rest = rest.ltrim();
    return e && rest.empty() ? e : std::nullopt;
  }

private:
  bool eat(char c) {
    rest = rest.ltrim();
    return rest.consume_front(llvm::StringRef(&c, 1));
  }
  std::optional<DimExpr> sum(int depth) {
    if (depth > 64)
      return std::nullopt;
    auto a = prod(factor(depth), depth);
    while (a) {
      bool plus = eat('+');
      if (!plus && !eat('-'))
        break;
      bool least = !plus && eatLeast();
      auto b = least ? prod(DimExpr(INT64_MIN), depth) : prod(factor(depth), depth);
      if (!b)
        return std::nullopt;
      a = plus || least ? *a + *b : *a - *b;
    }
    return a;
  }
  /// The digits of -INT64_MIN, which is no int64_t itself.
  bool eatLeast() {
    rest = rest.ltrim();
    auto digits = rest.take_while(llvm::isDigit);
    if (digits != "9223372036854775808")
      return false;
    rest = rest.drop_front(digits.size());
    return true;
  }
  /// The product that begins with `a`.
  std::optional<DimExpr> prod(std::optional<DimExpr> a, int depth) {
    while (a) {
      DimExpr::Kind kind = DimExpr::Kind::Symbol;
      rest = rest.ltrim();
      if (rest.consume_front("//"))
        kind = DimExpr::Kind::FloorDiv;
      else if (!eat('*'))
        break;
      auto b = factor(depth);
      if (!b)
        return std::nullopt;
      a = kind == DimExpr::Kind::FloorDiv ? DimExpr::floorDiv(*a, *b) : *a * *b;
    }
    return a;
  }
  std::optional<DimExpr> factor(int depth) {
    if (depth > 64)
      return std::nullopt;
    if (eat('('))
      return closed(sum(depth + 1));
    if (eat('-')) {
      if (eatLeast())
        return DimExpr(INT64_MIN);
      auto a = factor(depth + 1);
      return a ? std::optional<DimExpr>(DimExpr(0) - *a) : std::nullopt;
    }
    rest = rest.ltrim();
    if (!rest.empty() && llvm::isDigit(rest.front())) {
      int64_t value;
      if (rest.consumeInteger(10, value))
        return std::nullopt;
      return DimExpr(value);
    }
    auto name = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$' || c == '#'; });
    if (name.empty())
      return std::nullopt;
    rest = rest.drop_front(name.size());
    if (eat('('))
      return call(name, depth);
    return DimExpr::symbol(name);
  }
  std::optional<DimExpr> closed(std::optional<DimExpr> e) { return e && eat(')') ? e : std::nullopt; }
  std::optional<DimExpr> call(llvm::StringRef name, int depth) {
    auto a = sum(depth + 1);
    if (!a || !eat(','))
      return std::nullopt;
    auto b = closed(sum(depth + 1));
    if (!b)
      return std::nullopt;
    SymbolInfos none;
    if (name.equals_insensitive("floordiv")) return DimExpr::floorDiv(*a, *b);
    if (name.equals_insensitive("ceildiv")) return DimExpr::ceilDiv(*a, *b);
    if (name.equals_insensitive("mod")) return DimExpr::mod(*a, *b);
    if (name.equals_insensitive("min")) return DimExpr::min(*a, *b, none);
    if (name.equals_insensitive("max")) return DimExpr::max(*a, *b, none);
    return std::nullopt;
  }
  llvm::StringRef rest;
};

} // namespace

DimExpr::DimExpr(int64_t value) {
  if (value)
    terms_.push_back({{}, value});
}

DimExpr DimExpr::symbol(llvm::StringRef name) {
  DimExpr e;
  e.terms_.push_back({{std::make_shared<Atom>(Atom{Kind::Symbol, name.str(), {}})}, 1});
  return e;
}

std::optional<DimExpr> DimExpr::parse(llvm::StringRef text) { return Parser(text).parseAll(); }

DimExpr DimExpr::fromAtom(Kind kind, const DimExpr &a, const DimExpr &b) {
  DimExpr e;
  unsigned depth = 0;
  for (const DimExpr *arg : {&a, &b})
    for (const Term &t : arg->terms_)
      for (const auto &atom : t.atoms)
        depth = std::max(depth, atom->depth + 1);
  if (depth > kMaxNesting)
    return unknown();
  std::string text = std::string(spelling(kind)) + "(" + a.str() + ", " + b.str() + ")";
  e.terms_.push_back({{std::make_shared<Atom>(Atom{kind, std::move(text), {a, b}, depth})}, 1});
  return bounded(std::move(e));
}

DimExpr DimExpr::bounded(DimExpr e) {
  size_t characters = 0;
  for (const Term &t : e.terms_) {
    characters += 4; // about what a coefficient and signs take
    for (const auto &atom : t.atoms)
      characters += atom->text.size() + 1;
  }
  return characters <= kMaxCharacters ? std::move(e) : unknown();
}

bool DimExpr::tooLarge() const {
  bool found = false;
  forEachSymbol([&](llvm::StringRef s) { found = found || s.starts_with(kTooLarge); });
  return found;
}

std::optional<int64_t> DimExpr::constant() const {
  if (terms_.empty())
    return 0;
  if (terms_.size() == 1 && terms_[0].atoms.empty())
    return terms_[0].coefficient;
  return std::nullopt;
}

std::optional<llvm::StringRef> DimExpr::asSymbol() const {
  if (terms_.size() != 1 || terms_[0].coefficient != 1 || terms_[0].atoms.size() != 1 ||
      terms_[0].atoms[0]->kind != Kind::Symbol)
    return std::nullopt;
  return llvm::StringRef(terms_[0].atoms[0]->text);
}

std::string DimExpr::str() const {
  if (terms_.empty())
    return "0";
  std::string out;
  // Products first, the constant (sorted first) last: "s + p + 1".
  auto print = [&](const Term &t) {
    int64_t c = t.coefficient;
    if (!out.empty())
      out += c < 0 ? " - " : " + ";
    else if (c < 0)
      out += "-";
    uint64_t magnitude = c < 0 ? 0 - static_cast<uint64_t>(c) : c;
    std::vector<std::string> factors;
    if (magnitude != 1 || t.atoms.empty())
      factors.push_back(std::to_string(magnitude));
    for (const auto &atom : t.atoms)
      factors.push_back(atom->text);
    out += llvm::join(factors, "*");
  };
  for (const Term &t : terms_)
    if (!t.atoms.empty())
      print(t);
  if (terms_[0].atoms.empty())
    print(terms_[0]);
  return out;
}

void DimExpr::add(const Term &term, int64_t factor) {
  auto it = std::lower_bound(terms_.begin(), terms_.end(), term,
                             [](const Term &a, const Term &b) { return lessAtoms(a.atoms, b.atoms); });
  int64_t c = saturatingMul(term.coefficient, factor);
  if (it != terms_.end() && equalAtoms(it->atoms, term.atoms)) {
    it->coefficient = saturatingAdd(it->coefficient, c);
    if (it->coefficient == 0)
      terms_.erase(it);
  } else if (c) {
    terms_.insert(it, {term.atoms, c});
  }
}

DimExpr operator+(const DimExpr &a, const DimExpr &b) {
  DimExpr r = a;
  for (const auto &t : b.terms_)
    r.add(t, 1);
  return DimExpr::bounded(std::move(r));
}

DimExpr operator-(const DimExpr &a, const DimExpr &b) {
  DimExpr r = a;
  for (const auto &t : b.terms_)
    r.add(t, -1);
  return DimExpr::bounded(std::move(r));
}

DimExpr operator*(const DimExpr &a, const DimExpr &b) {
  if (a.terms_.size() * b.terms_.size() > kMaxProducts)
    return unknown();
  DimExpr r;
  for (const auto &x : a.terms_)
    for (const auto &y : b.terms_)
      r.add(multiply(x, y), 1);
  return DimExpr::bounded(std::move(r));
}

bool operator==(const DimExpr &a, const DimExpr &b) {
  return a.terms_.size() == b.terms_.size() &&
         std::equal(a.terms_.begin(), a.terms_.end(), b.terms_.begin(), [](const auto &x, const auto &y) {
           return x.coefficient == y.coefficient && equalAtoms(x.atoms, y.atoms);
         });
}

std::optional<DimExpr> DimExpr::exactDiv(const DimExpr &a, const DimExpr &b) {
  if (b.terms_.empty())
    return std::nullopt;
  const Term &lead = b.terms_.back();
  DimExpr quotient, remainder = a;
  // Each step cancels the remainder's leading term, or the division is not exact.
  for (int steps = 0; !remainder.terms_.empty() && steps < 64; ++steps) {
    auto t = divide(remainder.terms_.back(), lead);
    if (!t)
      return std::nullopt;
    DimExpr q;
    q.add(*t, 1);
    quotient = quotient + q;
    remainder = remainder - q * b;
  }
  return remainder.terms_.empty() ? std::optional<DimExpr>(quotient) : std::nullopt;
}

DimExpr DimExpr::floorDiv(const DimExpr &a, const DimExpr &b) {
  if (auto exact = exactDiv(a, b))
    return *exact;
  auto cb = b.constant();
  if (auto ca = a.constant(); ca && cb && *cb > 0)
    return llvm::divideFloorSigned(*ca, *cb);
  if (cb && *cb > 0) {
    // floordiv(k*q + r, k) = q + floordiv(r, k)
    DimExpr whole, rest;
    for (const Term &t : a.terms_) {
      int64_t q = llvm::divideFloorSigned(t.coefficient, *cb), r = t.coefficient - q * *cb;
      whole.add({t.atoms, 1}, q);
      rest.add({t.atoms, 1}, r);
    }
    if (!whole.isConstant(0))
      return whole + floorDiv(rest, b);
  }
  // floordiv(floordiv(x, m) + c, k) = floordiv(x + c*m, m*k), as chains of strided windows give.
  if (cb && *cb > 0) {
    const Term &last = a.terms_.back();
    bool nested = a.terms_.size() <= 2 && last.coefficient == 1 && last.atoms.size() == 1 && last.atoms[0]->kind == Kind::FloorDiv &&
                  (a.terms_.size() == 1 || a.terms_[0].atoms.empty());
    auto inner = nested ? last.atoms[0]->args[1].constant() : std::nullopt;
    int64_t c = nested && a.terms_.size() == 2 ? a.terms_[0].coefficient : 0, divisor, shift;
    if (inner && *inner > 0 && !__builtin_mul_overflow(*inner, *cb, &divisor) && !__builtin_mul_overflow(c, *inner, &shift))
      return floorDiv(last.atoms[0]->args[0] + shift, divisor);
  }
  return fromAtom(Kind::FloorDiv, a, b);
}

DimExpr DimExpr::ceilDiv(const DimExpr &a, const DimExpr &b) {
  if (auto cb = b.constant(); cb && *cb > 0)
    return floorDiv(a + (*cb - 1), b);
  if (auto exact = exactDiv(a, b))
    return *exact;
  return fromAtom(Kind::CeilDiv, a, b);
}

DimExpr DimExpr::mod(const DimExpr &a, const DimExpr &b) {
  if (exactDiv(a, b))
    return 0;
  auto ca = a.constant(), cb = b.constant();
  if (ca && cb && *cb > 0)
    return *ca - llvm::divideFloorSigned(*ca, *cb) * *cb;
  return fromAtom(Kind::Mod, a, b);
}

/// The min or max atom that an expression is, or null.
static const DimExpr::Atom *asExtremum(const DimExpr &e, DimExpr::Kind kind) {
  auto terms = e.terms();
  bool single = terms.size() == 1 && terms[0].coefficient == 1 && terms[0].atoms.size() == 1;
  return single && terms[0].atoms[0]->kind == kind ? terms[0].atoms[0].get() : nullptr;
}

/// Whether a >= b for all values of the symbols: by the bounds of their difference, because a is a multiple of b >= 0, or by the parts of a min or max. `budget` bounds the
/// comparisons of parts.
static bool dominates(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols, int &budget) {
  if (a == b || (a - b).bounds(symbols).first >= 0)
    return true;
  auto quotient = DimExpr::exactDiv(a, b);
  if (quotient && quotient->bounds(symbols).first >= 1 && b.bounds(symbols).first >= 0)
    return true;
  if (--budget < 0)
    return false;
  auto above = [&](const DimExpr &x) { return dominates(x, b, symbols, budget); };
  auto below = [&](const DimExpr &x) { return dominates(a, x, symbols, budget); };
  if (auto *max = asExtremum(a, DimExpr::Kind::Max); max && llvm::any_of(max->args, above))
    return true;
  if (auto *min = asExtremum(b, DimExpr::Kind::Min); min && llvm::any_of(min->args, below))
    return true;
  if (auto *min = asExtremum(a, DimExpr::Kind::Min); min && llvm::all_of(min->args, above))
    return true;
  auto *max = asExtremum(b, DimExpr::Kind::Max);
  return max && llvm::all_of(max->args, below);
}

static bool dominates(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols) {
  int budget = 64;
  return dominates(a, b, symbols, budget);
}

DimExpr DimExpr::min(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols) {
  if (dominates(b, a, symbols))
    return a;
  if (dominates(a, b, symbols))
    return b;
  return a.str() < b.str() ? fromAtom(Kind::Min, a, b) : fromAtom(Kind::Min, b, a);
}

DimExpr DimExpr::max(const DimExpr &a, const DimExpr &b, const SymbolInfos &symbols) {
  if (dominates(b, a, symbols))
    return b;
  if (dominates(a, b, symbols))
    return a;
  return a.str() < b.str() ? fromAtom(Kind::Max, a, b) : fromAtom(Kind::Max, b, a);
}

static std::pair<int64_t, int64_t> atomBounds(const DimExpr::Atom &atom, const SymbolInfos &symbols) {
  using Kind = DimExpr::Kind;
  if (atom.kind == Kind::Symbol) {
    auto it = symbols.find(atom.text);
    // Text is parsed without ranges: nothing may be assumed then.
    SymbolInfo info = it == symbols.end() ? SymbolInfo{.min = -kInf} : it->second;
    return {info.min, info.max};
  }
  auto [al, ah] = atom.args[0].bounds(symbols);
  auto [bl, bh] = atom.args[1].bounds(symbols);
  switch (atom.kind) {
  case Kind::Min: return {std::min(al, bl), std::min(ah, bh)};
  case Kind::Max: return {std::max(al, bl), std::max(ah, bh)};
  case Kind::Mod: return {0, bh > 0 ? bh - 1 : kInf};
  default: break;
  }
  // Divisions: exact bounds only for positive divisors.
  if (bl <= 0)
    return {-kInf, kInf};
  auto div = [&](int64_t x, int64_t y) {
    if (x == kInf || x == -kInf)
      return x;
    return atom.kind == Kind::FloorDiv ? llvm::divideFloorSigned(x, y) : llvm::divideCeilSigned(x, y);
  };
  return {std::min(div(al, bl), div(al, bh)), std::max(div(ah, bl), div(ah, bh))};
}

std::pair<int64_t, int64_t> DimExpr::bounds(const SymbolInfos &symbols) const {
  int64_t low = 0, high = 0;
  for (const Term &t : terms_) {
    int64_t tl = 1, th = 1;
    for (const auto &atom : t.atoms) {
      auto [al, ah] = atomBounds(*atom, symbols);
      int64_t c[] = {saturatingMul(tl, al), saturatingMul(tl, ah), saturatingMul(th, al), saturatingMul(th, ah)};
      tl = *std::min_element(c, c + 4);
      th = *std::max_element(c, c + 4);
    }
    int64_t x = saturatingMul(tl, t.coefficient), y = saturatingMul(th, t.coefficient);
    auto accumulate = [](int64_t sum, int64_t v, int64_t inf) {
      return sum == inf || v == inf ? inf : saturatingAdd(sum, v);
    };
    low = accumulate(low, std::min(x, y), -kInf);
    high = accumulate(high, std::max(x, y), kInf);
  }
  return {low, high};
}

DimExpr DimExpr::substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> value) const {
  SymbolInfos none;
  DimExpr sum;
  for (const Term &t : terms_) {
    DimExpr p(t.coefficient);
    for (const auto &atom : t.atoms) {
      if (atom->kind == Kind::Symbol) {
        auto v = value(atom->text);
        p = p * (v ? *v : symbol(atom->text));
        continue;
      }
      DimExpr a = atom->args[0].substitute(value), b = atom->args[1].substitute(value);
      switch (atom->kind) {
      case Kind::FloorDiv: p = p * floorDiv(a, b); break;
      case Kind::CeilDiv: p = p * ceilDiv(a, b); break;
      case Kind::Mod: p = p * mod(a, b); break;
      case Kind::Min: p = p * min(a, b, none); break;
      case Kind::Max: p = p * max(a, b, none); break;
      case Kind::Symbol: break;
      }
    }
    sum = sum + p;
  }
  return sum;
}

void DimExpr::forEachSymbol(llvm::function_ref<void(llvm::StringRef)> fn) const {
  for (const Term &t : terms_)
    for (const auto &atom : t.atoms) {
      if (atom->kind == Kind::Symbol)
        fn(atom->text);
      for (const DimExpr &arg : atom->args)
        arg.forEachSymbol(fn);
    }
}

DimExpr product(llvm::ArrayRef<DimExpr> dims) {
  DimExpr p = 1;
  for (const DimExpr &d : dims)
    p = p * d;
  return p;
}

} // namespace mlc
