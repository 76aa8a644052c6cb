#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# usage: run.sh BUILD-DIR PYTHON
# Installs BUILD-DIR into a scratch folder, moves that folder (nothing in it may know where it was), and builds project/ against it: find_package with the
# shared and the static library, pkg-config with the shared one. Each program is run, with a plan of a small model where mlc-compile is installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1 python=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export CCACHE_DISABLE=1

cmake --install "$build" --prefix "$scratch/first" > "$scratch/install.log"
prefix=$scratch/moved
mv "$scratch/first" "$prefix"
libdir=$(dirname "$(find "$prefix" -name libmlc_runtime.so | head -1)")

plan=()
if [[ -x $prefix/bin/mlc-compile ]]; then
  "$python" "$here/make_model.py" "$scratch/relu.onnx"
  "$prefix/bin/mlc-compile" "$scratch/relu.onnx" --arch host -o "$scratch/relu.plan"
  plan=("$scratch/relu.plan")
fi

cmake -S "$here/project" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release > "$scratch/configure.log"
cmake --build "$scratch/build" > "$scratch/build.log" || { cat "$scratch/build.log"; exit 1; }
for program in consumer_c consumer_cpp consumer_static; do
  echo "find_package: $program"
  "$scratch/build/$program" "${plan[@]}"
done

export PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046
cc -std=c99 -pedantic -Wall -Wextra -Werror "$here/project/consumer.c" -o "$scratch/consumer_pc" $(pkg-config --cflags --libs mlc)
echo "pkg-config: consumer.c"
LD_LIBRARY_PATH=$libdir "$scratch/consumer_pc" "${plan[@]}"
