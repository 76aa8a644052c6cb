# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
#
# Tests are .mlir and .test files with RUN lines. Parameters, given by mlc_lit_suite: bin (our tools), llvm (FileCheck), python, out.
import glob
import os

import lit.formats

config.name = "MLC"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["recipes", "plans", "skeletons"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = lit_config.params["out"]
config.environment["PATH"] = os.pathsep.join([lit_config.params["bin"], lit_config.params["llvm"], os.environ["PATH"]])
config.environment["MLC_CACHE_DIR"] = os.environ.get("MLC_CACHE_DIR", "")
config.substitutions.append(("%python", lit_config.params["python"]))
config.substitutions.append(("%onnx-models", os.path.join(config.test_source_root, "frontends/onnx/make_models.py")))

# Compiling for GPUs needs ptxas and NVRTC, of a toolkit or of the Python packages that scripts/setup installs.
roots = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"] + glob.glob(os.path.join(os.path.dirname(os.path.dirname(lit_config.params["python"])), "lib/python3*/site-packages/nvidia/*"))
if any(os.access(os.path.join(r, "bin/ptxas"), os.X_OK) for r in roots if r) and any(glob.glob(os.path.join(r, d, "libnvrtc.so*")) for r in roots if r for d in ("lib", "lib64")):
    config.available_features.add("cuda")
