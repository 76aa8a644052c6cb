# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# cmake -DCC= -DOBJCOPY= -DNM= -DROOT= -DSOURCE= -DOUT= -P kernels.cmake
# Compiles SOURCE and writes the header OUT: kTestCode, the bytes of its .text, and kTestKernels, its functions with their offsets.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CC} -O1 -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -fPIC -I ${ROOT} -c ${SOURCE} -o ${OUT}.o)
run(${OBJCOPY} -O binary -j .text ${OUT}.o ${OUT}.bin)
file(READ ${OUT}.bin hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
run(${NM} --defined-only --numeric-sort --radix=d ${OUT}.o)
string(REGEX REPLACE "0*([0-9]+) T ([a-z0-9_]+)\n" "{\"\\2\", \\1}," functions "${output}")
file(WRITE ${OUT} "// Generated from kernels.c.
inline constexpr unsigned char kTestCode[] = {${bytes}};
inline constexpr struct { const char* name; unsigned long offset; } kTestKernels[] = {${functions}};
")
