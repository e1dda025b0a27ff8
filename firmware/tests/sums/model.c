/* SPDX-License-Identifier: Apache-2.0
 * An engine for tests: two inputs of int8, two outputs of int32: the sum of each. */
#include <stddef.h>
#include <string.h>

#include "engine.h"
#include "model.h"
#include "sums.h"

enum { FIRST = HIL_MODEL_INPUT_BYTES / 4u };

static hil_tensor inputs[2] = {
    {.name = "first", .dtype = HIL_S8, .ndim = 2, .dim = {1, FIRST}, .bytes = FIRST, .scale = 0.5f, .zero_point = -3},
    {.name = "second", .dtype = HIL_S8, .ndim = 1, .dim = {HIL_MODEL_INPUT_BYTES - FIRST}, .bytes = HIL_MODEL_INPUT_BYTES - FIRST},
};
static hil_tensor outputs[2] = {
    {.name = "sum_of_first", .dtype = HIL_S32, .ndim = 1, .dim = {1}, .bytes = 4},
    {.name = "sum_of_second", .dtype = HIL_S32, .ndim = 1, .dim = {1}, .bytes = 4},
};

sums_fault sums_does;

static int init(void *arena, uint32_t bytes) {
    uint8_t *memory = arena;
    if (bytes < HIL_MODEL_ARENA_BYTES || sums_does == SUMS_DOES_NOT_START) {
        return -1;
    }
    outputs[0].data = memory;
    outputs[1].data = memory + 4;
    inputs[0].data = memory + 8;
    inputs[1].data = memory + 8 + FIRST;
    return 0;
}

static const hil_tensor *input(uint32_t i) {
    return &inputs[i];
}

static const hil_tensor *output(uint32_t i) {
    return &outputs[i];
}

static int run(hil_layer_cb callback, void *context) {
    (void)callback;
    (void)context;
    for (uint32_t i = 0; i < 2; i++) {
        const int8_t *data = inputs[i].data;
        int32_t sum = 0;
        for (uint32_t k = 0; k < inputs[i].bytes; k++) {
            sum += data[k];
        }
        memcpy(outputs[i].data, &sum, sizeof sum);
    }
    if (sums_does == SUMS_SPOILS_ITS_INPUT) {
        ((uint8_t *)inputs[1].data)[0] ^= 1u;
    }
    return sums_does == SUMS_FAILS ? -5 : 0;
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
    .n_inputs = 2,
    .n_outputs = 2,
    .init = init,
    .input = input,
    .output = output,
    .run = run,
    .arena_used = arena_used,
};
