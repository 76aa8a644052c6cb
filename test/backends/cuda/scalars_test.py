# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Holes of CUDA templates, printed as C++ (emit/CppPrinter), compiled by the host's compiler with kernels/scalar.h, give what the reference lowering gives: every pointwise op in every type that it
takes, element by element and vector by vector.

scalars_test.py PRINT_SCALARS CLANG"""
import ctypes
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

N = 256
FLOATS, SIGNED, UNSIGNED = ["f64", "f32", "f16", "bf16"], ["i8", "i16", "i32", "i64"], ["ui8", "ui16", "ui32", "ui64"]
INTS = SIGNED + UNSIGNED
ALL = FLOATS + INTS + ["i1"]
NUMPY = {"f64": np.float64, "f32": np.float32, "f16": np.float16, "bf16": np.float32, "i1": np.bool_, **{t: np.dtype(t.replace("ui", "uint").replace("i", "int") if t[0] == "i" else t.replace("ui", "uint")) for t in INTS}}
BINARY = {"add", "sub", "mul", "div", "pow", "minimum", "maximum", "prelu", "and", "or", "xor", "bitwise_and", "bitwise_or", "bitwise_xor"}
COMPARE = {"equal", "less", "less_or_equal", "greater", "greater_or_equal"}
ATTRIBUTES = {  # of ops that need them, or do different things with them
    "bit_shift": ['direction = "LEFT"', 'direction = "RIGHT"'], "gelu": ["", 'approximate = "tanh"'], "is_inf": ["", "detect_negative = 0 : i64", "detect_positive = 0 : i64"],
    "elu": ["", "alpha = 0.5 : f32"], "celu": ["alpha = 0.7 : f32"], "swish": ["alpha = 1.5 : f32"], "shrink": ["bias = 0.25 : f32, lambd = 0.5 : f32"], "mod": ["", "fmod = 1 : i64"]}
# Ops and the types that the op's verifier lets through but no formula is meant for (ONNX has none of them).
NOT_MEANT = {"sign": ["i1"], "abs": ["i1"], "neg": ["i1", *UNSIGNED], "relu": ["i1", *UNSIGNED], "shrink": [*INTS, "i1"], "prelu": ["i1"], "maximum": ["i1"], "minimum": ["i1"], "mod": ["i1"], "bit_shift": ["i1"], **{op: ["i1"] for op in BINARY - {"and", "or", "xor"}}, **{op: ["i1"] for op in COMPARE - {"equal"}}, "bitwise_not": ["i1"], "reciprocal": []}
LIMITS = {"gelu", "swish", "mish"}
EXACT = {"abs", "neg", "ceil", "floor", "round", "sign", "minimum", "maximum", "relu", "where", "expand", "cast", "equal", "sub", "add", "mul", "div", "is_nan", "is_inf"}


def cases():
    """(op, operand types, result type, attributes) of everything to try."""
    listed = subprocess.run([sys.argv[1], "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    for op in listed:
        if op == "cast":
            yield from ((op, (a,), b, "to = " + b) for a, b in itertools.product(ALL, ALL))
        elif op == "where":
            yield from ((op, ("i1", t, t), t, "") for t in ALL)
        elif op == "expand":
            yield from ((op, (t,), t, f"dims = #graph.dims<[{N}]>") for t in ALL)
        elif op == "quantize_linear":
            yield from ((op, (f, f, i), i, "") for f, i in itertools.product(FLOATS[1:], ["i8", "ui8", "i16", "ui16"]))
        elif op == "dequantize_linear":
            yield from ((op, (i, f, i), f, "") for f, i in itertools.product(FLOATS[1:], ["i8", "ui8", "i16", "ui16", "i32"]))
        else:
            arity = 2 if op in BINARY | COMPARE | {"mod", "bit_shift"} else 1
            for t, attributes in itertools.product(ALL, ATTRIBUTES.get(op, [""])):
                if t in NOT_MEANT.get(op, []) or (op == "mod" and t in FLOATS and not attributes):
                    continue
                result = "i1" if op in COMPARE | {"is_nan", "is_inf"} else t
                yield op, (t,) * arity, result, attributes


def tensor(t):
    return f"tensor<{N}x{t}>"


def operation(op, operands, result, attributes, names):
    return f"graph.{op} {', '.join(names)}{' {' + attributes + '}' if attributes else ''} : ({', '.join(map(tensor, operands))}) -> {tensor(result)}"


def function(name, case):
    op, operands, result, attributes = case
    args = [f"%a{i}" for i in range(len(operands))]
    inner = [f"%b{i}" for i in range(len(operands))]
    typed = lambda names: ", ".join(f"{n}: {tensor(t)}" for n, t in zip(names, operands))
    return f"""func.func @{name}({typed(args)}) -> {tensor(result)} {{
  %r = graph.region "pointwise" ({', '.join(args)}) : ({', '.join(map(tensor, operands))}) -> {tensor(result)} {{
  ^bb0({typed(inner)}):
    %0 = {operation(op, operands, result, attributes, inner)}
    graph.yield %0 : {tensor(result)}
  }}
  return %r : {tensor(result)}
}}
"""


def values(rng, t, place):
    """Operand `place` of type t: small numbers, the ends of the range, zeros of both signs, infinities and NaN. Divisors have no zero where it is a fault."""
    if t == "i1":
        return rng.random(N) < 0.5
    if t in INTS:
        info = np.iinfo(NUMPY[t])
        x = rng.integers(max(info.min, -100), min(info.max, 100), N, dtype=np.int64).astype(NUMPY[t])
        x[:4] = [info.min, info.max, 0, 1]
        x[4:8] = [info.max, info.min, 1, 0] if place else x[4:8]
        return x
    x = (rng.standard_normal(N) * np.where(np.arange(N) % 3 == 0, 20, 1)).astype(np.float32)
    x[:8] = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -1.5, 3.5]
    if place == 0:
        x[8:11] = [np.inf, -np.inf, np.nan]
    if t == "bf16":
        x = (x.view(np.uint32) & 0xffff0000).view(np.float32)
    return x.astype(NUMPY[t])


def stored(x, t):
    """As memory has it."""
    if t == "bf16":
        return (x.view(np.uint32) >> 16).astype(np.uint16)
    return x.astype(np.uint8) if t == "i1" else x


def loaded(buffer, t):
    if t == "bf16":
        return (buffer.astype(np.uint32) << 16).view(np.float32)
    return buffer.view(NUMPY[t]) if t != "i1" else buffer != 0


def buffer_of(t):
    return np.zeros(N, np.uint16 if t == "bf16" else np.uint8 if t == "i1" else NUMPY[t])


def operand(data, case, i):
    """What case's operand i is: the cases share inputs, but for conversions to integers, which stay in range, and divisors."""
    op, operands, result, _ = case
    x = data[operands[i], i]
    if op == "cast" and operands[0] in FLOATS and result in INTS:
        low, high = (0 if result in UNSIGNED else -100), 100
        x = np.clip(np.nan_to_num(x.astype(np.float64), nan=0, posinf=1, neginf=0), low, high).astype(x.dtype)
    if (op in ("quantize_linear", "dequantize_linear") and i == 0 and operands[0] in FLOATS) or op == "quantize_linear" and i == 1:
        x = np.nan_to_num(np.abs(x) + 0.5 if i else x, nan=0, posinf=1, neginf=0).astype(x.dtype)
        x = (x.view(np.uint32) & 0xffff0000).view(np.float32) if operands[i] == "bf16" else x
    if op == "pow" and operands[0] in INTS:
        x = np.clip(x, 0, 5).astype(x.dtype)
    return x


def references(cases, data, folder):
    """What -O0 gives for each case."""
    given, args, body, results, types, inputs = {}, [], [], [], [], {}
    for n, case in enumerate(cases):
        names = []
        for i, t in enumerate(case[1]):
            x = operand(data, case, i)
            key = (t, x.tobytes())
            if key not in given:
                name = f"x{len(args)}"
                held = "f32" if t == "bf16" else t
                given[key] = "%" + name
                args.append(f'%{name}: {tensor(held)} {{graph.name = "{name}"}}')
                inputs[name] = x
                if t == "bf16":
                    body.append(f"  %n{name} = graph.cast %{name} {{to = bf16}} : ({tensor(held)}) -> {tensor(t)}")
                    given[key] = "%n" + name
            names.append(given[key])
        body.append(f"  %y{n} = {operation(*case, names)}")
        final = f"%y{n}"
        if case[2] == "bf16":
            body.append(f"  %w{n} = graph.cast %y{n} {{to = f32}} : ({tensor('bf16')}) -> {tensor('f32')}")
            final = f"%w{n}"
        results.append(final)
        types.append("f32" if case[2] == "bf16" else case[2])
    text = f"func.func @main({', '.join(args)}) -> ({', '.join(tensor(t) + f' {{graph.name = %s}}' % (chr(34) + f'y{n}' + chr(34)) for n, t in enumerate(types))}) {{\n" + "\n".join(body)
    text += f"\n  return {', '.join(results)} : {', '.join(map(tensor, types))}\n}}\n"
    (folder / "main.mlir").write_text(text)
    np.savez(folder / "in.npz", **inputs)
    tool = lambda name, *words: subprocess.run([os.path.join(os.environ["MLC_BIN"], name), *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    tool("mlc-compile", folder / "main.mlir", "-O", 0, "--arch", "x86-64-v3", "-o", folder / "main.plan", "--quiet")
    tool("mlc-run", folder / "main.plan", "--inputs", folder / "in.npz", "--save-outputs", folder / "out.npz", "--iterations", 1)
    out = np.load(folder / "out.npz")
    return [out[f"y{n}"] for n in range(len(cases))]


def difference(ours, wanted, case):
    """Why they differ, or None. Types of 16 bits may differ by a rounding; math functions by what two good libraries do."""
    op, _, result, _ = case
    if result not in FLOATS:
        bad = ours != wanted
    else:
        ours, wanted = ours.astype(np.float64), wanted.astype(np.float64)
        relative = {"f64": 1e-13, "f32": 2e-6, "f16": 1e-3, "bf16": 8e-3}[result]
        if op in EXACT and result in ("f64", "f32", "f16"):
            relative = 0 if op != "div" else relative
        if op in LIMITS:
            wanted = np.where(np.isinf(wanted), ours, wanted)  # -inf times what rounds to 0, or does not
        smallest = 2e-6 if op == "gelu" else {"f16": 6e-8, "bf16": 1e-38}.get(result, 1e-7 if result == "f32" else 1e-15)
        with np.errstate(invalid="ignore"):
            bad = ~((ours == wanted) | (np.isnan(ours) & np.isnan(wanted)) | (np.abs(ours - wanted) <= relative * np.abs(wanted) + (0 if op in EXACT else smallest)))
    if not bad.any():
        return None
    i = int(np.flatnonzero(bad)[0])
    return f"{bad.sum()} of {N} differ, first at {i}: {ours[i]!r} instead of {wanted[i]!r}"


def main():
    tried = list(cases())
    rng = np.random.default_rng(7)
    data = {(t, i): values(rng, t, i) for t in ALL for i in range(3)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "cases.mlir").write_text("// -----\n".join(function(f"f{n}", case) for n, case in enumerate(tried)))
        printed = subprocess.run([sys.argv[1], folder / "cases.mlir"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
        refused = dict(reversed(line.split()) for line in printed.stderr.splitlines())
        unprinted = [case for n, case in enumerate(tried) if refused.get(f"f{n}") == "unprinted"]
        (folder / "cases.cpp").write_text(printed.stdout)
        subprocess.run([sys.argv[2], "-xc++", "-std=c++17", "-O1", "-ffp-contract=off", "-fno-strict-aliasing", "-mf16c", "-w", "-shared", "-fPIC", folder / "cases.cpp", "-lm", "-o", folder / "cases.so"], check=True)
        library = ctypes.CDLL(str(folder / "cases.so"))
        good = [(n, case) for n, case in enumerate(tried) if f"f{n}" not in refused]
        failures = [f"{case}: no C++ spelling" for case in unprinted]
        for (n, case), wanted in zip(good, references([case for _, case in good], data, folder)):
            held = [np.ascontiguousarray(stored(operand(data, case, i), t)) for i, t in enumerate(case[1])]
            for suffix in ("", "_vector"):
                buffers = [np.frombuffer(bytearray(x.tobytes()), x.dtype) for x in held] + [buffer_of(case[2])]
                pointers = (ctypes.c_void_p * len(buffers))(*(b.ctypes.data for b in buffers))
                getattr(library, f"f{n}{suffix}")(pointers, ctypes.c_int64(N))
                why = difference(loaded(buffers[-1], case[2]), wanted, case)
                if why:
                    failures.append(f"{case}{suffix}: {why}")
    for failure in failures:
        print(failure)
    ops = {case[0] for _, case in good}
    print(f"{len(good)} cases of {len(ops)} ops, {len(failures)} failures; {len(refused) - len(unprinted)} combinations that the ops refuse")
    missing = {case[0] for case in tried} - ops
    if missing:
        print("no case of", *missing)
    return 1 if failures or missing else 0


if __name__ == "__main__":
    sys.exit(main())
