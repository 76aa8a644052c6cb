/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The call convention of CUDA kernels: what the functions of a plan's cubin or PTX receive. Shared by the runtime and the compiler's emitters.
 * Changing anything here changes the plan format's major version.
 *
 *   extern "C" __global__ void name(T0 *b0, ..., Tn *bn, long long s0, ..., long long sm, int *fault, const __grid_constant__ CUtensorMap t0, ...)
 *
 * Every parameter but the last ones is 8 bytes at the next multiple of 8.
 *   b0..bn  one device pointer per Launch.buffers entry (operands, results, workspaces in that order), each aligned to 256 bytes unless the caller's own I/O is not (then to 16).
 *   s0..sm  one int64 per Launch.scalars entry.
 *   fault   an int of this launch's own that the device can store to (it lies in pinned host memory: no reads, no atomics), 0 before the run; a kernel stores an mlc_kernel_fault
 *           (runtime/host/kernel_abi.h) when input data is unusable, ends normally and touches no memory outside of its buffers.
 *   t0..    one CUtensorMap of 128 bytes, at a multiple of 64, per Kernel.tensor_maps entry.
 * Blocks: (Launch.grid, 1, 1) of (Kernel.threads, 1, 1) threads with Kernel.shared_bytes of dynamic shared memory, in clusters of (Kernel.cluster, 1, 1). Blocks of one launch run in any order.
 * A launch with grid 0 is skipped. Workspaces have undefined contents.
 */
#ifndef MLC_RUNTIME_CUDA_KERNEL_ABI_H
#define MLC_RUNTIME_CUDA_KERNEL_ABI_H

#define MLC_CUDA_TRIPLE "nvptx64-nvidia-cuda"
#define MLC_CUDA_ALIGNMENT 256
#define MLC_CUDA_IO_ALIGNMENT 16

#endif
