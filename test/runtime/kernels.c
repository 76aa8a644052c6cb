/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * Kernels of the runtime's tests, compiled to one flat image (kernels.cmake): no calls, no data. */
#include "runtime/host/kernel_abi.h"

typedef const mlc_kernel_args *Args;

/* out[i] = a[i] + b[i], one element per task. */
void add_f32(Args k) {
  const float *a = k->buffers[0], *b = k->buffers[1];
  float *out = k->buffers[2];
  for (int64_t i = k->begin; i < k->end; ++i) out[i] = a[i] + b[i];
}

/* out = in + 1. */
void increment_i64(Args k) { *(int64_t *)k->buffers[1] = *(const int64_t *)k->buffers[0] + 1; }

/* out = a < b. */
void less_i64(Args k) {
  *(char *)k->buffers[2] = *(const int64_t *)k->buffers[0] < *(const int64_t *)k->buffers[1];
}

/* out[i] = data[index[i]] for data of scalars[0] elements; faults on an index outside. */
void gather_f32(Args k) {
  const float *data = k->buffers[0];
  const int64_t *index = k->buffers[1];
  float *out = k->buffers[2];
  for (int64_t i = k->begin; i < k->end; ++i) {
    if (index[i] < 0 || index[i] >= k->scalars[0])
      *k->fault = MLC_KERNEL_INDEX_OUT_OF_RANGE;
    else
      out[i] = data[index[i]];
  }
}

/* out[i] = in[i] by way of 64 bytes of scratch. */
void copy_through_scratch_f32(Args k) {
  const float *in = k->buffers[0];
  float *out = k->buffers[1], *scratch = k->scratch;
  for (int64_t i = k->begin; i < k->end; ++i) {
    for (int j = 0; j < 16; ++j) ((volatile float *)scratch)[j] = in[i];
    out[i] = scratch[i % 16];
  }
}

/* Writes 1 to in[0], then waits until in[1] is not 0: lets a test stop the world. out[0] = in[1].
 */
void wait_for_flag(Args k) {
  volatile char *in = k->buffers[0];
  in[0] = 1;
  while (in[1] == 0) {
  }
  *(char *)k->buffers[1] = in[1];
}

/* Stands for out[i] = f(in[i]), but computes the first and last of a range alone. */
void touch_f32(Args k) {
  const float *in = k->buffers[0];
  float *out = k->buffers[1];
  out[k->begin] = in[k->begin];
  out[k->end - 1] = in[k->end - 1];
}

/* Does nothing. */
void nothing(Args k) { (void)k; }
