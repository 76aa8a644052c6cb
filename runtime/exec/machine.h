// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the interpreter asks of the processor that a program runs on. Addresses are those of the
// shape plan, in the processor's memory. Work may be done later, in order; Read sees all of it.
#ifndef MLC_RUNTIME_EXEC_MACHINE_H
#define MLC_RUNTIME_EXEC_MACHINE_H

#include "runtime/exec/shape_plan.h"

namespace mlc::runtime {

class Machine {
 public:
  virtual Status Launch(const Step& step) = 0;  // grid > 0
  virtual Status Copy(char* to, const char* from, uint64_t size_bytes) = 0;
  virtual Status Read(void* to, const char* from, uint64_t size_bytes) = 0;
  virtual Status Write(char* to, const void* from, uint64_t size_bytes) = 0;
  // Called around each launch and copy when the run is profiled.
  virtual Status StartTimer() = 0;
  virtual Status StopTimer(uint64_t* out_elapsed_ns) = 0;

 protected:
  ~Machine() = default;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_MACHINE_H
