/* SPDX-License-Identifier: Apache-2.0 */
#include "compute.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "config.h"
#include "engine.h"
#include "wire/crc32.h"
#include "wire/messages.h"

/* An engine whose inputs may lie anywhere reads a sample in its slot; there is no second place for it then. */
#ifndef HIL_MODEL_CORE_BYTES
#define HIL_MODEL_CORE_BYTES HIL_MODEL_ARENA_BYTES
#endif

/* 16-byte aligned, as engine.h asks. */
static uint8_t arena[HIL_MODEL_CORE_BYTES] __attribute__((aligned(16)));

static uint32_t total_bytes(uint32_t n, const hil_tensor *(*tensor)(uint32_t), bool placed_later) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        const hil_tensor *t = tensor(i);
        if (t == NULL || (t->data == NULL && !placed_later)) {
            return 0;
        }
        bytes += t->bytes;
    }
    return bytes;
}

const char *compute_start(void) {
    const hil_engine *e = &hil_engine_active;
    if ((e->place_input ? e->core_bytes : e->arena_bytes) > sizeof arena) {
        return "the engine asks for a larger arena than was built";
    }
    if (e->init(arena, sizeof arena) != 0) {
        return "the engine failed to start";
    }
    if (total_bytes(e->n_inputs, e->input, e->place_input != NULL) != HIL_MODEL_INPUT_BYTES ||
        total_bytes(e->n_outputs, e->output, false) != HIL_MODEL_OUTPUT_BYTES) {
        return "the engine's tensors are not those of the build";
    }
    return NULL;
}

bool compute_shows_layers(void) {
    return (hil_engine_active.capabilities & (HIL_CAP_LAYER_OUT | HIL_CAP_LAYER_CYCLES)) != 0;
}

uint32_t compute_input_crc(void) {
    uint32_t crc = 0;
    for (uint32_t i = 0; i < hil_engine_active.n_inputs; i++) {
        const hil_tensor *t = hil_engine_active.input(i);
        if (t->data == NULL) {
            return 0;
        }
        crc = crc32(crc, t->data, t->bytes);
    }
    return crc;
}

/* 0 when the engine has the input. */
static int give(uint8_t *input) {
    const hil_engine *e = &hil_engine_active;
    int failed = 0;
    for (uint32_t i = 0; i < e->n_inputs && !failed; i++) {
        const hil_tensor *t = e->input(i);
        if (e->place_input) {
            failed = e->place_input(i, input);
        } else {
            memcpy(t->data, input, t->bytes);
        }
        input += t->bytes;
    }
    return failed;
}

void compute_run(uint8_t *input, result *r) {
    const hil_engine *e = &hil_engine_active;
    int failed = give(input);
    uint32_t before = compute_input_crc();
    uint64_t started = board_cycles();
    failed = failed ? failed : e->run(NULL, NULL);
    r->cycles = board_cycles() - started;
    r->input_crc = compute_input_crc();
    r->bytes = 0;
    if (failed) {
        r->status = HIL_RESULT_STATUS_ENGINE;
        return;
    }
    r->status = r->input_crc == before ? HIL_RESULT_STATUS_OK : HIL_RESULT_STATUS_INPUT_CHANGED;
    for (uint32_t i = 0; i < e->n_outputs; i++) {
        const hil_tensor *t = e->output(i);
        memcpy(&r->output[r->bytes], t->data, t->bytes);
        r->bytes += t->bytes;
    }
}
