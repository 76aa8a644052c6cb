// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the host backend links into every image, embedded in the compiler as bytes.
//   math bitcode  LLVM bitcode of math.c: mlc_<name>_f32, _f32x4, _f32x8, _f32x16, _f64 for each row of math_functions.def. All always_inline, with
//                 plain vector signatures (<8 x float> by value) and without target-cpu or target-features, so they inline into functions of any
//                 x86-64 level. Link with LinkOnlyNeeded, then internalise.
//   libcalls      ELF object of libcalls.c for x86-64-v2: memcpy, fmodf, __extendhfsf2 and the rest of what LLVM calls by name.
#ifndef MLC_BACKENDS_HOST_SUPPORT_SUPPORT_H
#define MLC_BACKENDS_HOST_SUPPORT_SUPPORT_H

#include <cstddef>

extern const unsigned char mlc_support_math_bc[];
extern const std::size_t mlc_support_math_bc_size;
extern const unsigned char mlc_support_libcalls_o[];
extern const std::size_t mlc_support_libcalls_o_size;

#endif
