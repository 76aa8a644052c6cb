# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-inspect --html: the page's numbers, recomputed by hand, and the page itself in a headless browser where one is installed."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from tooltest import ToolTest

BROWSER = os.environ.get("MLC_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Html(ToolTest):
    def page(self, *words, profile=True):
        """Compiles, profiles on two threads, and gives the page and the profile."""
        self.compile(self.model("resnet"), "--arch", "x86-64-v2,x86-64-v3", "--dims", "n=1:2:4")
        self.tool("mlc-run", self.path("model.plan"), "--dims", "n=3", "--threads", 2, "--iterations", 5, "--profile", "--json", self.path("profile.json"))
        if profile:
            words = ("--profile", self.path("profile.json"), *words)
        self.tool("mlc-inspect", self.path("model.plan"), "--html", self.path("page.html"), *words)
        return pathlib.Path(self.path("page.html")).read_text(), json.loads(pathlib.Path(self.path("profile.json")).read_text())

    def data(self, page):
        return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])

    def test_roofline_by_hand(self):
        page, profile = self.page("--peak", "50e9:20e9")
        target = next(t for t in self.data(page)["targets"] if t["arch"] == profile["target"])
        by_id = {launch["id"]: launch for launch in target["launches"]}
        self.assertEqual(sorted(by_id), list(range(len(profile["profile"]))))
        stem = max((e for e in profile["profile"] if any(n.startswith("stem/") for n in e["nodes"])), key=lambda e: e["flops"])
        # 3 images of 16 x 16 x 16 outputs, each 7 * 7 * 3 multiply-adds.
        self.assertGreaterEqual(stem["flops"], 2 * 3 * 16 * 16 * 16 * 7 * 7 * 3)
        classifier = next(e for e in profile["profile"] if "fc" in e["nodes"])
        pool = next(e for e in profile["profile"] if "pool" in e["nodes"])
        for entry in (stem, classifier, pool):
            launch = by_id[entry["id"]]
            seconds = entry["total_ns"] / entry["count"] * 1e-9
            self.assertAlmostEqual(launch["time_us"], seconds * 1e6, delta=1e-9 * seconds * 1e6)
            for key, wanted in [("flops_per_s", entry["flops"] / seconds), ("bytes_per_s", entry["bytes"] / seconds), ("mfu", entry["flops"] / seconds / 50e9),
                                ("mbu", entry["bytes"] / seconds / 20e9), ("intensity", entry["flops"] / entry["bytes"])]:
                self.assertAlmostEqual(launch[key], wanted, delta=1e-9 * abs(wanted), msg=key)
        seconds = sum(e["total_ns"] for e in profile["profile"]) / profile["runs"] * 1e-9
        flops = sum(e["flops"] * e["count"] for e in profile["profile"]) / profile["runs"]
        self.assertAlmostEqual(target["total"]["mfu"], flops / seconds / 50e9, delta=1e-9)

    def test_peaks(self):
        page, profile = self.page()
        target = next(t for t in self.data(page)["targets"] if t["arch"] == profile["target"])
        table = json.loads((pathlib.Path(__file__).parents[2] / "tools/common/peaks.json").read_text())["peaks"]
        row = next(r for r in table if r["arch"] == profile["target"])
        self.assertEqual(target["peak"]["flops_per_s"], 2 * row["flops_per_s"], "one core's peak times the profile's threads")
        self.assertTrue(all(r["source"] for r in table))
        wrong = self.tool("mlc-inspect", self.path("model.plan"), "--html", self.path("p.html"), "--peak", "abacus", code=2).stderr
        self.assertIn("x86-64-v3-core", wrong)

    def test_memory_map_is_a_packing(self):
        for target in self.data(self.page(profile=False)[0])["targets"]:
            self.assertNotIn("time_us", target["total"])
            temps = [b for b in target["buffers"] if b["kind"] == "Temp"]
            self.assertEqual(max(b["offset"] + b["bytes"] for b in temps), target["planned_peak_bytes"])
            for i, a in enumerate(temps):
                for b in temps[:i]:
                    apart_in_time = a["last"] < b["first"] or b["last"] < a["first"]
                    apart_in_memory = a["offset"] + a["bytes"] <= b["offset"] or b["offset"] + b["bytes"] <= a["offset"]
                    self.assertTrue(apart_in_time or apart_in_memory)
            known = {b["id"]: b for b in target["buffers"]}
            for launch in target["launches"]:
                for buffer in launch["reads"] + launch["writes"]:
                    self.assertLessEqual(known[buffer]["first"], launch["step"])
                    self.assertGreaterEqual(known[buffer]["last"], launch["step"])

    def test_refuses_what_is_no_profile(self):
        self.page()
        page = ("--html", self.path("p.html"), "--profile")
        self.assertIn("this is not JSON", self.tool("mlc-inspect", self.path("model.plan"), *page, __file__, code=2).stderr)
        pathlib.Path(self.path("plain.json")).write_text('{"runs": 3}')
        self.assertIn("--profile --json FILE", self.tool("mlc-inspect", self.path("model.plan"), *page, self.path("plain.json"), code=2).stderr)
        self.compile(self.model("mlp"), "--arch", "x86-64-v2,x86-64-v3", plan="other.plan")
        self.assertIn("of another plan", self.tool("mlc-inspect", self.path("other.plan"), *page, self.path("profile.json"), code=2).stderr)
        self.assertFalse(os.path.exists(self.path("p.html")))

    def test_needs_no_network(self):
        page, _ = self.page()
        self.assertNotRegex(page.split('id="data"')[0] + page.split("</script>", 1)[1], r'(src|href)\s*=|@import|url\(|fetch\(')

    @unittest.skipUnless(BROWSER, "no chromium is installed (Debian package chromium)")
    def test_renders_in_a_browser(self):
        page, profile = self.page()
        done = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=" + self.path("browser"), "--enable-logging=stderr",
                               "--virtual-time-budget=5000", "--dump-dom", "file://" + self.path("page.html")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        self.assertEqual(console, [])
        self.assertIn('data-rendered="yes"', done.stdout)
        launches = len(profile["profile"])
        self.assertEqual(len(re.findall(r'class="launch"', done.stdout)), launches)
        self.assertEqual(len(re.findall(r"<tr data-id=", done.stdout)), launches)
        self.assertGreater(len(re.findall(r'class="dot"', done.stdout)), 3)
        self.assertGreater(len(re.findall(r'class="buffer"', done.stdout)), 3)
        self.assertNotIn("NaN", done.stdout)
        self.assertNotIn("undefined", done.stdout.split('id="data"')[0])


if __name__ == "__main__":
    unittest.main()
