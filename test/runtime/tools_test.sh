#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# usage: tools_test.sh BIN PLAN SCRATCH CUDA_PLAN LIBCUDA_DIR: mlc-run, mlc-inspect and mlc-refit on the plan of write_plan: files, exit codes, JSON;
# mlc-run on the simulated CUDA driver of LIBCUDA_DIR.
set -euo pipefail
bin=$1 plan=$2 scratch=$3 cuda_plan=$4 libcuda=$5
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
fail() { echo "tools_test: $*"; exit 1; }

# expect CODE TEXT COMMAND...: the command ends with CODE and says TEXT.
expect() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$@" 2>&1) || status=$?
  ((status == code)) || fail "$* ended with $status, not $code: $output"
  [[ $output == *"$text"* ]] || fail "$* did not say '$text': $output"
}
run() { "$bin/mlc-run" "$plan" --warmup 0 --iterations 1 "$@"; }

expect 0 "mlc-run 0." "$bin/mlc-run" --version
expect 0 "--save-outputs" "$bin/mlc-run" --help
expect 2 "plan is required" "$bin/mlc-run"
expect 2 "No such file" "$bin/mlc-run" none.plan
expect 1 "not a plan file" "$bin/mlc-run" "$0"
expect 2 "no dimension 'm'; it has n" run --dims m=3
expect 2 "compiled for 1 to 8" run --dims n=9
expect 2 "there is no device" run --device toaster
expect 2 "use 'host' or 'cuda:N'" run --device cuda:x
expect 2 "no file for input 'x'" run --inputs "$scratch"

# Archives and folders, there and back: the same seed gives the same outputs.
run --dims n=5 --seed 7 --save-outputs out.npz > /dev/null
expect 0 "max abs error 0" run --dims n=5 --seed 7 --reference out.npz
run --dims n=5 --seed 7 --save-outputs out/ > /dev/null
[[ -f out/output_0.npy ]] || fail "no out/output_0.npy"
expect 0 "max abs error 0" run --dims n=5 --seed 7 --reference out
expect 4 "differs from the reference" run --dims n=5 --seed 8 --reference out.npz
expect 4 "the reference is float32 [5]" run --dims n=4 --seed 7 --reference out.npz
expect 0 "float32 [5]" run --input x=out/output_0.npy

# x = {1, 2} as ONNX's TensorProto: dims 2, data_type 1, raw_data of 8 bytes. y = x + w + x = {3, 6}.
mkdir onnx
printf '\x08\x02\x10\x01\x4a\x08\x00\x00\x80\x3f\x00\x00\x00\x40' > onnx/input_0.pb
printf '\x08\x02\x10\x01\x4a\x08\x00\x00\x40\x40\x00\x00\xc0\x40' > onnx/output_0.pb
expect 0 "max abs error 0" run --inputs onnx --reference onnx

run --json - --check --threads 1 > report.json 2> text || fail "--json -"
for key in schema_version mean_ms p50_ms p90_ms p95_ms p99_ms min_ms max_ms runs throughput_per_s enqueue_ms h2d_ms compute_ms d2h_ms \
           load_ms first_run_ms peak_arena_bytes device outputs; do
  grep -q "\"$key\"" report.json || fail "the report has no $key"
done
expect 0 "node_add_f32" run --profile

# The same on CUDA, beside the host's answers.
cuda() { LD_LIBRARY_PATH=$libcuda "$bin/mlc-run" "$cuda_plan" --device cuda:0 --dims n=5 --seed 7 "$@"; }
expect 0 "max abs error 0" cuda --reference out.npz
expect 0 "node_add_f32" cuda --profile
expect 0 "enqueue" cuda --include-transfers
expect 0 "MBU" cuda --profile --peak 1e9:1e9
expect 0 "of the run without profiling" cuda --profile --peak h100-sxm
expect 0 "a run without profiling takes" cuda --profile
expect 2 "one of x86-64-v2-core" cuda --profile --peak abacus
expect 0 "2 streams, inputs and outputs pinned, ahead" cuda --streams 2 --json streams.json
(($(grep -c '"within": true' streams.json) == 4)) || fail "no answers of --streams"
expect 0 "3 streams, inputs and outputs pinned" run --streams 3
cuda --json - > cuda.json || fail "--json - on CUDA"
cuda --profile --json profile.json > text || fail "--profile on CUDA"
for key in alone_ns profile_sum of_run; do
  grep -q "\"$key\"" profile.json || fail "a profile has no $key"
done
grep -q '"target": "sm_90"' cuda.json || fail "the report does not say sm_90"
expect 3 "no device 'cuda:1'" env LD_LIBRARY_PATH="$libcuda" "$bin/mlc-run" "$cuda_plan" --device cuda:1
expect 1 "nothing in the plan runs" env LD_LIBRARY_PATH="$libcuda" "$bin/mlc-run" "$plan" --device cuda:0
# A plan whose product cuBLASLt computes, which the simulated driver's file has too.
product() {
  LD_LIBRARY_PATH=$libcuda "$bin/mlc-run" "${cuda_plan%/*}/product_cuda.plan" --device cuda:0 --seed 7 "$@"
}
export MLC_CUBLASLT=$libcuda/libcuda.so.1
product --save-outputs product.npz > /dev/null || fail "a plan for cuBLASLt"
MLC_CUDA_GRAPHS=0 expect 0 "max abs error 0" product --reference product.npz
expect 0 "node_product" product --profile
MLC_CUBLASLT=/nowhere.so expect 3 "plan needs cuBLASLt (libcublasLt.so.13 or .12): install it or compile without --library=cublaslt" product
unset MLC_CUBLASLT
if ! ldconfig -p | grep -q libcuda.so.1; then expect 3 "the driver is not installed" run --device cuda:0; fi

expect 0 "2 launches of 1 kernels" "$bin/mlc-inspect" "$plan"
"$bin/mlc-inspect" "$plan" --json --dims n=4 > inspect.json
for key in schema_version plan_version compiler targets arch kernels code_bytes launches kernel nodes kind flops bytes branch weights_bytes \
           planned_peak_bytes lower_bound_bytes inputs ranges dtype outputs; do
  grep -q "\"$key\"" inspect.json || fail "the description has no $key"
done
"$bin/mlc-inspect" "$plan" --extract code > /dev/null && [[ -s code/test.bin && -s code/test.elf ]] || fail "--extract"

run --profile --json profile.json > /dev/null
expect 2 "there is none for test" "$bin/mlc-inspect" "$plan" --html page.html
"$bin/mlc-inspect" "$plan" --html page.html --profile profile.json --peak 1e9:1e9 || fail "--html"
grep -q '"mfu"' page.html || fail "the page has no rates"
printf '\x3a\x00' > empty.onnx  # a ModelProto with an empty graph
expect 2 "has its weights already" "$bin/mlc-refit" "$plan" --weights empty.onnx -o full.plan
expect 1 "not an ONNX model" "$bin/mlc-refit" "$plan" --weights /dev/null -o full.plan
echo "tools_test: ok"
