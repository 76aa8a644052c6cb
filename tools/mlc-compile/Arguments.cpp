// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Arguments.h"

namespace mlc {

void declareArguments(CLI::App &app, Arguments &a) {
  auto *model = app.add_option("model", a.model, "The model, .onnx or .mlir")->type_name("MODEL");
  app.add_option("--arch", a.archs, "What to compile for: host (this machine), x86-64-v2, x86-64-v3, x86-64-v4, sm_75, sm_80, sm_86, sm_87, sm_89, sm_90, sm_100, sm_110, sm_120, native (this machine's GPU); several give one plan that holds all. With a GPU comes PTX for later ones")->delimiter(',')->type_name("LIST")->capture_default_str();
  auto *fp16 = app.add_flag("--fp16", a.fp16, "CUDA: products in f16 with f32 sums; what lies in memory in f16, norms, softmax and sums in f32; inputs and outputs as in the model");
  app.add_flag("--bf16", a.bf16, "The same in bf16")->excludes(fp16);
  app.add_option("--io", a.io, "fp16 with --fp16, bf16 with --bf16: the model's f32 inputs and outputs take that type too")->type_name("fp16|bf16")->check(CLI::IsMember({"fp16", "bf16"}).description(""));
  app.add_option("--keep-fp32", a.keepFp32, "Nodes that stay f32 under --fp16 and --bf16 with the kernels they are part of: names of nodes or of tensors that nodes give, or patterns such as '/head/*'; may be repeated")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--calibrate", a.calibrate, "Inputs (members named as the model's inputs) to run with on this machine before --fp16 or --bf16 decides: kernels whose values exceed half of f16's range (65504) in one of the runs stay f32, and so do as many as it takes for the answers to be within --max-error; may be repeated")
      ->type_name("FILE.npz")
      ->allow_extra_args(false);
  app.add_option("--max-error", a.maxError, "With --calibrate: how far answers may be from f32, as root mean square of the difference over the standard deviation of the output; half of it on the samples, since other inputs err by more; inf: keep nothing in f32 for it")
      ->check(CLI::Validator([](std::string &x) { return std::strtod(x.c_str(), nullptr) > 0 ? "" : "--max-error is a number above 0, or inf"; }, ""))
      ->type_name("X")
      ->default_str("0.02");
  app.add_option("--cuda-path", a.cudaPath, "The CUDA toolkit to compile with (bin/ptxas and lib64/libnvrtc.so); default: MLC_CUDA_PATH, CUDA_HOME, /usr/local/cuda, the Python packages of .venv")->type_name("DIR");
  app.add_option("--tuning", a.tuning, "Measured choices of kernels' configurations, as mlc-tune writes them, in place of those that come with the compiler; of several files the faster line holds. 'none' leaves out the compiler's own; may be repeated")
      ->type_name("FILE|none")
      ->allow_extra_args(false);
  app.add_option("--tuning-candidate", a.tuningCandidate, "Where no measured choice decides take the cost model's N-th choice, from 0 on; for mlc-tune, with --tuning none")->type_name("N");
  app.add_option("--library", a.library,
                 "CUDA: let the cost model, or a measured choice, leave products to cuBLASLt: those of a plain matmul, with bias, residual, ReLU or GELU (tanh). Such a plan needs libcublasLt.so.13 or .12 where it runs "
                 "(LD_LIBRARY_PATH, MLC_CUBLASLT)")
      ->type_name("cublaslt")
      ->check(CLI::IsMember({"cublaslt"}).description(""));
  app.add_flag("--no-forward", a.noForward, "Leave out the compute_80 PTX by which a plan also runs on GPUs that are not named, and on older drivers");
  auto *emit = app.add_option("--emit", a.emit,
                 "Instead of a plan, the code of the CUDA targets: ptx and cubin (a file for each architecture; the forward path is PTX alone), or fatbin (one file of all cubins and the forward PTX, for cuobjdump). -o names "
                 "the file; where there are several, NAME gives NAME.sm_80.ptx, NAME.sm_90a.ptx, ..")
      ->type_name("ptx|cubin|fatbin")
      ->check(CLI::IsMember({"ptx", "cubin", "fatbin"}).description(""));
  auto *output = app.add_option("-o,--output", a.output, "The plan to write (default: the model's name with .plan)")->type_name("PLAN");
  app.add_option("--shape", a.shapes, "Fix an input's dims; '?' keeps one as the model has it; may be repeated")->type_name("INPUT=1x3x224x224")->allow_extra_args(false);
  app.add_option("--dims", a.dims, "Ranges of symbolic dims, or NAME=N to fix one; sizes are reported and verified at OPT; may be repeated")->type_name("NAME=MIN:OPT:MAX,...")->allow_extra_args(false);
  app.add_option("--bucket", a.buckets,
                 "Shapes for which the plan holds a program of its own, beside the one for all: a value or a part of the range of some dims, or 'opt' for all at OPT; weights are shared, the runtime takes the "
                 "bucket of the fewest shapes that fits; may be repeated")
      ->type_name("NAME=N,...|opt")
      ->allow_extra_args(false);
  app.add_option("--keep", a.keep, "Inner tensors of the ONNX model that become outputs too, behind the model's own")->delimiter(',')->type_name("NAMES")->allow_extra_args(false);
  app.add_option("--preprocess", a.preprocess,
                 "Let an input of 4 dims take pictures as programs have them. KEYS, separated by commas: u8 (bytes instead of floats), nhwc (channels last), bgr (the three channels in "
                 "the opposite of the model's order: BGR pictures for an RGB model), scale=S, mean=A:B:C, std=A:B:C. The model is given (pixel * scale - mean) / std; scale is 1/255 for u8 and 1 "
                 "otherwise, so mean and std are of pixels from 0 to 1 as torchvision has them (with scale=1: of 0 to 255). They hold one number for all channels, or one per channel in the "
                 "model's order, ':' between them as in --dims. x=nhwc alone only changes the layout. axis=3 if the model's own input is channels-last. --shape and --dims "
                 "keep to the model's dims; may be repeated")
      ->type_name("INPUT=KEYS")
      ->allow_extra_args(false);
  app.add_option("--io-layout", a.ioLayout,
                 "Let an input or output of 4 dims have another layout than the model's: nhwc (the model has NCHW) or nchw (the model has NHWC). The move inside of the plan is gone where the plan computes in that layout "
                 "anyway. --shape and --dims keep to the model's dims; may be repeated, or several in one with ',' between them")
      ->type_name("NAME=nhwc|nchw")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--rematerialize", a.rematerialize, "Compute cheap values a second time where that lowers the planned peak of memory; -O3 does");
  app.add_option("--streams", a.streams, "CUDA: kernels of parallel branches may run beside each other in this many streams of a graph, where that saves more than it costs; 1: one after the other")->check(CLI::Range(1, 16).description(""))->type_name("N")->default_str("4");
  app.add_option("-O", a.optLevel, "0: reference lowering only; 1: no layout changes; 2: everything but what trades time for memory; 3: that too (--rematerialize)")->check(CLI::Range(0, 3).description(""))->type_name("LEVEL")->capture_default_str();
  app.add_option("--threads", a.threads, "Threads that generate code (default: all); the plan does not depend on it")->type_name("N");
  auto *verify = app.add_flag("--verify", a.verify, "Run the plan and its -O0 twin on the same random inputs; exit code 4 when they differ beyond rtol 1e-3, atol 1e-4 * max(1, standard deviation)")->excludes(emit);
  app.add_flag("--strip-weights", a.stripWeights, "Leave out the weights that mlc-refit can fill in from the ONNX model's initializers; such a plan does not run")->excludes(verify)->excludes(emit);
  app.add_option("--dump-after", a.dumpAfter, "Print the module to stderr after this pass")->type_name("PASS");
  app.add_option("--stop-after", a.stopAfter, "Print the module to stdout after this stage, and stop")->type_name("STAGE")->check(CLI::IsMember({"import", "normalize", "fuse", "plan"}))->excludes(verify);
  app.add_option("--save-asm", a.saveAsm, "Write each kernel's assembly into this folder")->check(CLI::ExistingDirectory.description(""))->type_name("DIR");
  app.add_flag("--no-cache", a.noCache, "Neither read nor write the kernel cache (MLC_CACHE_DIR, default ~/.cache/mlc; empty: none); the plan does not depend on it");
  app.add_flag("--time-passes", a.timePasses, "Print the time of each pass and stage, and the kernel cache's hits");
  app.add_flag("--explain-fusion", a.explainFusion, "Print to stderr each value that goes through memory between two kernels, and why; the kernels that each recognised pattern ended in; what almost was one; what each parallel branch saves in a stream of its own");
  app.add_option("--json", a.json, "Write what the compilation did as JSON ('-': stdout): sizes, times and the targets as mlc-inspect --json has them")->type_name("FILE|-");
  app.add_flag("--quiet", a.quiet, "No progress and no summary");
  const char *trtexec = "As trtexec spells it";
  app.add_option("--onnx", a.model, "The model")->type_name("MODEL")->excludes(model)->group(trtexec);
  app.add_option("--saveEngine", a.output, "The plan to write")->type_name("PLAN")->excludes(output)->group(trtexec);
  auto *min = app.add_option("--minShapes", a.minShapes, "Smallest dims of inputs; dims that differ from --maxShapes become ranges of the symbols behind them")->type_name("x:1x3x224x224,...");
  auto *opt = app.add_option("--optShapes", a.optShapes, "Usual dims of inputs; alone they fix all dims")->type_name("x:8x3x224x224,...");
  auto *max = app.add_option("--maxShapes", a.maxShapes, "Largest dims of inputs")->type_name("x:32x3x224x224,...");
  min->needs(opt, max)->group(trtexec);
  max->needs(opt, min)->group(trtexec);
  opt->group(trtexec);
  app.set_version_flag("--version", "mlc-compile " MLC_VERSION);
  app.footer("Environment: MLC_CACHE_DIR, MLC_LOG=info (the kernel cache's hits).\n"
             "Examples:\n  mlc-compile model.onnx -o model.plan\n  mlc-compile model.onnx --arch x86-64-v3,x86-64-v4 --dims batch=1:8:32 -o model.plan\n"
             "  mlc-compile model.onnx --dims batch=1:8:32,sequence=1:128:512 --bucket opt --bucket batch=1,sequence=128\n"
             "  mlc-compile model.onnx --shape image=1x3x224x224 --verify\n  mlc-compile model.onnx --preprocess image=u8,nhwc,bgr,mean=0.485:0.456:0.406,std=0.229:0.224:0.225\n  mlc-compile model.onnx --keep /layer1/Relu_output_0 --json report.json\n"
             "  mlc-compile model.onnx --arch sm_80,sm_90 --fp16 --emit fatbin -o model.fatbin\n"
             "  mlc-compile model.onnx --arch sm_90 --fp16 --calibrate sample.npz --keep-fp32 '/head/*'\n\n"
             "Exit codes: 0 done, 1 the model is at fault, 2 usage, 3 the system failed, 4 --verify found a difference.");
}

} // namespace mlc
