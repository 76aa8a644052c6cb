# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""The command line: all on one machine, or prepare, measure and collect on two; merge."""
import argparse
import os
import sys
import tempfile

from . import database
from .base import OK, OWN, SYSTEM, TUNED, USAGE, Clock, Stop
from .choose import Measured, profitable, winners
from .measure import measure
from .prepare import Folder

CANDIDATES = (0, 1, 2, 3, 4, 5, 8, 11, 15, 20, 26, 33)
# Options of mlc-compile that change what the kernels compute or how they are compiled; passed on as they come.
FLAGS = ("--fp16", "--bf16", "--rematerialize", "--no-cache")
VALUES = ("--library", "--io", "--keep-fp32", "--calibrate", "--cuda-path", "--shape", "--dims", "--bucket", "--preprocess", "--io-layout", "--threads", "-O")
USES = """mlc-tune MODEL.onnx --arch sm_90 [options] -o tuned.tsv
       mlc-tune prepare MODEL.onnx --arch sm_90 [options] --out DIR
       mlc-tune measure DIR --weights MODEL.onnx [options]
       mlc-tune collect DIR.. -o tuned.tsv
       mlc-tune merge FILE.. -o FILE"""
FOOTER = """The first form does all on one machine. Otherwise prepare needs mlc-compile and no GPU; measure needs a GPU, Python, mlc-run and mlc-refit; collect needs Python alone.
A configuration wins when its median beats the compiler's own choice by more than --noise. Then the whole model is compiled with the database and timed in turn with the untuned plan: where it is
slower, lines that its profile does not show faster are dropped, and all of them when that does not help. On two machines: prepare --tuning tuned.tsv, measure, and collect with that folder too.

Example:
  mlc-tune model.onnx --arch sm_90 --fp16 --device cuda:0 -o tuned.tsv
  mlc-compile model.onnx --arch sm_90 --fp16 --tuning tuned.tsv -o model.plan
  mlc-tune prepare model.onnx --arch sm_90 --fp16 --out candidates --max-mib 60
  mlc-tune measure candidates --weights model.onnx --device cuda:0
  mlc-tune collect candidates -o tuned.tsv
  mlc-tune merge tuned.tsv other.tsv -o all.tsv

Exit codes: 0 done, 1 the model or plan is at fault, 2 usage, 3 the system or device failed."""


class PassOn(argparse.Action):
    """Options for mlc-compile, in their order."""

    def __call__(self, parser, namespace, value, option=None):
        namespace.compile = [*namespace.compile, option, *([value] if self.nargs != 0 else [])]


def numbers(text):
    values = [int(word) for word in text.split(",")]
    if min(values) < 0:
        raise ValueError
    return list(dict.fromkeys(values))


def version(bin):
    path = os.path.join(os.path.dirname(bin), "share", "mlc", "tune_version")
    return open(path, encoding="utf-8").read().strip() if os.path.exists(path) else "from the sources"


def new_parser(bin, word):
    """The parser of a subcommand, of `word` '' for all on one machine."""
    ap = argparse.ArgumentParser(prog="mlc-tune", usage=USES, epilog=FOOTER, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
                                 description="Measures configurations of CUDA kernels on a device and writes a tuning database for mlc-compile --tuning.")
    ap.add_argument("--version", action="version", version=f"mlc-tune {version(bin)}")
    ap.add_argument("--bin", default=bin, metavar="DIR", help="where mlc-compile, mlc-run and mlc-refit are (default: beside this command, then PATH)")
    if word in ("", "prepare"):
        ap.add_argument("model", metavar="MODEL", help="the .onnx model")
        ap.add_argument("--arch", required=True, metavar="ARCH", help="one CUDA architecture, as of mlc-compile")
        ap.add_argument("--candidates", type=numbers, default=list(CANDIDATES), metavar="N,..", help=f"places in the cost model's order to try (default: {','.join(map(str, CANDIDATES))})")
        ap.set_defaults(compile=[], max_mib=0)
        group = ap.add_argument_group("passed on to mlc-compile, whose --help explains them")
        for flag in FLAGS:
            group.add_argument(flag, action=PassOn, nargs=0, dest="compile")
        for option in VALUES:
            group.add_argument(option, action=PassOn, dest="compile", metavar="..")
    if word == "prepare":
        ap.add_argument("--out", required=True, metavar="DIR", help="the folder of plans to write")
        ap.add_argument("--max-mib", type=float, default=0, metavar="N", help="leave out plans that do not fit into so much (default: no limit)")
        ap.add_argument("--tuning", metavar="FILE", help="instead of candidates the plan with this database, to be timed beside the untuned one")
    if word == "measure":
        ap.add_argument("folders", nargs="+", metavar="DIR", help="folders of prepare, all of one model")
        ap.add_argument("--weights", required=True, metavar="ONNX", help="the model with its weights")
    if word in ("", "measure"):
        ap.add_argument("--device", default="cuda:0", metavar="DEVICE", help="cuda:N (default: cuda:0)")
        ap.add_argument("--inputs", metavar="NPZ", help="inputs for models that do not run on random ones")
        ap.add_argument("--repeats", type=int, default=3, metavar="N", help="processes that measure a candidate (default: 3)")
        ap.add_argument("--iterations", type=int, default=25, metavar="N", help="timed runs of a process (default: 25)")
        ap.add_argument("--warmup", type=int, default=5, metavar="N", help="runs before them (default: 5)")
        ap.add_argument("--rounds", type=int, default=7, metavar="N", help="processes that time the tuned and the untuned plan, in turn (default: 7)")
        ap.add_argument("--scratch", metavar="DIR", help="for plans with their weights, one or two at a time (default: the system's)")
    if word not in ("collect", "merge"):
        ap.add_argument("--budget", type=float, default=600, metavar="SECONDS", help="what does not fit is left out and named (default: 600)")
    if word in ("", "collect"):
        ap.add_argument("--noise", type=float, default=2.0, metavar="PERCENT", help="what a configuration must gain (default: 2)")
    if word == "collect":
        ap.add_argument("folders", nargs="+", metavar="DIR", help="folders of measure, of any models")
    if word == "merge":
        ap.add_argument("files", nargs="+", metavar="FILE", help="tuning databases; the faster of two lines for one problem holds")
    if word not in ("prepare", "measure"):
        ap.add_argument("-o", "--output", required=True, metavar="FILE", help="the tuning database to write")
    return ap


def arguments(bin, word, argv):
    ap = new_parser(bin, word)
    args = ap.parse_args(argv)
    if "arch" in args and ("," in args.arch or not (args.arch.startswith("sm_") or args.arch == "native")):
        ap.error(f"--arch wants one CUDA architecture, such as sm_90, got '{args.arch}'")
    if "device" in args and not args.device.startswith("cuda:"):
        ap.error(f"--device wants cuda:N, got '{args.device}'")
    if "repeats" in args and min(args.repeats, args.iterations, args.rounds) < 1 or "budget" in args and args.budget <= 0:
        ap.error("--repeats, --iterations, --rounds and --budget want positive numbers")
    return args


def say(line):
    print(line, flush=True)


def list_gains(gains):
    for gain in gains:
        say(f"  {gain}")


def verdict(whole):
    own, tuned = whole
    say(f"untuned {own:.3f} ms, tuned {tuned:.3f} ms a run: {own / tuned:.3f} times")
    return tuned <= own


def save(path, lines):
    database.save(path, lines)
    say(f"{path}: {len(lines)} lines" + ("" if lines else ", since nothing is faster than what the compiler takes by itself"))


def checked(args, lines, clock, folder, number):
    """The lines that may stay after the whole model ran with them, and whether another look is needed."""
    tsv = os.path.join(folder, f"try{number}.tsv")
    database.save(tsv, lines)
    plans = Folder(os.path.join(folder, f"check{number}"), args, say=say)
    plans.add(OWN)
    plans.add(TUNED, "--tuning", tsv)
    plans.save()
    measure(plans.path, args, args.model, clock, say=say)
    found = Measured(plans.path)
    if not found.whole():
        raise Stop(SYSTEM, f"the plan with all winners does not run, nothing is written: {found.times['candidates'][TUNED].get('fault')}")
    if verdict(found.whole()):
        return lines, False
    return profitable(found, lines, args.noise), True


def tune(args):
    """All on one machine. Of the budget a half is for compiling, a third for measuring, the rest for the check of the whole model, which is never left out."""
    clock = Clock(args.budget)
    with tempfile.TemporaryDirectory(prefix="mlc-tune-", dir=args.scratch) as scratch:
        plans = Folder(os.path.join(scratch, "candidates"), args, say=say)
        plans.add(OWN)
        plans.save()
        measure(plans.path, args, args.model, clock, say=say)  # no device: better known before all candidates are compiled
        if not plans.manifest["candidates"][0]["choices"]:
            say("no kernel of the model has configurations to choose between")
            return save(args.output, [])
        plans.add_candidates(clock, 0.5)
        plans.save()
        measure(plans.path, args, args.model, clock, 0.85, say=say)
        gains = winners([Measured(plans.path)], args.noise)
        list_gains(gains)
        lines = [gain.line for gain in gains]
        for number in (1, 2):
            if not lines:
                break
            kept, again = checked(args, lines, clock, scratch, number)
            if len(kept) < len(lines):
                say(f"slower as a whole: {len(lines) - len(kept)} of {len(lines)} lines do not pay and are dropped")
            lines = kept
            if not again:
                break
            if number == 2 and lines:
                say("slower as a whole still: no line stays")
                lines = []
    say(f"{clock.used():.0f} s")
    save(args.output, lines)


def prepare(args):
    folder = Folder(args.out, args, None if not args.tuning else [list(line) for line in database.merged(database.parse(args.tuning))], say)
    folder.add(OWN)
    if args.tuning:
        folder.add(TUNED, "--tuning", args.tuning)
    else:
        folder.add_candidates(Clock(args.budget))
    folder.save()
    say(f"{args.out}: {len(folder.manifest['candidates'])} plans, {folder.bytes / 2**20:.1f} MiB, {len(folder.manifest['left_out'])} left out")


def measure_all(args):
    clock = Clock(args.budget)
    for i, folder in enumerate(args.folders, 1):
        measure(folder, args, args.weights, clock, i / len(args.folders), say)


def collect(args):
    folders = [Measured(folder) for folder in args.folders]
    gains = winners([f for f in folders if not f.manifest["database"]], args.noise)
    list_gains(gains)
    lines = [gain.line for gain in gains]
    checks = [f for f in folders if f.manifest["database"]]
    if len(checks) == len(folders):  # nothing but checks of a database: of what is in it
        lines = database.merged(database.Line(*line) for f in checks for line in f.manifest["database"])
    for check in checks:
        if not check.whole():
            raise Stop(SYSTEM, f"{check.folder}: the plan with the database did not run: {check.times['candidates'].get(TUNED, {}).get('fault', 'it was not measured')}")
        if not verdict(check.whole()):
            kept = profitable(check, lines, args.noise)
            say(f"{check.folder}: slower as a whole: {len(lines) - len(kept)} of {len(lines)} lines do not pay and are dropped" + (f"; prepare --tuning {args.output} checks the rest" if kept else ""))
            lines = kept
    save(args.output, lines)


def merge(args):
    save(args.output, database.merged(line for path in args.files for line in database.parse(path)))


COMMANDS = {"prepare": prepare, "measure": measure_all, "collect": collect, "merge": merge}


def main(bin, argv=None):
    argv = sys.argv[1:] if argv is None else argv
    word = argv[0] if argv and argv[0] in COMMANDS else ""
    args = arguments(bin, word, argv[1:] if word else argv)
    try:
        COMMANDS.get(word, tune)(args)
        return OK
    except Stop as e:
        print(f"mlc-tune: {e}", file=sys.stderr)
        return e.code
    except OSError as e:
        print(f"mlc-tune: {e}", file=sys.stderr)
        return SYSTEM
    except KeyboardInterrupt:
        print("mlc-tune: interrupted, nothing is written", file=sys.stderr)
        return SYSTEM
