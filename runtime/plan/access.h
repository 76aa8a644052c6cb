// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reading of flatbuffers vectors that may be absent.
#ifndef MLC_RUNTIME_PLAN_ACCESS_H
#define MLC_RUNTIME_PLAN_ACCESS_H

#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

template <typename T>
uint32_t Count(const flatbuffers::Vector<T>* vector) {
  return vector ? vector->size() : 0;
}

// For loops over vectors of numbers and of tables: `for (uint32_t dim : Items(io->dims()))`.
template <typename T>
class Items {
 public:
  explicit Items(const flatbuffers::Vector<T>* vector) : vector_(vector) {}
  auto begin() const { return Iterator{vector_, 0}; }
  auto end() const { return Iterator{vector_, Count(vector_)}; }

 private:
  struct Iterator {
    const flatbuffers::Vector<T>* vector;
    uint32_t index;
    auto operator*() const { return vector->Get(index); }
    Iterator& operator++() {
      ++index;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index != other.index; }
  };
  const flatbuffers::Vector<T>* vector_;
};

// "" for an absent string.
inline const char* Text(const flatbuffers::String* string) { return string ? string->c_str() : ""; }

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_ACCESS_H
