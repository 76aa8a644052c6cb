/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The C API from C99. usage: consumer [RELU.plan]: opens the host device, meets an error, and runs the plan if one is given.
 */
#include <mlc/runtime.h>
#include <stdio.h>
#include <string.h>

static int fail(mlc_status_t *status) {
  fprintf(stderr, "%s: %s\n", mlc_status_code_name(mlc_status_code(status)), mlc_status_message(status));
  mlc_status_release(status);
  return 1;
}

static int run(mlc_device_t *device, const char *path) {
  float x[8] = {-1, 2, -3, 4, 5, -6, 7, -8};
  const int64_t dims[2] = {2, 4};
  mlc_plan_t *plan = NULL;
  mlc_session_t *session = NULL;
  mlc_tensor_t *input = NULL, *output = NULL;
  mlc_status_t *status = mlc_plan_open_file(path, NULL, &plan);
  int wrong = 0;
  if (!status) status = mlc_session_create(plan, device, NULL, &session);
  if (!status) status = mlc_tensor_wrap(MLC_DTYPE_FLOAT32, 2, dims, x, sizeof x, NULL, NULL, &input);
  if (!status) status = mlc_session_set_input(session, 0, input);
  if (!status) status = mlc_session_run(session);
  if (!status) status = mlc_session_get_output(session, 0, &output);
  if (!status) {
    const float *y = (const float *)mlc_tensor_data(output);
    int i;
    for (i = 0; i < 8; ++i) wrong |= y[i] != (x[i] > 0 ? x[i] : 0);
    printf("ran %s for %s: %s\n", path, mlc_session_target(session), wrong ? "wrong" : "right");
  }
  mlc_plan_release(plan); /* children keep their parents alive */
  mlc_tensor_release(output);
  mlc_tensor_release(input);
  mlc_session_release(session);
  return status ? fail(status) : wrong;
}

int main(int argc, char **argv) {
  mlc_device_t *device = NULL;
  mlc_plan_t *plan = NULL;
  mlc_status_t *status = mlc_device_open("host", NULL, &device);
  int result = 0;
  if (status) return fail(status);
  printf("mlc %s, %s, %u threads\n", mlc_version(), mlc_device_name(device), (unsigned)mlc_device_num_threads(device));
  status = mlc_plan_open_file("/nonexistent.plan", NULL, &plan);
  if (mlc_status_code(status) != MLC_STATUS_NOT_FOUND || !strstr(mlc_status_message(status), "nonexistent.plan")) return fail(status);
  mlc_status_release(status);
  if (argc > 1) result = run(device, argv[1]);
  mlc_device_release(device);
  return result;
}
