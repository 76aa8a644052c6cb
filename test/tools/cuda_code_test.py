# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""CUDA code as files: mlc-compile --emit and mlc-inspect --extract. The container is read here by its own rules, by `cuobjdump` and against `fatbinary` where the machine has them."""
import glob
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import models
from tooltest import BIN, ToolTest

ARCHS = ["sm_80", "sm_90a"]


def program(name):
    """A program of the CUDA toolkit, or None."""
    places = [os.path.join(os.environ.get("CUDA_HOME", "/usr/local/cuda"), "bin", name), *glob.glob(os.path.join(sys.prefix, "lib/python3*/site-packages/nvidia/*/bin", name))]
    return next((p for p in places if os.access(p, os.X_OK)), shutil.which(name))


def entries(fatbin):
    """[(kind, capability, flags, bytes)] of a container: 1 is PTX, 2 a cubin."""
    magic, version, head, size = struct.unpack_from("<IHHQ", fatbin)
    assert (magic, version, head, size) == (0xba55ed50, 1, 16, len(fatbin) - 16)
    at, out = 16, []
    while at < len(fatbin):
        kind, version, head, size, compressed, _, _, _, capability, _, _, flags, _, _ = struct.unpack_from("<HHIQIIHHIIIQQQ", fatbin, at)
        assert version == 0x101 and compressed == 0 and size % 8 == 0
        out.append((kind, capability, flags, fatbin[at + head:at + head + size]))
        at += head + size
    return out


class CudaCode(ToolTest):
    def emit(self, kind, name, *words, code=0):
        return self.tool("mlc-compile", self.model("encoder"), "--emit", kind, "-o", self.path(name), *words, code=code)

    def read(self, name):
        return pathlib.Path(self.path(name)).read_bytes()

    def check_container(self, fatbin, folder):
        """The fatbin of a path holds the cubins and the PTX of a folder."""
        kinds = [(kind, capability, bool(flags & 0x100000)) for kind, capability, flags, _ in entries(pathlib.Path(fatbin).read_bytes())]
        self.assertEqual(kinds, [(2, 80, False), (2, 90, True), (1, 80, False)])
        for (_, _, _, data), name in zip(entries(pathlib.Path(fatbin).read_bytes()), ("sm_80.cubin", "sm_90a.cubin", "compute_80.ptx")):
            alone = self.read(f"{folder}/{name}")
            self.assertEqual(data[:len(alone)], alone)
            self.assertEqual(data[len(alone):].strip(b"\0"), b"")
        if program("cuobjdump"):
            listed = subprocess.run([program("cuobjdump"), "-lelf", "-lptx", fatbin], capture_output=True, text=True, check=True).stdout
            self.assertEqual([line.split(".", 1)[1] for line in listed.splitlines()], ["1.sm_80.cubin", "2.sm_90a.cubin", "1.sm_80.ptx"])

    def test_extract_and_emit_agree(self):
        self.tool("mlc-compile", self.model("encoder"), "--arch", "sm_80,sm_90,x86-64-v3", "-o", self.path("model.plan"))
        said = self.tool("mlc-inspect", self.path("model.plan"), "--extract", self.path("code")).stdout
        self.assertEqual(sorted(os.listdir(self.path("code"))), ["compute_80.ptx", "cuda.fatbin", "sm_80.cubin", "sm_90a.cubin", "x86-64-v3.bin", "x86-64-v3.elf"])
        self.assertEqual(len(said.splitlines()), 6)
        self.check_container(self.path("code/cuda.fatbin"), "code")
        self.emit("fatbin", "all.fatbin", "--arch", "sm_80,sm_90")
        self.assertEqual(self.read("all.fatbin"), self.read("code/cuda.fatbin"))
        self.emit("cubin", "all.cubin", "--arch", "sm_80,sm_90")
        for arch in ARCHS:
            self.assertEqual(self.read(f"all.{arch}.cubin"), self.read(f"code/{arch}.cubin"))
        self.emit("ptx", "all", "--arch", "sm_80,sm_90")
        self.assertEqual(self.read("all.compute_80.ptx"), self.read("code/compute_80.ptx"))
        for arch in ARCHS:
            self.assertIn(f".target {arch}\n".encode(), self.read(f"all.{arch}.ptx"))
        self.emit("cubin", "one.cubin", "--arch", "sm_80")
        self.assertEqual(self.read("one.cubin"), self.read("code/sm_80.cubin"), "one file has the name of -o")

    def test_entries_are_those_of_fatbinary(self):
        if not program("fatbinary"):
            self.skipTest("there is no fatbinary")
        self.emit("fatbin", "ours.fatbin", "--arch", "sm_80,sm_90")
        self.emit("cubin", "part.cubin", "--arch", "sm_80,sm_90")
        self.emit("ptx", "part.ptx", "--arch", "sm_80,sm_90")
        subprocess.run([program("fatbinary"), "-64", "--compress-mode=none", f"--create={self.path('theirs.fatbin')}", f"--image3=kind=elf,sm=80,file={self.path('part.sm_80.cubin')}",
                        f"--image3=kind=elf,sm=90a,file={self.path('part.sm_90a.cubin')}", f"--image3=kind=ptx,sm=80,file={self.path('part.compute_80.ptx')}"], check=True)
        ours, theirs = entries(self.read("ours.fatbin")), entries(self.read("theirs.fatbin"))
        self.assertEqual(ours[:2], theirs[:2])
        # It takes the white space out of PTX.
        squeeze = lambda text: b"".join(text.rstrip(b"\0").split())
        self.assertEqual((ours[2][:3], squeeze(ours[2][3])), (theirs[2][:3], squeeze(theirs[2][3])))

    def test_kernels_have_sizes(self):
        self.tool("mlc-compile", self.model("encoder"), "--arch", "sm_80,sm_90", "-o", self.path("model.plan"))
        self.tool("mlc-inspect", self.path("model.plan"), "--extract", self.path("code"))
        for target in self.inspect_json()["targets"]:
            for kernel in target["kernels"]:
                self.assertGreater(kernel["code_bytes"], 100, kernel)
                self.assertGreaterEqual(kernel["threads"], 32)
            if target["arch"] != "compute_80":
                self.assertLess(sum(k["code_bytes"] for k in target["kernels"]), os.path.getsize(self.path(f"code/{target['arch']}.cubin")))
                self.assertTrue(all(8 <= k["registers"] <= 255 for k in target["kernels"]))
                self.assertTrue(all(k["local_bytes"] % 4 == 0 for k in target["kernels"]))
        if program("cuobjdump"):
            used = subprocess.run([program("cuobjdump"), "-res-usage", self.path("code/sm_80.cubin")], capture_output=True, text=True, check=True).stdout
            for kernel in self.inspect_json()["targets"][0]["kernels"]:
                figures = used.split(f"Function {kernel['name']}:")[1].split("Function")[0]
                self.assertIn(f"REG:{kernel['registers']} STACK:{kernel['local_bytes']} ", figures)

    def test_what_it_refuses(self):
        self.assertIn("--emit is for CUDA targets; x86-64-v3 has no ptx", self.emit("ptx", "x", "--arch", "sm_80,x86-64-v3", code=2).stderr)
        self.emit("sass", "x", "--arch", "sm_80", code=2)
        self.emit("ptx", "x", "--arch", "sm_80", "--verify", code=2)
        self.emit("fatbin", "missing/x.fatbin", "--arch", "sm_80", code=3)
        self.assertEqual([n for n in os.listdir(self.dir) if not n.endswith(".onnx")], [])


def run_where_cuda_compiles():
    """All tests of the caller's file, or exit code 77 (skipped) where no CUDA toolchain is found."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "mlp.onnx")
        pathlib.Path(path).write_bytes(models.mlp().SerializeToString())
        tried = subprocess.run([os.path.join(BIN, "mlc-compile"), path, "--arch", "sm_80", "-o", path + ".plan"], capture_output=True, text=True)
    if "compiling for CUDA needs" in tried.stderr:
        print("skipped:", tried.stderr.strip())
        sys.exit(77)
    unittest.main()


if __name__ == "__main__":
    run_where_cuda_compiles()
