// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Counted handles: RefCounted<T> is the base of the C API's handle types, Ref<T> owns one
// reference.
#ifndef MLC_RUNTIME_BASE_REF_COUNTED_H
#define MLC_RUNTIME_BASE_REF_COUNTED_H

#include <atomic>
#include <cstdint>
#include <utility>

namespace mlc::runtime {

// Starts with one reference; the last Release deletes the object. Any thread may retain and
// release.
template <typename T>
class RefCounted {
 public:
  void Retain() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Release() {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<T*>(this);
  }
  bool HasOneRef() const { return count_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<uint32_t> count_{1};
};

template <typename T>
class Ref {
 public:
  Ref() = default;
  // Takes over a reference that the caller owns.
  static Ref Adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  // Adds a reference; null is fine.
  static Ref Share(T* object) {
    if (object) object->Retain();
    return Adopt(object);
  }
  Ref(const Ref& other) : Ref(Share(other.object_)) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->Release();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // Hands the reference to a caller of the C API.
  T* Detach() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_BASE_REF_COUNTED_H
