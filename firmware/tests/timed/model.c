/* SPDX-License-Identifier: Apache-2.0
 * An engine for measuring the link with the native build: an int8 input of any size (model.h is written by
 * harness/linkbench/timed_model.py), a run that lasts as long as the environment variable HIL_TIMED_RUN_US says, and the
 * first ten bytes of the input as its output. With HIL_STEP_FD (boards/native/board.c) a run says 'R' there and lasts
 * until a byte comes back: whoever simulates the time says how long that is. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "model.h"

static hil_tensor input_tensor = {
    .name = "input", .dtype = HIL_S8, .ndim = 2, .dim = {1, HIL_MODEL_INPUT_BYTES}, .bytes = HIL_MODEL_INPUT_BYTES, .scale = 1.0f};
static hil_tensor output_tensor = {
    .name = "output", .dtype = HIL_S8, .ndim = 2, .dim = {1, HIL_MODEL_OUTPUT_BYTES}, .bytes = HIL_MODEL_OUTPUT_BYTES, .scale = 1.0f};
static long run_us;
static int step_fd = -1;

static int init(void *arena, uint32_t bytes) {
    const char *text = getenv("HIL_TIMED_RUN_US");
    const char *step = getenv("HIL_STEP_FD");
    if (bytes < HIL_MODEL_ARENA_BYTES) {
        return -1;
    }
    step_fd = step != NULL ? (int)strtol(step, NULL, 10) : -1;
    run_us = text != NULL ? strtol(text, NULL, 10) : 0;
    input_tensor.data = arena;
    output_tensor.data = (uint8_t *)arena + HIL_MODEL_INPUT_BYTES;
    return 0;
}

static const hil_tensor *input(uint32_t i) {
    (void)i;
    return &input_tensor;
}

static const hil_tensor *output(uint32_t i) {
    (void)i;
    return &output_tensor;
}

static const hil_tensor *layer(uint32_t i) {
    (void)i;
    return NULL;
}

static int run(hil_layer_cb callback, void *context) {
    (void)callback;
    (void)context;
    memcpy(output_tensor.data, input_tensor.data, HIL_MODEL_OUTPUT_BYTES);
    if (step_fd >= 0) {
        char go;
        if (write(step_fd, "R", 1) != 1 || read(step_fd, &go, 1) != 1) {
            exit(0);
        }
    } else if (run_us > 0) {
        /* To a fixed end: a signal in between must not make the run longer. */
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += run_us / 1000000;
        end.tv_nsec += run_us % 1000000 * 1000;
        if (end.tv_nsec >= 1000000000) {
            end.tv_sec++;
            end.tv_nsec -= 1000000000;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) {
        }
    }
    return 0;
}

static uint32_t arena_used(void) {
    return HIL_MODEL_ARENA_BYTES;
}

static const uint8_t sha256[32] = HIL_MODEL_SHA256_INIT;

const hil_engine hil_engine_active = {
    .engine = HIL_ENGINE_NAME,
    .version = HIL_ENGINE_VERSION,
    .model = HIL_MODEL_NAME,
    .model_sha256 = sha256,
    .arena_bytes = HIL_MODEL_ARENA_BYTES,
    .n_inputs = 1,
    .n_outputs = 1,
    .init = init,
    .input = input,
    .output = output,
    .layer = layer,
    .run = run,
    .arena_used = arena_used,
};
