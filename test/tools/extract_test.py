# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-inspect --extract: an ELF file that nm, readelf and objdump read, with the kernels at the plan's offsets."""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from tooltest import ToolTest


def text(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stdout


class Extract(ToolTest):
    def test_elf_has_the_kernels(self):
        self.compile(self.model("resnet"), "--arch", "x86-64-v2,x86-64-v3")
        said = self.tool("mlc-inspect", self.path("model.plan"), "--extract", self.path("code")).stdout
        for target in self.inspect_json()["targets"]:
            elf, image = (pathlib.Path(self.path(f"code/{target['arch']}.{end}")) for end in ("elf", "bin"))
            self.assertIn(str(elf), said)
            symbols = {name: (int(at, 16), int(size, 16)) for at, size, kind, name in (line.split() for line in text("nm", "-S", str(elf)).splitlines()) if kind == "T"}
            self.assertEqual({name: size for name, (at, size) in symbols.items()}, {k["name"]: k["code_bytes"] for k in target["kernels"]})
            # The section's bytes are the image.
            section = self.path("section")
            text("objcopy", "-O", "binary", "-j", ".text", str(elf), section)
            self.assertEqual(pathlib.Path(section).read_bytes(), image.read_bytes())
            code = text("objdump", "-d", "--no-show-raw-insn", str(elf))
            for name, (at, size) in symbols.items():
                body = re.search(rf"^0*{at:x} <{re.escape(name)}>:\n((?:.+\n)+)", code, re.M)
                self.assertIsNotNone(body, name)
                self.assertIn("ret", body[1])
            self.assertEqual("ymm" in code, target["arch"] == "x86-64-v3")
            header = text("readelf", "-hlS", str(elf))
            self.assertNotIn("arning", header)
            self.assertIn("R E", header)


if __name__ == "__main__":
    missing = [program for program in ("nm", "objdump", "objcopy", "readelf") if not shutil.which(program)]
    if missing:
        print("skipped: there is no", ", ".join(missing))
        sys.exit(77)
    unittest.main()
