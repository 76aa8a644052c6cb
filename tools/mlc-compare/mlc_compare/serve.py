# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""A peer's process: loads the model, says so in one line of JSON, then answers requests, one a line of JSON: {"seconds": S} runs that long after one warm-up
run and gives the times in ms, {"save": FILE} writes the outputs of the last run. usage: serve.py ENGINE MODEL INPUTS.npz THREADS

It is run by the Python of the peer's environment, so it imports nothing of the rest of the package.
"""
import importlib
import json
import os
import statistics
import sys
import time

import numpy as np


def resident_peak_mb():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))


def ort(model, feeds, threads, level=None):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    options.graph_optimization_level = level or onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return lambda: dict(zip(names, session.run(names, feeds)))


def reference(model, feeds, threads):
    """ONNX Runtime without rewriting: the fp32 answer that others are compared with."""
    import onnxruntime
    return ort(model, feeds, threads, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC)


def openvino(model, feeds, threads):
    import openvino
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                                                            "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False})
    request = compiled.create_infer_request()
    names = [next(iter(o.get_names())) for o in compiled.outputs]

    def run():
        request.infer(feeds)
        return {name: request.get_output_tensor(i).data for i, name in enumerate(names)}
    return run


def torch(model, feeds, threads):
    """Eager PyTorch of the graph that onnx2torch makes."""
    import onnx
    import torch as framework
    from onnx2torch import convert
    framework.set_num_threads(threads)
    graph = onnx.load(model).graph
    module = convert(model).eval()
    weights = {t.name for t in graph.initializer}
    operands = [framework.from_numpy(feeds[i.name]) for i in graph.input if i.name not in weights]
    names = [o.name for o in graph.output]

    def run():
        with framework.inference_mode():
            result = module(*operands)
        return {n: r.numpy() for n, r in zip(names, result if isinstance(result, (tuple, list)) else [result])}
    return run


def tensorrt(model, feeds, threads):
    """TensorRT by its Python package, where there is no trtexec: fp32 without TF32; a run copies the inputs in and the outputs out."""
    import tensorrt as trt
    from cuda.bindings import runtime as cuda

    def call(result):
        if result[0] != cuda.cudaError_t.cudaSuccess:
            raise RuntimeError(f"CUDA: {cuda.cudaGetErrorString(result[0])[1].decode()}")
        return result[1] if len(result) > 1 else None

    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(model):
        raise RuntimeError(str(parser.get_error(0)))
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)
    profile = builder.create_optimization_profile()
    for i in range(network.num_inputs):
        own = network.get_input(i)
        if -1 in own.shape:
            profile.set_shape(own.name, *[feeds[own.name].shape] * 3)
    config.add_optimization_profile(profile)
    engine = trt.Runtime(logger).deserialize_cuda_engine(builder.build_serialized_network(network, config))
    context, stream = engine.create_execution_context(), call(cuda.cudaStreamCreate())
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    given = {n: np.ascontiguousarray(v) for n, v in feeds.items() if n in names}
    for n, v in given.items():
        context.set_input_shape(n, v.shape)
    made = {n: np.empty(tuple(context.get_tensor_shape(n)), trt.nptype(engine.get_tensor_dtype(n))) for n in names if n not in given}
    memory = {n: call(cuda.cudaMalloc(max(1, v.nbytes))) for n, v in {**given, **made}.items()}
    for n, address in memory.items():
        context.set_tensor_address(n, address)

    def run():
        for n, v in given.items():
            call(cuda.cudaMemcpyAsync(memory[n], v.ctypes.data, v.nbytes, cuda.cudaMemcpyKind.cudaMemcpyHostToDevice, stream))
        if not context.execute_async_v3(stream):
            raise RuntimeError("TensorRT: the engine did not run")
        for n, v in made.items():
            call(cuda.cudaMemcpyAsync(v.ctypes.data, memory[n], v.nbytes, cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost, stream))
        call(cuda.cudaStreamSynchronize(stream))
        return made
    return run


ENGINES = {"ort": (ort, "onnxruntime"), "reference": (reference, "onnxruntime"), "openvino": (openvino, "openvino"), "torch": (torch, "torch"), "tensorrt": (tensorrt, "tensorrt")}


def main():
    engine, model, given, threads = sys.argv[1:]
    make, package = ENGINES[engine]
    with np.load(given) as stored:
        feeds = dict(stored)
    version = importlib.import_module(package).__version__
    before = resident_peak_mb()
    start = time.perf_counter()
    run = make(os.fspath(model), feeds, int(threads))
    loaded = time.perf_counter()
    outputs = run()
    first = time.perf_counter() - loaded
    say({"version": version.partition("-")[0], "load_ms": (loaded - start) * 1e3, "first_run_ms": first * 1e3, "peak_mb": resident_peak_mb(), "peak_mb_before_load": before})
    for line in sys.stdin:
        request = json.loads(line)
        if "save" in request:
            np.savez(request["save"], **outputs)
            say({"saved": request["save"]})
            continue
        run()
        stop, times = time.perf_counter() + request["seconds"], []
        while not times or time.perf_counter() < stop:
            start = time.perf_counter()
            outputs = run()
            times.append((time.perf_counter() - start) * 1e3)
        say({"p50_ms": statistics.median(times), "p90_ms": float(np.percentile(times, 90)), "mean_ms": statistics.fmean(times), "min_ms": min(times), "runs": len(times)})


def say(answer):
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
