#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# run.sh SOURCE PATCH PYTHON LLVM_BIN TARGETS TEST...: applies a recipe to a copy of the tracked files, builds the targets there ("mlc-opt", or several) and runs the recipe's tests: .mlir by lit,
# _test.py with print_templates and clang.
set -euo pipefail
source=$1 patch=$2 python=$3 llvm=$4 targets=$5
shift 5
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git -C "$source" ls-files -z | tar -C "$source" --null -T - -c | tar -C "$scratch" -x
ln -s "$source/.venv" "$scratch/.venv" # ONNX's schema is there
patch -d "$scratch" -p1 <"$patch"
# The same relative paths for ccache, wherever the copy lies.
export CCACHE_BASEDIR="$scratch" CCACHE_NOHASHDIR=1
cd "$scratch"
all=ON
[[ $targets == mlc-opt ]] && all=OFF
cmake --preset release -B "$scratch/build" -DMLC_BUILD_TESTS=$all -DMLC_BUILD_EXAMPLES=OFF -DMLC_BUILD_TOOLS=$all
ninja -C "$scratch/build" $targets
for test; do
  if [[ $test == *_test.py ]]; then
    MLC_BIN="$scratch/build/bin" "$python" "$test" "$scratch/build/bin/print_templates" "$llvm/clang-22"
  else
    "$python" -c "from lit.main import main; main()" -v --param bin="$scratch/build/bin" --param llvm="$llvm" --param python="$python" --param out="$scratch/lit" "$test"
  fi
done
