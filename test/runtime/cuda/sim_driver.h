// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A CUDA driver without a GPU, with the functions of runtime/cuda/symbols.def, and a cuBLASLt
// beside it with those of cublaslt_symbols.def (sim_cublaslt.cc). Device memory is
// host memory between guard bytes. Work runs when the host waits for any of it, never before, so
// what reads a result too early reads garbage. A happens-before checker looks at each access: two
// to the same bytes, one a write, must be ordered by streams, events, graph edges or a wait of the
// host. Kernels are C++ functions (sim_kernels.cc); a cubin is the text "SIM sm_90a", PTX starts
// with
// ".version 8.0".
#ifndef MLC_TEST_RUNTIME_CUDA_SIM_DRIVER_H
#define MLC_TEST_RUNTIME_CUDA_SIM_DRIVER_H

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/cuda/driver.h"

namespace mlc::runtime::cuda::sim {

struct Options {
  int driver_version = 13000;
  int ptx_version = 90;  // the newest that its compiler takes, 10 times
  int capability = 90;
  int num_devices = 1;
  uint64_t memory_bytes = uint64_t{256} << 20;
  CUresult refuse_cubin = CUDA_SUCCESS;  // what loading any cubin ends in
  uint64_t fail_call = 0;                // the k-th call from Reset on fails, 0 = none
  CUresult fail_with = CUDA_ERROR_UNKNOWN;
  uint64_t fault_kernel = 0;           // the k-th kernel that runs loses the context (700)
  std::set<std::string> missing = {};  // exported symbols that the driver or cuBLASLt lack
  bool system_cublaslt = false;        // cuBLASLt is looked for as without the simulation
  bool refuse_products = false;        // cuBLASLt has no algorithm for anything
};

// What exists now.
struct Live {
  size_t contexts = 0, device_blocks = 0, pinned_blocks = 0, reservations = 0, handles = 0,
         modules = 0, streams = 0, events = 0, graphs = 0, execs = 0, library_objects = 0;
  size_t total() const {
    return contexts + device_blocks + pinned_blocks + reservations + handles + modules + streams +
           events + graphs + execs + library_objects;
  }
};

// Forgets everything. Nothing of an earlier driver may be in use.
void Reset(const Options& options = {});
Options& MutableOptions();
Result<std::shared_ptr<const Driver>> Load();

uint64_t Calls();                         // since Reset
// By the name in cuda.h; "dependent cuLaunchKernelEx": of those the ones that may start early.
uint64_t Calls(const std::string& name);
Live CountLive();
uint64_t DeviceBytes();  // allocated or mapped
// Races, accesses outside of memory, overwritten guards, memory freed while in use, dead handles.
std::vector<std::string> TakeViolations();
// The call that Options::fail_call has made fail, "" while it has not.
std::string FailedCall();
// Runs all work that was enqueued, as time would.
void Progress();

}  // namespace mlc::runtime::cuda::sim

#endif  // MLC_TEST_RUNTIME_CUDA_SIM_DRIVER_H
