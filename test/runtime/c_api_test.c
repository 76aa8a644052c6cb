/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The public header as C99. usage: c_api_test PLAN, the plan of write_plan. Runs it from memory and releases the handles in
 * every order. */
#include <stdio.h>
#include <stdlib.h>

#include "mlc/runtime.h"

#define ALIGNMENT 64

static int failures = 0;

static void expect(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "c_api_test: expected %s\n", what);
  ++failures;
}

static void check(mlc_status_t *status) {
  if (!status) return;
  fprintf(stderr, "c_api_test: %s: %s\n", mlc_status_code_name(mlc_status_code(status)),
          mlc_status_message(status));
  mlc_status_release(status);
  exit(1);
}

static void expect_code(mlc_status_t *status, mlc_status_code_t code) {
  expect(mlc_status_code(status) == code, mlc_status_code_name(code));
  mlc_status_release(status);
}

static void *read_file(const char *path, size_t *out_size) {
  FILE *file = fopen(path, "rb");
  char *raw, *bytes;
  long size;
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  raw = malloc((size_t)size + ALIGNMENT);
  bytes = raw + (ALIGNMENT - (size_t)raw % ALIGNMENT);
  bytes[-1] = (char)(bytes - raw);
  *out_size = fread(bytes, 1, (size_t)size, file);
  fclose(file);
  return bytes;
}

static void free_bytes(void *user, const void *bytes) {
  char *start = (char *)bytes;
  ++*(int *)user;
  free(start - start[-1]);
}

static void release(int which, mlc_plan_t *plan, mlc_device_t *device, mlc_session_t *session,
                    mlc_tensor_t *tensor) {
  if (which == 0) mlc_plan_release(plan);
  if (which == 1) mlc_device_release(device);
  if (which == 2) mlc_session_release(session);
  if (which == 3) mlc_tensor_release(tensor);
}

/* order holds each of 0 to 3 once. */
static void run_and_release(const char *path, const int *order) {
  mlc_plan_t *plan = NULL;
  mlc_device_t *device = NULL;
  mlc_session_t *session = NULL;
  mlc_tensor_t *x = NULL, *y = NULL;
  const int64_t dims[] = {3};
  float values[] = {1, 2, 3};
  size_t size, i;
  int released = 0;
  void *bytes = read_file(path, &size);

  check(mlc_plan_open_memory(bytes, size, free_bytes, &released, NULL, &plan));
  check(mlc_device_open("host", NULL, &device));
  check(mlc_session_create(plan, device, NULL, &session));
  check(mlc_tensor_wrap(MLC_DTYPE_FLOAT32, 1, dims, values, sizeof values, NULL, NULL, &x));
  check(mlc_session_set_input(session, 0, x));
  mlc_tensor_release(x);
  check(mlc_session_run(session));
  check(mlc_session_get_output(session, 0, &y));
  for (i = 0; i < 4; ++i) {
    release(order[i], plan, device, session, y);
    if (order[i] != 3 && i < 3 && order[3] == 3)
      expect(((float *)mlc_tensor_data(y))[2] == 9, "y[2] = 3 + 3 + 3");
  }
  expect(released == 1, "the plan's bytes to be released once");
}

static void run_all_orders(const char *path) {
  int a, b, c;
  for (a = 0; a < 4; ++a)
    for (b = 0; b < 4; ++b)
      for (c = 0; c < 4; ++c) {
        const int order[] = {a, b, c, 6 - a - b - c};
        if (a != b && a != c && b != c) run_and_release(path, order);
      }
}

static void query(const char *path) {
  mlc_plan_t *plan = NULL;
  const mlc_signature_t *signature = NULL;
  const mlc_tensor_info_t *x;
  size_t index = 9;
  check(mlc_plan_open_file(path, NULL, &plan));
  check(mlc_plan_signature(plan, NULL, &signature));
  x = mlc_signature_input(signature, 0);
  expect(x && x->rank == 1 && x->dims[0] == -1 && x->dim_names[0][0] == 'n', "x: [n]");
  expect(x && x->dim_min[0] == 1 && x->dim_max[0] == 8, "n in [1, 8]");
  expect(mlc_signature_input(signature, 1) == NULL, "no second input");
  expect(mlc_plan_metadata(plan, "author")[0] == 's', "the author");
  expect(mlc_plan_metadata(plan, "none") == NULL, "no such key");
  check(mlc_signature_find_output(signature, "y", &index));
  expect(index == 0, "y is output 0");
  expect_code(mlc_signature_find_input(signature, "z", &index), MLC_STATUS_NOT_FOUND);
  expect_code(mlc_plan_signature(plan, "other", &signature), MLC_STATUS_NOT_FOUND);
  mlc_plan_release(plan);
}

/* Streams and copies, which on the host need no device to wait for. */
static void enqueue(const char *path) {
  mlc_plan_t *plan = NULL;
  mlc_device_t *device = NULL;
  mlc_session_t *session = NULL;
  mlc_stream_t *stream = (mlc_stream_t *)1;
  mlc_tensor_t *x = NULL, *staged = NULL, *y = NULL;
  const int64_t dims[] = {2}, other_dims[] = {1};
  float values[] = {1, 2};
  check(mlc_plan_open_file(path, NULL, &plan));
  check(mlc_device_open("host", NULL, &device));
  expect(mlc_device_kind(device) == MLC_DEVICE_HOST, "the host");
  check(mlc_session_create(plan, device, NULL, &session));
  expect_code(mlc_stream_wrap(device, values, &stream), MLC_STATUS_INVALID_ARGUMENT);
  expect(stream == NULL, "a nulled result");
  check(mlc_stream_create(device, &stream));
  check(mlc_tensor_wrap_device(device, MLC_DTYPE_FLOAT32, 1, dims, values, sizeof values, NULL,
                               NULL, &staged));
  check(mlc_tensor_create_host(device, MLC_DTYPE_FLOAT32, 1, dims, &x));
  expect(!mlc_tensor_on_device(x), "host memory");
  check(mlc_tensor_copy(x, staged));
  mlc_tensor_release(staged);
  check(mlc_tensor_create(device, MLC_DTYPE_FLOAT32, 1, other_dims, &staged));
  expect_code(mlc_tensor_copy(x, staged), MLC_STATUS_SHAPE_MISMATCH);
  check(mlc_session_set_input(session, 0, x));
  check(mlc_session_enqueue(session, stream));
  check(mlc_stream_synchronize(stream));
  check(mlc_session_wait(session));
  check(mlc_session_get_output(session, 0, &y));
  expect(((float *)mlc_tensor_data(y))[1] == 6, "y[1] = 2 + 2 + 2");
  mlc_stream_release(stream);
  mlc_tensor_release(x);
  mlc_tensor_release(y);
  mlc_tensor_release(staged);
  mlc_session_release(session);
  mlc_device_release(device);
  mlc_plan_release(plan);
}

static void refuse_wrong_arguments(void) {
  mlc_device_t *device = (mlc_device_t *)1;
  mlc_plan_t *plan = (mlc_plan_t *)1;
  mlc_device_options_t options = {0};
  expect_code(mlc_device_open(NULL, NULL, &device), MLC_STATUS_INVALID_ARGUMENT);
  expect(device == NULL, "a nulled result");
  expect_code(mlc_device_open("toaster", NULL, &device), MLC_STATUS_INVALID_ARGUMENT);
  expect_code(mlc_device_open("cuda:4095", NULL, &device), MLC_STATUS_DEVICE_UNAVAILABLE);
  expect_code(mlc_device_open("host", &options, &device), MLC_STATUS_INVALID_ARGUMENT);
  expect_code(mlc_plan_open_file("does/not/exist", NULL, &plan), MLC_STATUS_NOT_FOUND);
  expect(plan == NULL, "a nulled result");
  expect_code(mlc_plan_open_memory(NULL, 0, NULL, NULL, NULL, &plan), MLC_STATUS_INVALID_ARGUMENT);
  mlc_plan_release(NULL);
  mlc_device_release(NULL);
  mlc_session_release(NULL);
  mlc_tensor_release(NULL);
  mlc_status_release(NULL);
}

/* Headers that know fewer fields than the library, and more. */
static void check_option_sizes(void) {
  mlc_session_options_t options;
  const size_t older = offsetof(mlc_session_options_t, cuda_graphs);
  struct {
    mlc_session_options_t known;
    uint64_t more;
  } newer;
  options.cuda_graphs = 77;
  mlc_session_options_init_sized(&options, older);
  expect(options.struct_size == older, "the caller's size");
  expect(options.max_cached_shapes == 8, "a default in a field that an older header has");
  expect(options.cuda_graphs == 77, "nothing written behind an older header's struct");
  newer.more = 77;
  mlc_session_options_init_sized(&newer.known, sizeof newer);
  expect(newer.known.struct_size == sizeof newer, "the caller's size");
  expect(newer.known.max_cached_shapes == 8 && newer.more == 0, "zero in what only a newer header has");
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  refuse_wrong_arguments();
  check_option_sizes();
  query(argv[1]);
  enqueue(argv[1]);
  run_all_orders(argv[1]);
  return failures != 0;
}
