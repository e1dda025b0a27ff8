/* SPDX-License-Identifier: Apache-2.0
 * An engine for tests: two inputs of int8, two outputs of int32: the sum of each. More layers than one LAYERS lists.
 * With SUMS_REMEMBERS it has a memory: the sums go on from run to run. */
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

static int32_t remembered[2]; /* stays 0 without SUMS_REMEMBERS */

static void forget(void) {
    memset(remembered, 0, sizeof remembered);
}

static int init(void *arena, uint32_t bytes) {
    uint8_t *memory = arena;
    if (bytes < HIL_MODEL_ARENA_BYTES || sums_does == SUMS_DOES_NOT_START) {
        return -1;
    }
    forget();
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

/* As real engines do, all layers write to the same memory. Layers 0 and 1 are the sums, the last one is the largest, and
 * byte k of each of the others is the layer's number plus k. */
static hil_tensor *layer_tensor(uint32_t i) {
    static uint8_t memory[SUMS_LAYER_BYTES];
    static hil_tensor tensor = {.name = "layer", .dtype = HIL_S8, .ndim = 1, .data = memory};
    if (i >= SUMS_LAYERS) {
        return NULL;
    }
    if (i < 2) {
        return &outputs[i];
    }
    tensor.bytes = i + 1 == SUMS_LAYERS ? SUMS_LAYER_BYTES : i;
    tensor.dim[0] = (uint16_t)tensor.bytes;
    return &tensor;
}

static const hil_tensor *layer(uint32_t i) {
    return layer_tensor(i);
}

static void show_layers(hil_layer_cb callback, void *context) {
    for (uint16_t i = 0; i < SUMS_LAYERS; i++) {
        const hil_tensor *out = layer_tensor(i);
        for (uint32_t k = 0; i >= 2 && k < out->bytes; k++) {
            ((uint8_t *)out->data)[k] = (uint8_t)(i + k);
        }
        const hil_layer_event event = {.index = i, .op = (uint16_t)(100 + i), .name = out->name, .out = out};
        callback(context, &event);
    }
}

static int run(hil_layer_cb callback, void *context) {
    for (uint32_t i = 0; i < 2; i++) {
        const int8_t *data = inputs[i].data;
        int32_t sum = remembered[i];
        for (uint32_t k = 0; k < inputs[i].bytes; k++) {
            sum += data[k];
        }
        memcpy(outputs[i].data, &sum, sizeof sum);
#ifdef SUMS_REMEMBERS
        remembered[i] = sum;
#endif
    }
    if (callback != NULL) {
        show_layers(callback, context);
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
    .capabilities = HIL_CAP_LAYER_OUT,
    .n_inputs = 2,
    .n_outputs = 2,
    .n_layers = SUMS_LAYERS,
    .init = init,
    .input = input,
    .output = output,
    .layer = layer,
    .run = run,
    .arena_used = arena_used,
#ifdef SUMS_REMEMBERS
    .forget = forget,
#endif
};
