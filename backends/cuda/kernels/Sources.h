// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Texts that are embedded at build time: this folder's, and the measured choices of choose/tuned.
#ifndef MLC_BACKENDS_CUDA_KERNELS_SOURCES_H
#define MLC_BACKENDS_CUDA_KERNELS_SOURCES_H

namespace mlc::cuda {

extern const char kTunedSm90[]; // ../choose/tuned/sm_90a.tsv

extern const char kScalarSource[];  // scalar.h
extern const char kDeviceSource[];  // device.cuh
extern const char kNarrowMathSource[]; // narrow_math.cuh
extern const char kExchangeSource[]; // exchange.cuh
extern const char kEpilogueSource[]; // epilogue.cuh
extern const char kProductSource[]; // product.cuh
extern const char kHopperDeviceSource[]; // hopper_device.cuh
extern const char kHopperSource[];  // hopper.cuh
extern const char kRunsSource[];    // runs.cuh
extern const char kOnlineSoftmaxSource[]; // online_softmax.cuh
extern const char kAttentionSource[]; // attention.cuh
extern const char kFlashDecodingSource[]; // flash_decoding.cuh
extern const char kRecurrentSource[]; // recurrent.cuh
extern const char kPixelsSource[]; // pixels.cuh
extern const char kDepthwiseSource[]; // depthwise.cuh
extern const char kStemSource[]; // stem.cuh

} // namespace mlc::cuda

#endif
