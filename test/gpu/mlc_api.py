# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""libmlc_runtime's C API (runtime/include/mlc/runtime.h) for tests that run where only Python and numpy are.

Handles are released with their objects. A failed call raises Failed. Arrays go in and out by their bytes: bfloat16 is uint16.
"""
import ctypes
import json
import os

import numpy as np

DTYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
          14: "complex64", 15: "complex128", 16: "bfloat16"}
NUMBERS = {name: number for number, name in DTYPES.items()}
P, U64 = ctypes.c_void_p, ctypes.c_uint64
DEVICE_FAILED, OUT_OF_MEMORY = 10, 11


class DeviceOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("num_threads", ctypes.c_uint32), ("cpu_list", P), ("cpu_list_count", ctypes.c_size_t), ("allocator", P),
                ("memory_limit_bytes", U64), ("log", P), ("log_user", P), ("log_level", ctypes.c_int), ("cuda_force_ptx", ctypes.c_int), ("alloc_conf", ctypes.c_char_p)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("entry", ctypes.c_char_p), ("max_cached_shapes", ctypes.c_uint32), ("profile", ctypes.c_int),
                ("max_loop_iterations", U64), ("cuda_graphs", ctypes.c_int), ("cuda_dependent_launch", ctypes.c_int), ("cuda_inputs_ahead", ctypes.c_int)]


class MemoryStats(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [(name, U64) for name in (
        "allocated_bytes", "active_bytes", "reserved_bytes", "peak_allocated_bytes", "peak_active_bytes", "peak_reserved_bytes", "num_allocations",
        "num_system_allocations", "num_retries", "num_failures")]


class SessionMemory(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [(name, U64) for name in ("planned_peak_bytes", "lower_bound_bytes", "scratch_bytes", "weights_bytes")]


class SymbolInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("source", ctypes.c_int), ("input", ctypes.c_uint32), ("index", ctypes.c_uint32)] + [
        (name, ctypes.c_int64) for name in ("min", "opt", "max", "divisor")]


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_uint32), ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("dim_names", ctypes.POINTER(ctypes.c_char_p)), ("dim_min", ctypes.POINTER(ctypes.c_int64)), ("dim_max", ctypes.POINTER(ctypes.c_int64))]


LogFunction = ctypes.CFUNCTYPE(None, P, ctypes.c_int, ctypes.c_char_p)
DEBUG = 3


class Failed(Exception):
    """A call's status: `code` is a number of status_codes.def."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


RESULTS = {"mlc_version": ctypes.c_char_p, "mlc_status_code": ctypes.c_int, "mlc_status_message": ctypes.c_char_p, "mlc_device_features": ctypes.c_char_p,
           "mlc_session_target": ctypes.c_char_p, "mlc_session_signature": P, "mlc_signature_num_inputs": ctypes.c_size_t, "mlc_signature_num_outputs": ctypes.c_size_t,
           "mlc_signature_input": ctypes.POINTER(TensorInfo), "mlc_signature_output": ctypes.POINTER(TensorInfo), "mlc_tensor_dims": ctypes.POINTER(ctypes.c_int64),
           "mlc_signature_num_symbols": ctypes.c_size_t, "mlc_signature_symbol": ctypes.POINTER(SymbolInfo), "mlc_tensor_data": P, "mlc_tensor_size_bytes": ctypes.c_size_t, "mlc_tensor_rank": ctypes.c_uint32, "mlc_tensor_dtype": ctypes.c_int,
           "mlc_tensor_on_device": ctypes.c_int, "mlc_plan_weights_bytes": U64, "mlc_device_num_threads": ctypes.c_uint32}
NOTHING = ("_release", "_init_sized", "_trim", "_reset_peak", "_snapshot", "_cancel", "_retain")


class Library:
    """The library beside the tests' other files, or `path`."""

    def __init__(self, path):
        try:
            self.dll = ctypes.CDLL(path)
        except OSError:  # the system's C++ library is missing or too old: a pack has one
            for name in ("libgcc_s.so.1", "libstdc++.so.6"):
                ctypes.CDLL(os.path.join(os.path.dirname(path), name), ctypes.RTLD_GLOBAL)
            self.dll = ctypes.CDLL(path)

    def __getattr__(self, name):
        function = getattr(self.dll, name)
        if name in RESULTS:
            function.restype = RESULTS[name]
            wrapped = function
        elif name.endswith(NOTHING):
            function.restype = None
            wrapped = function
        else:
            function.restype = P

            def wrapped(*arguments):
                self.check(function(*arguments))
        setattr(self, name, wrapped)
        return wrapped

    def check(self, status):
        if status:
            code, message = self.mlc_status_code(P(status)), self.mlc_status_message(P(status)).decode(errors="replace")
            self.mlc_status_release(P(status))
            raise Failed(code, message)


class Handle:
    """An object of the library with its reference."""
    kind = ""
    pointer = None

    def __init__(self, library, pointer):
        self.library, self.pointer = library, P(pointer)

    def close(self):
        if self.pointer:
            getattr(self.library, f"mlc_{self.kind}_release")(self.pointer)
            self.pointer = None

    def __del__(self):
        self.close()


def library_beside(folder):
    found = [name for name in sorted(os.listdir(folder)) if name.startswith("libmlc_runtime.so")]
    if not found:
        raise FileNotFoundError(f"{folder} has no libmlc_runtime.so")
    return Library(os.path.abspath(os.path.join(folder, found[0])))


class Device(Handle):
    kind = "device"

    def __init__(self, library, name, log=None, **options):
        """log(line) gets every line, the debugging ones too."""
        given = DeviceOptions()
        library.mlc_device_options_init_sized(ctypes.byref(given), ctypes.c_size_t(ctypes.sizeof(given)))
        for key, value in options.items():
            setattr(given, key, value)
        if log:
            self.log = LogFunction(lambda _, level, line: log(line.decode(errors="replace")))
            given.log, given.log_level = ctypes.cast(self.log, P), DEBUG
        out = P()
        library.mlc_device_open(name.encode(), ctypes.byref(given), ctypes.byref(out))
        super().__init__(library, out.value)

    def features(self):
        return self.library.mlc_device_features(self.pointer).decode()

    def stats(self):
        stats = MemoryStats(struct_size=ctypes.sizeof(MemoryStats))
        self.library.mlc_device_memory_stats(self.pointer, ctypes.byref(stats))
        return stats

    def snapshot(self):
        size = ctypes.c_size_t()
        self.library.mlc_device_memory_snapshot(self.pointer, None, ctypes.c_size_t(0), ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value + 4096)
        self.library.mlc_device_memory_snapshot(self.pointer, text, ctypes.c_size_t(len(text)), ctypes.byref(size))
        return json.loads(text.value.decode())

    def trim(self, keep_bytes=0):
        self.library.mlc_device_trim(self.pointer, U64(keep_bytes))


class Plan(Handle):
    kind = "plan"

    def __init__(self, library, path):
        out = P()
        library.mlc_plan_open_file(os.fsencode(path), None, ctypes.byref(out))
        super().__init__(library, out.value)

    def weights_bytes(self):
        return self.library.mlc_plan_weights_bytes(self.pointer)


class Stream(Handle):
    kind = "stream"

    def __init__(self, device):
        out = P()
        device.library.mlc_stream_create(device.pointer, ctypes.byref(out))
        super().__init__(device.library, out.value)

    def synchronize(self):
        self.library.mlc_stream_synchronize(self.pointer)


class Tensor(Handle):
    kind = "tensor"

    @classmethod
    def wrap(cls, library, array, dtype=None):
        """Borrows a contiguous array, which the tensor keeps."""
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        out, dims = P(), (ctypes.c_int64 * max(1, array.ndim))(*array.shape)
        library.mlc_tensor_wrap(NUMBERS[dtype or array.dtype.name], ctypes.c_uint32(array.ndim), dims, P(array.ctypes.data), ctypes.c_size_t(array.nbytes), None, None, ctypes.byref(out))
        tensor = cls(library, out.value)
        tensor.array = array
        return tensor

    @classmethod
    def create(cls, device, dtype, shape, pinned=False):
        """New memory of the device, or pinned memory of the host."""
        out, dims = P(), (ctypes.c_int64 * max(1, len(shape)))(*shape)
        make = device.library.mlc_tensor_create_host if pinned else device.library.mlc_tensor_create
        make(device.pointer, NUMBERS[dtype], ctypes.c_uint32(len(shape)), dims, ctypes.byref(out))
        return cls(device.library, out.value)

    @classmethod
    def view(cls, device, buffer, dtype, shape):
        """The first elements of another tensor's memory on the device."""
        out, dims = P(), (ctypes.c_int64 * max(1, len(shape)))(*shape)
        library = device.library
        library.mlc_tensor_wrap_device(device.pointer, NUMBERS[dtype], ctypes.c_uint32(len(shape)), dims, P(library.mlc_tensor_data(buffer.pointer)),
                                       ctypes.c_size_t(library.mlc_tensor_size_bytes(buffer.pointer)), None, None, ctypes.byref(out))
        tensor = cls(library, out.value)
        tensor.array = buffer  # lives as long
        return tensor

    def copy_from(self, other):
        self.library.mlc_tensor_copy(self.pointer, other.pointer)

    def shape(self):
        dims = self.library.mlc_tensor_dims(self.pointer)
        return tuple(dims[i] for i in range(self.library.mlc_tensor_rank(self.pointer)))

    def dtype(self):
        return DTYPES.get(self.library.mlc_tensor_dtype(self.pointer), "unknown")

    def numpy(self):
        """A copy of a tensor in host memory; bfloat16 as uint16."""
        size, name = self.library.mlc_tensor_size_bytes(self.pointer), self.dtype()
        data = ctypes.string_at(self.library.mlc_tensor_data(self.pointer), size) if size else b""
        return np.frombuffer(data, "uint16" if name == "bfloat16" else name).reshape(self.shape())


class Session(Handle):
    kind = "session"

    def __init__(self, plan, device, **options):
        given, out = SessionOptions(), P()
        plan.library.mlc_session_options_init_sized(ctypes.byref(given), ctypes.c_size_t(ctypes.sizeof(given)))
        for key, value in options.items():
            setattr(given, key, value)
        plan.library.mlc_session_create(plan.pointer, device.pointer, ctypes.byref(given), ctypes.byref(out))
        super().__init__(plan.library, out.value)
        self.bound = {}  # keeps what is lent

    def target(self):
        return self.library.mlc_session_target(self.pointer).decode()

    def infos(self, role):
        """The TensorInfo of each "input" or "output", the SymbolInfo of each "symbol"."""
        signature = P(self.library.mlc_session_signature(self.pointer))
        count = getattr(self.library, f"mlc_signature_num_{role}s")(signature)
        return [getattr(self.library, f"mlc_signature_{role}")(signature, ctypes.c_size_t(i)).contents for i in range(count)]

    def set_input(self, index, tensor):
        self.library.mlc_session_set_input(self.pointer, ctypes.c_size_t(index), tensor.pointer)
        self.bound["in", index] = tensor

    def set_output(self, index, tensor):
        self.library.mlc_session_set_output(self.pointer, ctypes.c_size_t(index), tensor.pointer)
        self.bound["out", index] = tensor

    def run(self):
        self.library.mlc_session_run(self.pointer)

    def enqueue(self, stream):
        self.library.mlc_session_enqueue(self.pointer, stream.pointer)

    def wait(self):
        self.library.mlc_session_wait(self.pointer)

    def output(self, index):
        out = P()
        self.library.mlc_session_get_output(self.pointer, ctypes.c_size_t(index), ctypes.byref(out))
        return Tensor(self.library, out.value)

    def memory(self):
        memory = SessionMemory(struct_size=ctypes.sizeof(SessionMemory))
        self.library.mlc_session_memory(self.pointer, ctypes.byref(memory))
        return memory
