/* SPDX-License-Identifier: Apache-2.0 */
#include "external.h"

#include <stddef.h>

static hil_layer_cb callback;
static void *context;
static uint16_t next;
static hil_tensor last; /* of the layer being told: the callback's tensor is valid only inside */

int external_place(void *arena, uint32_t bytes) {
    uint8_t *at = arena;
    if (arena == NULL || bytes < HIL_MODEL_ARENA_BYTES) {
        return EXTERNAL_BAD_ARENA;
    }
    for (uint32_t i = 0; i < HIL_MODEL_INPUTS + HIL_MODEL_OUTPUTS; i++) {
        hil_tensor *t = i < HIL_MODEL_INPUTS ? &hil_model_inputs[i] : &hil_model_outputs[i - HIL_MODEL_INPUTS];
        t->data = at;
        at += (t->bytes + 15u) / 16u * 16u;
    }
    return 0;
}

void external_begin(hil_layer_cb wanted, void *with) {
    callback = wanted;
    context = with;
    next = 0;
}

void external_layer_done(uint16_t op, const char *name, void *data, uint32_t bytes, uint32_t cycles) {
    if (callback == NULL || next == EXTERNAL_LAYERS_MAX) {
        return;
    }
    last = (hil_tensor){.name = name, .dtype = HIL_S8, .ndim = 1, .bytes = bytes, .data = data};
    const hil_layer_event event = {.index = next, .op = op, .name = name, .out = &last, .cycles = cycles};
    callback(context, &event);
    next++;
}

const hil_tensor *external_input(uint32_t i) {
    return i < HIL_MODEL_INPUTS ? &hil_model_inputs[i] : NULL;
}

const hil_tensor *external_output(uint32_t i) {
    return i < HIL_MODEL_OUTPUTS ? &hil_model_outputs[i] : NULL;
}

/* An SDK tells of its layers while it runs, not before. */
const hil_tensor *external_layer(uint32_t i) {
    (void)i;
    return NULL;
}
