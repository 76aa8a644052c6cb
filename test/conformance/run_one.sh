#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# usage: run_one.sh BIN LEVEL MODEL INPUT-DIR OUTPUT-DIR
# Compiles and runs one case; exit 77: mlc-compile refused it, else mlc-run's status.
plan=$5/case.plan
"$1/mlc-compile" "$3" --arch host "-O$2" -o "$plan"
status=$?
((status == 1)) && exit 77
((status == 0)) || exit "$status"
"$1/mlc-run" "$plan" --device host --threads 1 --inputs "$4" --save-outputs "$5/" --iterations 1 --warmup 0
status=$?
rm -f "$plan"
exit "$status"
