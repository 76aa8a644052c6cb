# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""MLC beside other engines: measure.py runs them in turns, serve.py is a peer's process, trtexec.py speaks with TensorRT, nodes.py looks inside a model."""
