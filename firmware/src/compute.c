/* SPDX-License-Identifier: Apache-2.0 */
#include "compute.h"

#include <stddef.h>
#include <string.h>

#include "answers.h"
#include "board.h"
#include "config.h"
#include "engine.h"
#include "wire/crc32.h"
#include "wire/messages.h"

/* 16-byte aligned, as engine.h asks. */
static uint8_t arena[HIL_MODEL_ARENA_BYTES] __attribute__((aligned(16)));

static uint32_t total_bytes(uint32_t n, const hil_tensor *(*tensor)(uint32_t)) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        const hil_tensor *t = tensor(i);
        if (t == NULL || t->data == NULL) {
            return 0;
        }
        bytes += t->bytes;
    }
    return bytes;
}

const char *compute_start(void) {
    const hil_engine *e = &hil_engine_active;
    if (e->arena_bytes > sizeof arena) {
        return "the engine asks for a larger arena than was built";
    }
    if (e->init(arena, sizeof arena) != 0) {
        return "the engine failed to start";
    }
    if (total_bytes(e->n_inputs, e->input) != HIL_INPUT_BYTES || total_bytes(e->n_outputs, e->output) != HIL_OUTPUT_BYTES) {
        return "the engine's tensors are not those of the build";
    }
    if (answer_name_max() == 0) {
        return "the engine has more tensors than HELLO can describe";
    }
    return NULL;
}

uint32_t compute_input_crc(void) {
    uint32_t crc = 0;
    for (uint32_t i = 0; i < hil_engine_active.n_inputs; i++) {
        const hil_tensor *t = hil_engine_active.input(i);
        crc = crc32(crc, t->data, t->bytes);
    }
    return crc;
}

void compute_run(const uint8_t *input, result *r) {
    const hil_engine *e = &hil_engine_active;
    uint32_t at = 0;
    for (uint32_t i = 0; i < e->n_inputs; i++) {
        const hil_tensor *t = e->input(i);
        memcpy(t->data, &input[at], t->bytes);
        at += t->bytes;
    }
    uint32_t before = compute_input_crc();
    uint64_t started = board_cycles();
    int failed = e->run(NULL, NULL);
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
