/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The call convention of host kernels: what the code in a plan's host image receives. Shared by the runtime (C++) and the compiler's emitter.
 * Changing anything here changes the plan format's major version.
 */
#ifndef MLC_RUNTIME_HOST_KERNEL_ABI_H
#define MLC_RUNTIME_HOST_KERNEL_ABI_H

#include <stdint.h>

/* Arguments of one call. All memory belongs to the caller; a kernel keeps no state between calls, calls nothing and allocates nothing.
 *   buffers    one pointer per Launch.buffers entry (operands, results, workspaces in that order), each aligned to 64 bytes unless the caller's own I/O is not.
 *   scalars    one int64 per Launch.scalars entry: the distinct non-constant dims and values the kernel needs.
 *   scratch    private memory of this worker thread, Launch.scratch bytes aligned to 64; contents undefined on entry.
 *   begin, end the half-open range of tasks to run, 0 <= begin < end <= grid. Ranges of concurrent calls are disjoint.
 *   fault      set to a non-zero mlc_kernel_fault when input data is unusable; the kernel still ends normally and touches no memory outside its buffers.
 * Byte offsets of the fields are part of the convention: 0, 8, 16, 24, 32, 40. */
typedef struct mlc_kernel_args {
  void *const *buffers;
  const int64_t *scalars;
  void *scratch;
  int64_t begin;
  int64_t end;
  int32_t *fault;
} mlc_kernel_args;

typedef enum mlc_kernel_fault {
  MLC_KERNEL_OK = 0,
  MLC_KERNEL_INDEX_OUT_OF_RANGE = 1,
  MLC_KERNEL_DIVISION_BY_ZERO = 2
} mlc_kernel_fault;

/* An entry of a host image: System V x86-64 calling convention. */
typedef void (*mlc_host_kernel)(const mlc_kernel_args *args);

#endif
