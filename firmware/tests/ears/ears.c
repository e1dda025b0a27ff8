/* SPDX-License-Identifier: Apache-2.0 */
#include "ears.h"

#include <stddef.h>
#include <string.h>

#include "engine.h"
#include "hil_frontend.h"
#include "model.h"
#include "sums/sums.h"

/* What conversation.c sets when the power comes on. */
sums_fault sums_does;

static hil_tensor input_tensor = {.name = "rows", .dtype = HIL_S8, .ndim = 2, .dim = {EARS_ROWS, EARS_VALUES}, .bytes = 4, .scale = 1.0f};
static hil_tensor output_tensor = {
    .name = "scores", .dtype = HIL_S8, .ndim = 2, .dim = {1, 3}, .bytes = 3, .scale = 1.0f / 256.0f, .zero_point = -128};

static int init(void *arena, uint32_t bytes) {
    if (bytes < HIL_MODEL_ARENA_BYTES) {
        return -1;
    }
    input_tensor.data = arena;
    output_tensor.data = (uint8_t *)arena + 8;
    return 0;
}

static const hil_tensor *input(uint32_t i) {
    return i == 0 ? &input_tensor : NULL;
}

static const hil_tensor *output(uint32_t i) {
    return i == 0 ? &output_tensor : NULL;
}

static const hil_tensor *layer(uint32_t i) {
    (void)i;
    return NULL;
}

/* The class that the newest row's first value names has the highest score. */
static int run(hil_layer_cb callback, void *context) {
    const int8_t *rows = input_tensor.data;
    int8_t *scores = output_tensor.data;
    (void)callback;
    (void)context;
    for (int8_t i = 0; i < 3; i++) {
        scores[i] = rows[EARS_VALUES] == i ? 127 : -128;
    }
    return sums_does == SUMS_FAILS ? -5 : 0;
}

static uint32_t arena_used(void) {
    return HIL_MODEL_ARENA_BYTES;
}

static const uint8_t model_sha256[32] = HIL_MODEL_SHA256_INIT;

const hil_engine hil_engine_active = {
    .engine = HIL_ENGINE_NAME,
    .version = HIL_ENGINE_VERSION,
    .model = HIL_MODEL_NAME,
    .model_sha256 = model_sha256,
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

void ears_row(const int16_t *window, uint32_t before, uint16_t *row) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < EARS_WINDOW; i++) {
        sum += window[i];
    }
    row[0] = (uint16_t)window[EARS_WINDOW - 1];
    row[1] = (uint16_t)(sum + (int32_t)before);
}

static void reset(void *state) {
    memset(state, 0, sizeof(uint32_t));
}

static void compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context) {
    uint32_t *before = state;
    (void)self;
    ears_row(window, *before, row);
    ++*before;
    if (tap != NULL) {
        tap(context, 0, before, sizeof *before);
        tap(context, 1, row, EARS_VALUES * sizeof(uint16_t));
    }
}

static void encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out) {
    const uint16_t *values = row;
    int8_t *to = out;
    (void)self;
    (void)tensor;
    for (uint32_t i = 0; i < EARS_VALUES; i++) {
        to[i] = (int8_t)(values[i] & 0x7Fu);
    }
}

static const hil_frontend_stage stages[] = {{"before", HIL_FE_U32, 1}, {"row", HIL_FE_U16, EARS_VALUES}};
static const uint8_t tables_sha256[32] = {0x7A, 0xB1};

const hil_frontend hil_frontend_active = {
    .name = "ears",
    .tables_sha256 = tables_sha256,
    .sample_hz = 1,
    .sample_dtype = HIL_S16,
    .channels = 1,
    .row_dtype = HIL_FE_U16,
    .n_stages = 2,
    .window = EARS_WINDOW,
    .hop = EARS_HOP,
    .values = EARS_VALUES,
    .rows = EARS_ROWS,
    .state_bytes = sizeof(uint32_t),
    .stages = stages,
    .reset = reset,
    .compute = compute,
    .encode = encode,
};
