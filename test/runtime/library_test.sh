#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# usage: library_test.sh libmlc_runtime.so: what the shared library may cost an embedder.
set -euo pipefail
library=$1
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
fail() { echo "library_test: $*"; exit 1; }

strip -o "$stripped" "$library"
size=$(stat -c %s "$stripped")
echo "stripped: $size bytes"
((size <= 2 << 20)) || fail "larger than 2 MiB"

needed=$(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
echo "needs:" $needed
for name in $needed; do
  [[ $name =~ ^(libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|ld-linux-x86-64)\.so ]] || fail "depends on $name"
done
readelf -dW "$library" | grep -q 'SONAME.*libmlc_runtime\.so\.[0-9]*\]' || fail "no SONAME with the major version"

foreign=$(nm -DC --defined-only "$library" | grep -v ' mlc_' || true)
[[ -z $foreign ]] || fail "exports $foreign"
# One entry is the compiler's own frame_dummy.
entries=$(readelf -SW "$library" | sed -n 's/.*\.init_array *INIT_ARRAY *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\).*/\1/p')
((16#$entries <= 8)) || fail "has static constructors (.init_array of 0x$entries bytes)"
