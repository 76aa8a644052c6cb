# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""mlc-tune: candidates, measuring, winners, the check of the whole model, databases; and what mlc-compile makes of them. An mlc-run that tells times by configuration stands in for a GPU."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cuda_code_test import program
from tooltest import BIN, ToolTest

BUILT_IN = pathlib.Path(__file__).parents[2] / "backends/cuda/choose/tuned/sm_90a.tsv"
OPTIONS = ("--arch", "sm_90", "--fp16", "--io", "fp16")
QUICK = ("--repeats", 2, "--rounds", 2)

# Compiles, and remembers what was chosen for which plan.
COMPILER = """#!{python}
import json, os, shutil, subprocess, sys
words = sys.argv[1:]
code = subprocess.run([{real!r}] + words).returncode
if code == 0:
    shutil.copy(words[words.index("--json") + 1], os.path.join({notes!r}, os.path.basename(words[words.index("-o") + 1]) + ".json"))
sys.exit(code)
"""
# Times are those of MLC_TEST_TIMES: us by configuration, of one plan other ones in us_of, p50 by plan, fail: exit codes by plan.
RUNNER = """#!{python}
import json, os, sys
rules, plan = json.loads(os.environ["MLC_TEST_TIMES"]), os.path.basename(sys.argv[1])
assert os.path.getsize(sys.argv[1]) > 0 and sys.argv[sys.argv.index("--device") + 1] == "cuda:0"
name = plan.split(".")[0]
if name in rules.get("fail", {{}}):
    sys.stderr.write("mlc-run: error: the kernel faulted\\n")
    sys.exit(rules["fail"][name])
choices = json.load(open(os.path.join({notes!r}, plan + ".json")))["targets"][0]["choices"]
us = {{**rules["us"], **rules.get("us_of", {{}}).get(name, {{}})}}
profile = [{{"kernel": c["kernel"], "count": 25, "total_ns": 25e3 * us.get(c["config"], 10.0)}} for c in choices] + [{{"kernel": "other", "count": 25, "total_ns": 1e9}}]
print(json.dumps({{"p50_ms": rules.get("p50", {{}}).get(name, 1.0), "product": "Test GPU", "profile": profile}}))
"""


class Tune(ToolTest):
    def setUp(self):
        super().setUp()
        self.bin, notes = self.dir / "bin", self.path("notes")
        self.bin.mkdir()
        os.mkdir(notes)
        for name, text in (("mlc-compile", COMPILER), ("mlc-run", RUNNER)):
            (self.bin / name).write_text(text.format(python=sys.executable, real=os.path.join(BIN, name), notes=notes))
            (self.bin / name).chmod(0o755)
        os.symlink(os.path.join(BIN, "mlc-refit"), self.bin / "mlc-refit")

    def tune(self, *words, code=0, times=None, env=None):
        done = subprocess.run([sys.executable, os.path.join(BIN, "mlc-tune"), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=240,
                              env={**os.environ, "MLC_TEST_TIMES": json.dumps(times or {"us": {}}), **(env or {})})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def product(self, m=49, n=1152, k=192):
        """A model of one product, which the built-in database knows."""
        weight = np.random.default_rng(0).standard_normal((k, n)).astype(np.float32)
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [m, k])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [m, n])], [numpy_helper.from_array(weight, "w")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), self.path("product.onnx"))
        return self.path("product.onnx")

    def choice(self, model, *words):
        """(problem, configuration) of the first kernel that has one."""
        choice = self.compile_json(model, *OPTIONS, "--no-forward", *words)["targets"][0]["choices"][0]
        return choice["problem"], choice["config"]

    def lines(self, name):
        return [line.split("\t") for line in pathlib.Path(self.path(name)).read_text().splitlines() if not line.startswith("#")]

    # ---- databases and mlc-compile ----

    def test_the_built_in_database_decides_until_a_file_does(self):
        model = self.product()
        known = {fields[1]: fields[2] for fields in (line.split("\t") for line in BUILT_IN.read_text().splitlines()) if len(fields) > 3}
        problem, config = self.choice(model)
        self.assertEqual(config, known[problem])
        own = self.choice(model, "--tuning", "none")[1]
        self.assertNotEqual(own, config)
        second = self.choice(model, "--tuning", "none", "--tuning-candidate", 1)[1]
        mine = self.path("mine.tsv")
        pathlib.Path(mine).write_text(f"sm_90a\t{problem}\t{second}\t1e9\n")
        self.assertEqual(self.choice(model, "--tuning", mine)[1], second)
        pathlib.Path(mine).write_text(f"sm_90a\t{problem}\t1x1x1,warps=1x1x1,stages=1,split=1\t1\n")
        self.assertEqual(self.choice(model, "--tuning", mine)[1], config)
        self.assertEqual(self.choice(model, "--tuning", mine, "--tuning", "none")[1], own)
        self.assertEqual(self.choice(model, "--tuning", mine, "--tuning", "none", "--tuning-candidate", 1)[1], second)

    def test_a_plan_depends_on_what_is_in_a_database_not_where_it_lies(self):
        model = self.product()
        line = f"sm_90a\t{self.choice(model)[0]}\t{self.choice(model, '--tuning', 'none')[1]}\t1\n"
        for name in ("a.tsv", "b.tsv"):
            (self.dir / name).write_text(line)
            self.compile(model, *OPTIONS, "--no-forward", "--tuning", self.path(name), plan=name + ".plan")
        self.assertEqual((self.dir / "a.tsv.plan").read_bytes(), (self.dir / "b.tsv.plan").read_bytes())

    def test_bad_databases_are_usage_errors(self):
        bad = self.path("bad.tsv")
        pathlib.Path(bad).write_text("# fine\nsm_90a p c 3\n")
        self.assertIn("bad.tsv:2: a line of a tuning database is", self.compile(self.product(), *OPTIONS, "--tuning", bad, code=2).stderr)
        self.assertIn("bad.tsv:2: a line of a tuning database is", self.tune("merge", bad, "-o", self.path("o.tsv"), code=2).stderr)
        self.assertIn("cannot read", self.compile(self.product(), *OPTIONS, "--tuning", self.path("none.tsv"), code=2).stderr)
        self.assertIn("cannot read", self.tune("merge", self.path("none.tsv"), "-o", self.path("o.tsv"), code=2).stderr)
        self.assertFalse(os.path.exists(self.path("o.tsv")))

    def test_merge_keeps_the_faster_line(self):
        (self.dir / "a.tsv").write_text("sm_90a\tp\tslow\t3.5\nsm_90a\tq\tq\t1\tsomewhere\n")
        (self.dir / "b.tsv").write_text("# a remark\nsm_90a\tp\tfast\t2.5\nsm_80\tp\tother\t9\n")
        self.tune("merge", self.path("a.tsv"), self.path("b.tsv"), "-o", self.path("c.tsv"))
        self.assertEqual(self.lines("c.tsv"), [["sm_80", "p", "other", "9.00"], ["sm_90a", "p", "fast", "2.50"], ["sm_90a", "q", "q", "1.00", "somewhere"]])

    # ---- on two machines ----

    def prepared(self, *words, folder="d"):
        return self.tune("prepare", self.product(), *OPTIONS, "--out", self.path(folder), "--candidates", "0,1,2", "--bin", self.bin, *words)

    def measured(self, times, folder="d", code=0):
        return self.tune("measure", self.path(folder), "--weights", self.product(), "--bin", self.bin, *QUICK, times=times, code=code)

    def configs(self):
        """The configuration of each candidate of folder d."""
        manifest = json.loads((self.dir / "d/manifest.json").read_text())
        return {c["name"]: c["choices"][0]["config"] for c in manifest["candidates"]}

    def test_the_fastest_candidate_wins_beyond_the_noise(self):
        self.prepared()
        configs = self.configs()
        self.assertEqual(sorted(configs), ["0", "1", "2", "own"])
        self.measured({"us": {configs["1"]: 9.0, configs["2"]: 8.0}})
        text = self.tune("collect", self.path("d"), "-o", self.path("t.tsv")).stdout
        self.assertIn(f"{configs['2']} 8.00 us, not {configs['own']} 10.00 us (1.25 times)", text)
        problem = self.lines("t.tsv")[0][1]
        self.assertEqual(self.lines("t.tsv"), [["sm_90a", problem, configs["2"], "8.00", "Test GPU"]])
        self.assertEqual(self.choice(self.product(), "--tuning", self.path("t.tsv")), (problem, configs["2"]))
        self.measured({"us": {configs["1"]: 9.9, configs["2"]: 9.85}})
        self.assertIn("0 lines, since nothing is faster", self.tune("collect", self.path("d"), "-o", self.path("t.tsv")).stdout)
        self.assertEqual(self.lines("t.tsv"), [])
        self.tune("collect", self.path("d"), "-o", self.path("t.tsv"), "--noise", 1)
        self.assertEqual(len(self.lines("t.tsv")), 1)

    def test_folders_of_one_problem_decide_together(self):
        self.prepared()
        self.prepared(folder="e")
        configs = self.configs()
        self.measured({"us": {configs["1"]: 5.0, configs["2"]: 8.0}})
        self.measured({"us": {configs["1"]: 12.0, configs["2"]: 8.0}}, folder="e")
        self.tune("collect", self.path("d"), self.path("e"), "-o", self.path("t.tsv"))
        self.assertEqual([line[2:4] for line in self.lines("t.tsv")], [[configs["2"], "8.00"]])

    def test_a_candidate_that_fails_is_named(self):
        self.prepared()
        configs = self.configs()
        text = self.measured({"us": {configs["1"]: 9.0, configs["2"]: 8.0}, "fail": {"2": 3}}).stdout
        self.assertIn("candidate 2: FAILED, goes on without it: mlc-run, exit 3: mlc-run: error: the kernel faulted", text)
        self.tune("collect", self.path("d"), "-o", self.path("t.tsv"))
        self.assertEqual(self.lines("t.tsv")[0][2], configs["1"])
        self.assertIn("exit 3", self.measured({"us": {}, "fail": {"own": 3}}, code=3).stderr)

    def test_the_library_is_a_candidate_where_it_is_asked_for(self):
        self.prepared("--library=cublaslt")
        configs = self.configs()
        self.assertEqual(configs["1"], "cublaslt")
        self.assertNotIn("cublaslt", (configs["0"], configs["2"]))
        self.measured({"us": {"cublaslt": 8.0}})
        self.tune("collect", self.path("d"), "-o", self.path("t.tsv"))
        self.assertEqual(self.lines("t.tsv")[0][2], "cublaslt")

    def test_what_does_not_fit_is_named(self):
        text = self.prepared("--budget", "0.001").stdout
        self.assertIn("candidate 0: left out: no time left of --budget 0.001 for compiling it", text)
        self.assertEqual(list(self.configs()), ["own"])
        size = os.path.getsize(self.path("d/own.plan")) / 2**20
        text = self.prepared("--max-mib", f"{1.5 * size:.4f}").stdout
        self.assertRegex(text, r"candidate 2: left out: its \d.\d MiB do not fit --max-mib")
        self.assertEqual(self.prepared("--candidates", "1,900,901").stdout.count("no configuration that an earlier candidate lacks"), 1)

    def test_a_database_is_checked_with_the_whole_model(self):
        self.prepared()
        configs = self.configs()
        times = {"us": {configs["2"]: 8.0}, "p50": {"tuned": 0.8}}
        self.measured(times)
        self.tune("collect", self.path("d"), "-o", self.path("t.tsv"))
        self.prepared("--tuning", self.path("t.tsv"), folder="check")
        self.measured(times, folder="check")
        self.assertIn("untuned 1.000 ms, tuned 0.800 ms a run: 1.250 times", self.tune("collect", self.path("d"), self.path("check"), "-o", self.path("u.tsv")).stdout)
        self.assertEqual(self.lines("u.tsv"), self.lines("t.tsv"))
        self.tune("collect", self.path("check"), "-o", self.path("u.tsv"))
        self.assertEqual(self.lines("u.tsv"), self.lines("t.tsv"))
        for microseconds in (10.1, 8.0):  # slower by itself, and faster in a slower whole
            self.measured({"us": {configs["2"]: microseconds}, "p50": {"tuned": 1.1}}, folder="check")
            self.assertIn("slower as a whole: 1 of 1 lines do not pay and are dropped", self.tune("collect", self.path("check"), "-o", self.path("u.tsv")).stdout)
            self.assertEqual(self.lines("u.tsv"), [])

    # ---- on one machine ----

    def all_in_one(self, times, code=0):
        return self.tune(self.product(), *OPTIONS, "--candidates", "1,2", "--bin", self.bin, "-o", self.path("t.tsv"), *QUICK, times=times, code=code)

    def test_all_on_one_machine(self):
        self.prepared()
        configs = self.configs()
        fast = {configs["2"]: 8.0}
        self.assertIn("1.250 times", self.all_in_one({"us": fast, "p50": {"tuned": 0.8}}).stdout)
        self.assertEqual([line[2] for line in self.lines("t.tsv")], [configs["2"]])
        text = self.all_in_one({"us": fast, "p50": {"tuned": 1.2}}).stdout
        self.assertEqual(text.count("untuned 1.000 ms, tuned 1.200 ms"), 1)
        self.assertIn("slower as a whole: 1 of 1 lines do not pay and are dropped", text)  # though its launches look faster
        self.assertEqual(self.lines("t.tsv"), [])
        self.assertIn("does not run, nothing is written", self.all_in_one({"us": fast, "fail": {"tuned": 1}}, code=3).stderr)

    def test_what_stays_is_looked_at_once_more(self):
        """Of two lines one is slower in the whole model and goes; the model is slower with the other one too."""
        weights = [np.random.default_rng(i).standard_normal(shape).astype(np.float32) for i, shape in enumerate(((192, 1152), (1152, 64)))]
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "w0"], ["h"]), helper.make_node("Relu", ["h"], ["r"]), helper.make_node("MatMul", ["r", "w1"], ["y"])], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [49, 192])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [49, 64])], [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)])
        model = self.path("products.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
        self.tune("prepare", model, *OPTIONS, "--out", self.path("d"), "--candidates", "1,2", "--bin", self.bin)
        by_problem = {}
        for candidate in json.loads((self.dir / "d/manifest.json").read_text())["candidates"]:
            for choice in candidate["choices"]:
                by_problem.setdefault(choice["problem"], {})[candidate["name"]] = choice["config"]
        (_, first), (_, second) = sorted(by_problem.items())
        stays, goes = first["2"], next(second[name] for name in ("1", "2") if second[name] not in (*first.values(), second["own"]))
        self.assertNotIn(stays, (first["own"], *second.values()))
        text = self.tune(model, *OPTIONS, "--candidates", "1,2", "--bin", self.bin, "-o", self.path("t.tsv"), *QUICK, times={"us": {stays: 8.0, goes: 8.0}, "us_of": {"tuned": {goes: 10.1}}, "p50": {"tuned": 1.2}}).stdout
        self.assertIn("slower as a whole: 1 of 2 lines do not pay and are dropped", text)
        self.assertEqual(text.count("untuned 1.000 ms, tuned 1.200 ms"), 2)
        self.assertIn("slower as a whole: 1 of 1 lines do not pay and are dropped", text)
        self.assertEqual(self.lines("t.tsv"), [])

    def test_no_device_and_wrong_words(self):
        done = self.tune(self.product(), *OPTIONS, "-o", self.path("t.tsv"), "--device", "cuda:0", code=3, env={"CUDA_VISIBLE_DEVICES": ""})
        self.assertIn("mlc-run, exit 3", done.stderr)
        self.assertNotIn("candidate", done.stdout)
        self.assertIn("known are sm_75", self.tune(self.product(), "--arch", "sm_91", "-o", self.path("t.tsv"), code=2).stderr)
        self.assertIn("one CUDA architecture", self.tune(self.product(), "--arch", "host", "-o", self.path("t.tsv"), code=2).stderr)
        self.assertIn("wants cuda:N", self.tune(self.product(), *OPTIONS, "-o", self.path("t.tsv"), "--device", "host", code=2).stderr)
        self.assertIn("unrecognized arguments", self.tune(self.product(), *OPTIONS, "-o", self.path("t.tsv"), "--nonsense", code=2).stderr)
        (self.dir / "broken.onnx").write_bytes(b"no model")
        self.tune(self.path("broken.onnx"), *OPTIONS, "-o", self.path("t.tsv"), code=1)
        self.assertIn("mlc-tune collect DIR..", self.tune("--help").stdout)
        self.assertRegex(self.tune("--version").stdout, r"^mlc-tune \d+\.\d+\.\d+")


if __name__ == "__main__":
    if not program("ptxas"):
        print("skipped: there is no ptxas")
        sys.exit(77)
    unittest.main()
