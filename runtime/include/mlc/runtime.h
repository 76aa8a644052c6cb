/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The C API of the MLC runtime: open a plan, open a device, create a session, bind tensors, run.
 * Valid C99.
 *
 * Rules that hold for every function:
 *   - A function that can fail returns an mlc_status_t *, null on success. The caller releases a
 * non-null status.
 *   - Results come through out_ parameters, which are nulled first. A returned handle carries one
 * reference of the caller.
 *   - Handles are counted (_retain, _release; releasing null is fine). Children keep their parents
 * alive: any release order is legal.
 *   - Strings and info structs returned as pointers belong to the handle they were asked from and
 * live as long as it. Fields are only appended to info structs, so never copy them by size across
 * library versions.
 *   - Options and statistics structs start with struct_size, which says how much of them the caller
 * knows. Options are filled with defaults by their _init function, which is inline so that the size
 * is that of the caller's header, whichever library is loaded.
 *   - Devices and plans may be used from any thread. A session or a tensor may be used by one
 * thread at a time; a session used by two at once answers BUSY.
 *   - Nothing here throws, installs signal handlers or keeps global state.
 */
#ifndef MLC_RUNTIME_H
#define MLC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#define MLC_VERSION_MAJOR 0
#define MLC_VERSION_MINOR 1
#define MLC_VERSION_PATCH 0

#if defined(__GNUC__)
#define MLC_API __attribute__((visibility("default")))
#else
#define MLC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0": the version of the library that was loaded, which may be newer than this header. */
MLC_API const char *mlc_version(void);

/* ---- status ---- */

/* The outcome of a failed call: a code and a message that says what, where and what to do.
 * Immutable; any thread may read it. */
typedef struct mlc_status mlc_status_t;

/* See status_codes.def for "use this when". */
typedef enum mlc_status_code {
  MLC_STATUS_OK = 0,
#define MLC_STATUS_CODE(name, number, when) MLC_STATUS_##name = number,
#include "mlc/status_codes.def"
#undef MLC_STATUS_CODE
  MLC_STATUS_CODE_FORCE_INT = 0x7fffffff
} mlc_status_code_t;

/* MLC_STATUS_OK for null. */
MLC_API mlc_status_code_t mlc_status_code(const mlc_status_t *status);
/* "" for null. Lives until the status is released. */
MLC_API const char *mlc_status_message(const mlc_status_t *status);
MLC_API void mlc_status_release(mlc_status_t *status);
/* "BAD_PLAN" and so on; "UNKNOWN" for a number that is none. */
MLC_API const char *mlc_status_code_name(mlc_status_code_t code);

/* ---- element types ---- */

/* The numbers are those of ONNX TensorProto.DataType. int4 and uint4 pack two elements per byte,
 * low nibble first. */
typedef enum mlc_dtype {
  MLC_DTYPE_UNDEFINED = 0,
#define MLC_DTYPE(NAME, name, number, bits) MLC_DTYPE_##NAME = number,
#include "mlc/dtypes.def"
#undef MLC_DTYPE
  MLC_DTYPE_FORCE_INT = 0x7fffffff
} mlc_dtype_t;

/* "float32" and so on; "undefined" for a number that is none. */
MLC_API const char *mlc_dtype_name(mlc_dtype_t dtype);
/* Bits of one element; 0 for a number that is none and for strings, which have no fixed size. */
MLC_API size_t mlc_dtype_bits(mlc_dtype_t dtype);

/* ---- hooks ---- */

typedef enum mlc_log_level {
  MLC_LOG_ERROR = 0,
  MLC_LOG_WARN = 1,
  MLC_LOG_INFO = 2,
  MLC_LOG_DEBUG = 3
} mlc_log_level_t;

/* Receives one line without its newline; may be called from any thread. `message` lives during the
 * call only. */
typedef void (*mlc_log_fn)(void *user, mlc_log_level_t level, const char *message);

/* Where a device takes memory from. Both may be called from any thread. */
typedef struct mlc_allocator {
  void *user;
  /* Memory of at least size_bytes, aligned to `alignment` (a power of two, at most 4096), or null
   * when there is none. */
  void *(*allocate)(void *user, size_t size_bytes, size_t alignment);
  void (*release)(void *user, void *memory, size_t size_bytes);
} mlc_allocator_t;

/* Called once when the library no longer reads memory that was lent to it. */
typedef void (*mlc_release_fn)(void *user, const void *memory);

/* ---- device ---- */

/* A device with its caching allocator, which sessions share. Host: its worker threads too; when two
 * sessions run at once, the second one's launches run on its calling thread while the first one
 * holds the workers. CUDA: the device's primary context, which other libraries in the process share.
 * A call leaves the calling thread's current context as it was. */
typedef struct mlc_device mlc_device_t;

typedef enum mlc_device_kind {
  MLC_DEVICE_HOST = 0,
  MLC_DEVICE_CUDA = 1,
  MLC_DEVICE_KIND_FORCE_INT = 0x7fffffff
} mlc_device_kind_t;

/* An order of work on a device: CUDA's stream. On the host, work is done when it is enqueued. */
typedef struct mlc_stream mlc_stream_t;

typedef struct mlc_device_options {
  size_t struct_size;
  uint32_t num_threads; /* host: threads of a run, the caller included; 0 = MLC_THREADS, else what
                           this process may use: the smaller of its affinity mask and its cgroup's
                           CPU quota */
  const uint32_t *cpu_list; /* host: workers are pinned to these CPUs in turn (the caller's thread
                               is left alone); null = not */
  size_t cpu_list_count;
  const mlc_allocator_t *allocator; /* copied; null = the system. CUDA: of device memory, aligned to
                                       at least 512 bytes as asked for */
  uint64_t memory_limit_bytes;      /* of everything taken from the allocator, 0 = none */
  mlc_log_fn log;                   /* null = standard error */
  void *log_user;
  mlc_log_level_t log_level; /* the init function takes it from MLC_LOG, else MLC_LOG_WARN */
  int cuda_force_ptx; /* CUDA: non-zero takes a plan's forward path (PTX) even where it has machine
                         code; the init function takes it from MLC_CUDA_FORCE_PTX */
  const char *alloc_conf; /* how the allocator keeps memory, read by the open call only:
                             "expandable_segments:on|off,max_split_size_mb:N,limit_mb:N"; the init
                             function takes it from MLC_ALLOC_CONF. memory_limit_bytes wins over
                             limit_mb, which is all that counts on the host; expandable segments,
                             which keep fragments from adding up, are on where the driver has virtual
                             memory and `allocator` is null */
} mlc_device_options_t;

MLC_API void mlc_device_options_init_sized(mlc_device_options_t *options, size_t struct_size);
static inline void mlc_device_options_init(mlc_device_options_t *options) {
  mlc_device_options_init_sized(options, sizeof *options);
}

/* Opens "host", or "cuda:N" ("cuda" is "cuda:0"): the N-th device that the driver shows this
 * process, so CUDA_VISIBLE_DEVICES counts. Options may be null. DEVICE_UNAVAILABLE: no such device
 * here, no driver, or one older than CUDA 12.0 (525). INVALID_ARGUMENT: a name that means nothing. */
MLC_API mlc_status_t *mlc_device_open(const char *name, const mlc_device_options_t *options,
                                      mlc_device_t **out_device);
MLC_API void mlc_device_retain(mlc_device_t *device);
MLC_API void mlc_device_release(mlc_device_t *device);
/* "host", "cuda:0". */
MLC_API const char *mlc_device_name(const mlc_device_t *device);
MLC_API mlc_device_kind_t mlc_device_kind(const mlc_device_t *device);
/* Threads of a run, the caller included; 1 on CUDA. */
MLC_API uint32_t mlc_device_num_threads(const mlc_device_t *device);
/* Comma-separated names of the features that decide which code of a plan fits. Host: LLVM's,
 * "sse4.2,avx2,fma". CUDA: compute capability and the driver's CUDA version, "sm_90,cuda13.0". */
MLC_API const char *mlc_device_features(const mlc_device_t *device);
/* The product's name as the driver gives it, "NVIDIA H100 80GB HBM3"; "" on the host. */
MLC_API const char *mlc_device_product(const mlc_device_t *device);

/* What the device's caching allocator holds. Code, weights mapped from files and the handles
 * themselves are not in it. */
typedef struct mlc_memory_stats {
  size_t struct_size;       /* set by the caller: sizeof(mlc_memory_stats_t) */
  uint64_t allocated_bytes; /* asked for and in use */
  uint64_t active_bytes;    /* the same, rounded up to size classes */
  uint64_t reserved_bytes;  /* taken from the system: active and cached. On CUDA memory that was
                               freed while enqueued work uses it is active until that has ended */
  uint64_t peak_allocated_bytes;
  uint64_t peak_active_bytes;
  uint64_t peak_reserved_bytes;
  uint64_t num_allocations;        /* requests so far */
  uint64_t num_system_allocations; /* requests that the cache could not serve */
  uint64_t num_retries;            /* requests served only after the cache was flushed */
  uint64_t num_failures;           /* requests that ended in OUT_OF_MEMORY */
} mlc_memory_stats_t;

MLC_API mlc_status_t *mlc_device_memory_stats(const mlc_device_t *device,
                                              mlc_memory_stats_t *out_stats);
/* Sets the three peaks to the present values. */
MLC_API void mlc_device_reset_peak(mlc_device_t *device);
/* Gives cached memory back until at most keep_bytes are cached. */
MLC_API void mlc_device_trim(mlc_device_t *device, uint64_t keep_bytes);
/* Writes the statistics and all blocks as JSON, at most capacity - 1 characters and a 0. *out_size
 * is the length the whole text has, so a first call with capacity 0 asks for it. */
MLC_API void mlc_device_memory_snapshot(const mlc_device_t *device, char *buffer, size_t capacity,
                                        size_t *out_size);

/* ---- stream ---- */

/* A new stream of the device. DEVICE_FAILED. */
MLC_API mlc_status_t *mlc_stream_create(mlc_device_t *device, mlc_stream_t **out_stream);
/* Borrows a CUstream (cudaStream_t) of the device's primary context, which must outlive the handle
 * and all that was enqueued on it; CUDA's default stream is CU_STREAM_LEGACY, 1. INVALID_ARGUMENT on
 * the host. */
MLC_API mlc_status_t *mlc_stream_wrap(mlc_device_t *device, void *native,
                                      mlc_stream_t **out_stream);
MLC_API void mlc_stream_retain(mlc_stream_t *stream);
MLC_API void mlc_stream_release(mlc_stream_t *stream);
/* The CUstream, null on the host. */
MLC_API void *mlc_stream_native(const mlc_stream_t *stream);
/* Waits for all work on the stream. DEVICE_FAILED. */
MLC_API mlc_status_t *mlc_stream_synchronize(mlc_stream_t *stream);

/* ---- plan ---- */

/* A loaded and checked plan. Immutable; its weights and code are mapped once and shared by all
 * sessions. */
typedef struct mlc_plan mlc_plan_t;

typedef struct mlc_plan_options {
  size_t struct_size;
  int verify_all; /* non-zero: check the weights' checksums too, and on CUDA the order of every two
                     instructions that touch the same bytes; the init function takes it from
                     MLC_VERIFY_ALL */
} mlc_plan_options_t;

MLC_API void mlc_plan_options_init_sized(mlc_plan_options_t *options, size_t struct_size);
static inline void mlc_plan_options_init(mlc_plan_options_t *options) {
  mlc_plan_options_init_sized(options, sizeof *options);
}

/* Maps and checks a file. It must not be changed in place while the plan lives (replace it by
 * renaming instead). NOT_FOUND, IO: the file. BAD_PLAN: it is damaged or no plan. PLAN_VERSION: it
 * needs another runtime. */
MLC_API mlc_status_t *mlc_plan_open_file(const char *path, const mlc_plan_options_t *options,
                                         mlc_plan_t **out_plan);
/* Borrows [data, data + size_bytes), aligned to 64 bytes, until release_fn (may be null) is called
 * with `user` and data; on failure it is not called. Only host code is copied. Status as
 * mlc_plan_open_file. */
MLC_API mlc_status_t *mlc_plan_open_memory(const void *data, size_t size_bytes,
                                           mlc_release_fn release_fn, void *user,
                                           const mlc_plan_options_t *options,
                                           mlc_plan_t **out_plan);
MLC_API void mlc_plan_retain(mlc_plan_t *plan);
MLC_API void mlc_plan_release(mlc_plan_t *plan);

/* Name and version of the compiler that wrote the plan. */
MLC_API const char *mlc_plan_compiler(const mlc_plan_t *plan);
/* "0.1": the plan's format version. */
MLC_API const char *mlc_plan_format_version(const mlc_plan_t *plan);
/* The model's own metadata: the value of `key`, null when there is none. */
MLC_API const char *mlc_plan_metadata(const mlc_plan_t *plan, const char *key);
MLC_API size_t mlc_plan_metadata_count(const mlc_plan_t *plan);
/* Key and value number `index` in the model's order. OUT_OF_RANGE. */
MLC_API mlc_status_t *mlc_plan_metadata_at(const mlc_plan_t *plan, size_t index,
                                           const char **out_key, const char **out_value);
/* Bytes of all weights. */
MLC_API uint64_t mlc_plan_weights_bytes(const mlc_plan_t *plan);

/* ---- signature ---- */

/* Inputs, outputs and symbols of one entry of a plan. Belongs to the plan. */
typedef struct mlc_signature mlc_signature_t;

/* An input or output. Dims of a symbolic dimension are -1; dim_names[i] is then its expression over
 * symbols ("batch", "past + 1"), null for a fixed one; dim_min and dim_max are its symbol's range
 * (0 and INT64_MAX when it is no plain symbol), for a fixed dimension both equal dims[i]. */
typedef struct mlc_tensor_info {
  const char *name;
  mlc_dtype_t dtype;
  uint32_t rank;
  const int64_t *dims;
  const char *const *dim_names;
  const int64_t *dim_min;
  const int64_t *dim_max;
} mlc_tensor_info_t;

typedef enum mlc_symbol_source {
  MLC_SYMBOL_INPUT_DIM = 0,
  MLC_SYMBOL_INPUT_ELEMENT = 1
} mlc_symbol_source_t;

/* A named size that each run binds: dimension (or element) `index` of input `input`. Its value lies
 * in [min, max] and is a multiple of divisor; opt is the value the plan was tuned for, 0 when
 * unknown. */
typedef struct mlc_symbol_info {
  const char *name;
  mlc_symbol_source_t source;
  uint32_t input;
  uint32_t index;
  int64_t min;
  int64_t opt;
  int64_t max;
  int64_t divisor;
} mlc_symbol_info_t;

MLC_API size_t mlc_plan_num_entries(const mlc_plan_t *plan);
/* The name of entry `index`, null when there is none. */
MLC_API const char *mlc_plan_entry_name(const mlc_plan_t *plan, size_t index);
/* The signature of an entry; null means the plan's first one. NOT_FOUND names the entries that
 * exist. */
MLC_API mlc_status_t *mlc_plan_signature(const mlc_plan_t *plan, const char *entry,
                                         const mlc_signature_t **out_signature);

MLC_API size_t mlc_signature_num_inputs(const mlc_signature_t *signature);
MLC_API size_t mlc_signature_num_outputs(const mlc_signature_t *signature);
MLC_API size_t mlc_signature_num_symbols(const mlc_signature_t *signature);
/* Null when `index` is out of range. */
MLC_API const mlc_tensor_info_t *mlc_signature_input(const mlc_signature_t *signature,
                                                     size_t index);
MLC_API const mlc_tensor_info_t *mlc_signature_output(const mlc_signature_t *signature,
                                                      size_t index);
MLC_API const mlc_symbol_info_t *mlc_signature_symbol(const mlc_signature_t *signature,
                                                      size_t index);
/* The position of a name; NOT_FOUND lists the names that exist. */
MLC_API mlc_status_t *mlc_signature_find_input(const mlc_signature_t *signature, const char *name,
                                               size_t *out_index);
MLC_API mlc_status_t *mlc_signature_find_output(const mlc_signature_t *signature, const char *name,
                                                size_t *out_index);

/* ---- tensor ---- */

/* A dense row-major array in host or device memory: owned (from a device's allocator) or borrowed
 * from the caller. Its shape is fixed. */
typedef struct mlc_tensor mlc_tensor_t;

/* Memory on the device from its allocator, aligned to 64 bytes (CUDA: 256), contents undefined.
 * OUT_OF_MEMORY, OUT_OF_RANGE (negative dims, overflow), DTYPE_MISMATCH (no such dtype). */
MLC_API mlc_status_t *mlc_tensor_create(mlc_device_t *device, mlc_dtype_t dtype, uint32_t rank,
                                        const int64_t *dims, mlc_tensor_t **out_tensor);
/* Host memory that copies to and from the device fast: pinned for CUDA. Else as mlc_tensor_create. */
MLC_API mlc_status_t *mlc_tensor_create_host(mlc_device_t *device, mlc_dtype_t dtype, uint32_t rank,
                                             const int64_t *dims, mlc_tensor_t **out_tensor);
/* Borrows host memory [data, data + size_bytes) of any alignment until release_fn (may be null) is called with
 * `user` and data; on failure it is not called. SHAPE_MISMATCH: size_bytes is less than the dims
 * need. */
MLC_API mlc_status_t *mlc_tensor_wrap(mlc_dtype_t dtype, uint32_t rank, const int64_t *dims,
                                      void *data, size_t size_bytes, mlc_release_fn release_fn,
                                      void *user, mlc_tensor_t **out_tensor);
/* The same for memory on the device, a CUdeviceptr, aligned to the element's size; as an input or
 * output of a run to 16 bytes (else INVALID_ARGUMENT there). On the host as mlc_tensor_wrap. */
MLC_API mlc_status_t *mlc_tensor_wrap_device(mlc_device_t *device, mlc_dtype_t dtype, uint32_t rank,
                                             const int64_t *dims, void *data, size_t size_bytes,
                                             mlc_release_fn release_fn, void *user,
                                             mlc_tensor_t **out_tensor);
/* Copies all elements between two tensors of equal dtype and dims, on the host or one device, and
 * waits. Runs that were enqueued are not waited for. DTYPE_MISMATCH, SHAPE_MISMATCH,
 * INVALID_ARGUMENT (two devices), DEVICE_FAILED. */
MLC_API mlc_status_t *mlc_tensor_copy(mlc_tensor_t *dst, const mlc_tensor_t *src);
MLC_API void mlc_tensor_retain(mlc_tensor_t *tensor);
MLC_API void mlc_tensor_release(mlc_tensor_t *tensor);
MLC_API mlc_dtype_t mlc_tensor_dtype(const mlc_tensor_t *tensor);
MLC_API uint32_t mlc_tensor_rank(const mlc_tensor_t *tensor);
MLC_API const int64_t *mlc_tensor_dims(const mlc_tensor_t *tensor);
/* An address on the device when mlc_tensor_on_device says so. */
MLC_API void *mlc_tensor_data(const mlc_tensor_t *tensor);
/* Non-zero when the host cannot read and write the elements. */
MLC_API int mlc_tensor_on_device(const mlc_tensor_t *tensor);
/* Bytes of the elements. */
MLC_API size_t mlc_tensor_size_bytes(const mlc_tensor_t *tensor);

/* ---- session ---- */

/* One entry of a plan on one device, with its own activations. Several sessions may run at once;
 * they share weights and code. */
typedef struct mlc_session mlc_session_t;

typedef struct mlc_session_options {
  size_t struct_size;
  const char *entry; /* null = the plan's first */
  uint32_t
      max_cached_shapes; /* distinct shapes whose planning is kept, least recently used out; 8 */
  int profile;           /* non-zero: time every instruction (about 50 ns each) */
  uint64_t max_loop_iterations; /* a Loop that runs longer ends in DATA_FAULT; 2^40 */
  int cuda_graphs; /* CUDA: zero launches each instruction by itself instead of graphs, with the same
                      answers; the init function takes it from MLC_CUDA_GRAPHS, else 1 */
  int cuda_dependent_launch; /* CUDA: zero starts each kernel of a graph when the one before it has
                                ended, with the same answers; MLC_CUDA_DEPENDENT_LAUNCH, else 1 */
  int cuda_inputs_ahead; /* CUDA: non-zero copies inputs that lie in host memory as soon as
                            mlc_session_enqueue is called, on a stream of the session's own, beside
                            earlier runs and work on the caller's stream. Their contents must be
                            final when the call is made: no work that was enqueued may write them,
                            the session's own earlier runs included. Takes room on the device for
                            the inputs of two runs. MLC_CUDA_INPUTS_AHEAD, else 0 */
} mlc_session_options_t;

MLC_API void mlc_session_options_init_sized(mlc_session_options_t *options, size_t struct_size);
static inline void mlc_session_options_init(mlc_session_options_t *options) {
  mlc_session_options_init_sized(options, sizeof *options);
}

/* Chooses the best code in the plan that the device can run and makes it ready: on CUDA loads it and
 * uploads the weights unless another session of the plan has. NO_TARGET lists what each candidate
 * lacks. OUT_OF_MEMORY, DEVICE_FAILED. */
MLC_API mlc_status_t *mlc_session_create(mlc_plan_t *plan, mlc_device_t *device,
                                         const mlc_session_options_t *options,
                                         mlc_session_t **out_session);
MLC_API void mlc_session_retain(mlc_session_t *session);
MLC_API void mlc_session_release(mlc_session_t *session);
MLC_API const mlc_signature_t *mlc_session_signature(const mlc_session_t *session);
/* The arch of the chosen code, as given to the compiler: "x86-64-v3". */
MLC_API const char *mlc_session_target(const mlc_session_t *session);
/* Which of the code's programs the last run or prepare took: "batch=8, sequence=1..128" for one
 * that was compiled for these dims (mlc-compile --bucket), "" for the generic one. */
MLC_API const char *mlc_session_bucket(const mlc_session_t *session);

/* Does the planning and allocating for one assignment of the symbols (in the signature's order)
 * ahead of its first run, which on CUDA makes its graphs then, not at the second. With null values it takes the symbols from the inputs that are set.
 * OUT_OF_RANGE, SHAPE_MISMATCH, OUT_OF_MEMORY, BUSY. */
MLC_API mlc_status_t *mlc_session_prepare(mlc_session_t *session, const int64_t *symbol_values,
                                          size_t count);

/* Binds an input; the session holds a reference until another tensor (or null) takes its place and
 * the runs that use it have ended. Rank, dtype and fixed dims are checked here, symbolic dims by the
 * run. On CUDA a tensor in host memory is copied to the device by each run. INVALID_ARGUMENT: the
 * tensor lies on another device. */
MLC_API mlc_status_t *mlc_session_set_input(mlc_session_t *session, size_t index,
                                            mlc_tensor_t *tensor);
/* Binds an output to the caller's memory (on CUDA of the host or the device), whose shape must be
 * the output's; null gives it back to the session, whose own are in host memory. No output may
 * overlap an input or another output. */
MLC_API mlc_status_t *mlc_session_set_output(mlc_session_t *session, size_t index,
                                             mlc_tensor_t *tensor);

/* Runs to the end, on the host by this thread and the device's workers. No allocation when this shape has run
 * before and the session's own outputs of the last run were released. INVALID_ARGUMENT: an input is
 * not set. SHAPE_MISMATCH and OUT_OF_RANGE name input, dimension and both values. DATA_FAULT names
 * the model's node. After a failure the outputs are undefined, the session is usable; after
 * DEVICE_FAILED it is not, and neither are the device's others when the message says that the device
 * is lost. */
MLC_API mlc_status_t *mlc_session_run(mlc_session_t *session);
/* Starts a run behind the work on the stream and the session's earlier runs, and returns. Inputs and
 * outputs must keep their place and contents until the stream has passed it; work that the stream has
 * before it may still write the inputs, unless cuda_inputs_ahead says otherwise. Copies of pageable
 * host memory may make the call wait. The call also waits where the program does (an If or Loop, a
 * size taken from an input's element on the device, a new shape that needs more memory). Status as
 * mlc_session_run; faults of the data show at the next mlc_session_wait. */
MLC_API mlc_status_t *mlc_session_enqueue(mlc_session_t *session, mlc_stream_t *stream);
/* Waits for the session's enqueued runs. DATA_FAULT for the first instruction that met one in any of
 * them, DEVICE_FAILED. */
MLC_API mlc_status_t *mlc_session_wait(mlc_session_t *session);
/* Makes the run in progress end soon with CANCELLED, or does nothing when there is none. From any
 * thread. */
MLC_API void mlc_session_cancel(mlc_session_t *session);

/* Output `index` of the last successful run (bound by the caller or not), a new reference. Its
 * contents stay until it is released: a run that finds one still held takes new memory. After
 * mlc_session_enqueue they are there when the stream has passed the run. INVALID_ARGUMENT: no run
 * yet. */
MLC_API mlc_status_t *mlc_session_get_output(mlc_session_t *session, size_t index,
                                             mlc_tensor_t **out_tensor);

/* Memory of the current shape: of the last run or prepare. */
typedef struct mlc_session_memory {
  size_t struct_size;          /* set by the caller: sizeof(mlc_session_memory_t) */
  uint64_t planned_peak_bytes; /* the arena: all activations and workspaces */
  uint64_t lower_bound_bytes;  /* the largest sum of live bytes over the schedule */
  uint64_t scratch_bytes;      /* private memory of the threads, all together */
  uint64_t weights_bytes;      /* of the plan, shared by all sessions */
} mlc_session_memory_t;

MLC_API mlc_status_t *mlc_session_memory(const mlc_session_t *session,
                                         mlc_session_memory_t *out_memory);

/* ---- profile ---- */

/* What one instruction has cost since profiling began. flops and bytes are estimates for one
 * execution at the current shape, 0 when unknown.
 *
 * On CUDA a kernel starts while those before it still run, which single times do not show: runs take
 * turns at timing each instruction by itself, then two together, then three, from every place on.
 * What an instruction adds to the time of its predecessors is its total_ns; alone_ns counts what is
 * hidden behind them too. Fewer than six runs may know less, one only single times, and then both are
 * equal, as on the host. All of it runs in one stream: where a plan's branches run
 * beside each other, a run takes less than the sum of total_ns. */
typedef struct mlc_profile_entry {
  const char *label;        /* the instruction's name */
  const char *kernel;       /* the kernel it launches, or "copy" */
  const char *const *nodes; /* the model's nodes that it computes */
  size_t num_nodes;
  uint64_t count; /* executions */
  uint64_t total_ns; /* of all of them, as parts of a run */
  int64_t flops;
  int64_t bytes;
  uint64_t min_ns; /* the fastest execution by itself */
  mlc_dtype_t dtype; /* the shortest floating type that it reads, which its products are of;
                        MLC_DTYPE_UNDEFINED when it reads none */
  uint64_t alone_ns; /* of all executions, as if each had run by itself */
} mlc_profile_entry_t;

/* Turns timing on or off; turning it on forgets earlier times. */
MLC_API mlc_status_t *mlc_session_set_profile(mlc_session_t *session, int enabled);
MLC_API size_t mlc_session_profile_count(const mlc_session_t *session);
/* Launches and copies, in program order, of the program that mlc_session_bucket names; null when
 * `index` is out of range. Updated in place by runs. */
MLC_API const mlc_profile_entry_t *mlc_session_profile(const mlc_session_t *session, size_t index);

#ifdef __cplusplus
}
#endif

#endif
