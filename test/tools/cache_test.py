# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The kernel cache and the plan's bytes: the same with a cold, warm, damaged, unwritable or no cache, in other folders, with other thread counts."""
import os
import pathlib
import re
import shutil
import unittest

from tooltest import ToolTest


class Cache(ToolTest):
    def plan(self, model, *words, cache="cache", name="p.plan"):
        """The plan's bytes and the cache's (hits, misses), None without a cache."""
        done = self.compile(model, *words, plan=name, env={"MLC_CACHE_DIR": cache and self.path(cache), "MLC_LOG": "info"})
        counts = re.search(r"kernel cache .*: (\d+) hits, (\d+) misses", done.stderr)
        return pathlib.Path(self.path(name)).read_bytes(), counts and tuple(map(int, counts.groups()))

    def test_bytes_depend_on_nothing_but_the_model(self):
        for name in ("mlp", "resnet"):
            model = self.model(name)
            words = ("--arch", "x86-64-v2,x86-64-v3")
            cold, counts = self.plan(model, *words, cache=name)
            self.assertEqual(counts[0], 0)
            self.assertGreater(counts[1], 2)
            warm, warm_counts = self.plan(model, *words, cache=name)
            self.assertEqual(warm_counts, (counts[1], 0))
            none, no_counts = self.plan(model, *words, cache="")
            self.assertIsNone(no_counts)
            off, off_counts = self.plan(model, *words, "--no-cache", cache=name)
            self.assertIsNone(off_counts)
            os.makedirs(self.path("elsewhere/deep"), exist_ok=True)
            moved = shutil.copy(model, self.path("elsewhere/deep"))
            there, _ = self.plan(moved, *words, "--threads", 1, cache="other-" + name, name="elsewhere/other.plan")
            threads, _ = self.plan(model, *words, "--threads", 7, cache="")
            for other in (warm, none, off, there, threads):
                self.assertEqual(cold, other)

    def test_models_share_kernels(self):
        self.plan(self.model("mlp"), "--arch", "x86-64-v3")
        _, counts = self.plan(self.model("mlp_and_back"), "--arch", "x86-64-v3")
        self.assertGreater(counts[0], 0)

    def test_flags_are_part_of_the_key(self):
        model = self.model("mlp")
        self.plan(model, "--arch", "x86-64-v2")
        for words in (("--arch", "x86-64-v3"), ("--arch", "x86-64-v2", "-O", "0")):
            self.assertEqual(self.plan(model, *words)[1][0], 0)

    def test_use_keeps_an_entry_young(self):
        self.plan(self.model("mlp"))
        entries = [e for e in pathlib.Path(self.path("cache")).glob("llvmcache-*")]
        for entry in entries:
            os.utime(entry, (1e9, 1e9))
        self.assertEqual(self.plan(self.model("mlp"))[1][1], 0)
        self.assertGreater(min(e.stat().st_atime for e in entries), 1.5e9)

    def test_the_oldest_entries_go_first(self):
        """2 GiB are the limit: sparse files stand for other models' objects."""
        self.plan(self.model("mlp"))
        cache = pathlib.Path(self.path("cache"))
        for name, age in (("llvmcache-old", 1e9), ("llvmcache-older", 0.9e9)):
            with open(cache / name, "wb") as f:
                f.truncate(3 << 29)
                f.seek(0)
            os.utime(cache / name, (age, age))
        for stamp in cache.glob("llvmcache.timestamp"):
            stamp.unlink()  # pruning looks every 20 minutes
        self.plan(self.model("mlp"))
        self.assertFalse((cache / "llvmcache-older").exists())
        self.assertEqual(self.plan(self.model("mlp"))[1][1], 0, "what was used just now stays")

    def test_damaged_entries_are_compiled_again(self):
        model = self.model("mlp")
        good, counts = self.plan(model)
        entries = sorted(pathlib.Path(self.path("cache")).glob("llvmcache-*"))
        entries = [e for e in entries if e.name != "llvmcache.timestamp"]
        damages = [lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:], lambda b: b[: len(b) // 2], lambda b: b""]
        for damage in damages:
            for entry in entries:
                entry.write_bytes(damage(entry.read_bytes()))
            again, after = self.plan(model)
            self.assertEqual((again, after), (good, counts))
            self.assertEqual(self.plan(model), (good, (counts[1], 0)), "the entries are sound again")

    def test_a_cache_that_cannot_be_written_is_a_warning(self):
        good, _ = self.plan(self.model("mlp"), cache="")
        pathlib.Path(self.path("file")).write_text("in the way")
        done = self.compile(self.model("mlp"), plan="p.plan", env={"MLC_CACHE_DIR": self.path("file/cache")})
        self.assertIn("warning: kernels are not kept in the cache", done.stderr)
        self.assertEqual(pathlib.Path(self.path("p.plan")).read_bytes(), good)

    def test_default_places(self):
        model = self.model("mlp")
        env = {k: v for k, v in os.environ.items() if k != "MLC_CACHE_DIR"}
        kept = dict(os.environ)
        os.environ.clear()
        os.environ.update(env)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(kept)))
        self.compile(model, env={"XDG_CACHE_HOME": self.path("xdg")})
        self.assertTrue(list(pathlib.Path(self.path("xdg/mlc")).glob("llvmcache-*")))
        os.environ.pop("XDG_CACHE_HOME", None)
        self.compile(model, env={"HOME": self.path("home")})
        self.assertTrue(list(pathlib.Path(self.path("home/.cache/mlc")).glob("llvmcache-*")))


if __name__ == "__main__":
    unittest.main()
