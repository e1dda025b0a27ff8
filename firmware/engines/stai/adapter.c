/* SPDX-License-Identifier: Apache-2.0
 * ST Edge AI (the stai_* interface), network name "network". Its node events carry addresses but no sizes: layers are told
 * with their cycles, not with their contents. */
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "external.h"
#include "network.h"
#include "stai.h"
#include "stai_events.h"

STAI_NETWORK_CONTEXT_DECLARE(network, STAI_NETWORK_CONTEXT_SIZE)
static uint8_t activations[STAI_NETWORK_ACTIVATIONS_SIZE_BYTES] __attribute__((aligned(32)));
static stai_ptr inputs[STAI_NETWORK_IN_NUM];
static stai_ptr outputs[STAI_NETWORK_OUT_NUM];
static const uint32_t input_bytes[STAI_NETWORK_IN_NUM] = STAI_NETWORK_IN_SIZES_BYTES;
static const uint32_t output_bytes[STAI_NETWORK_OUT_NUM] = STAI_NETWORK_OUT_SIZES_BYTES;
static uint64_t began;

static void on_event(void *cookie, const stai_event_type type, const void *payload) {
    const uint64_t now = board_cycles();
    const stai_event_node_start_stop *node = payload;
    (void)cookie;
    if (type == STAI_EVENT_NODE_STOP && node != NULL) {
        external_layer_done((uint16_t)node->node_id, "node", NULL, 0, (uint32_t)(now - began));
    }
    began = board_cycles();
}

static int matched(const uint32_t *theirs, uint32_t n, const hil_tensor *ours, uint32_t n_ours) {
    if (n != n_ours) {
        return EXTERNAL_OTHER_NETWORK;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (theirs[i] != ours[i].bytes) {
            return EXTERNAL_OTHER_NETWORK;
        }
    }
    return 0;
}

static int init(void *arena, uint32_t bytes) {
    stai_ptr places[STAI_NETWORK_ACTIVATIONS_NUM] = {activations};
    stai_size n;
    if (external_place(arena, bytes) != 0) {
        return EXTERNAL_BAD_ARENA;
    }
    if (matched(input_bytes, STAI_NETWORK_IN_NUM, hil_model_inputs, HIL_MODEL_INPUTS) != 0 ||
        matched(output_bytes, STAI_NETWORK_OUT_NUM, hil_model_outputs, HIL_MODEL_OUTPUTS) != 0) {
        return EXTERNAL_OTHER_NETWORK;
    }
    if (stai_runtime_init() != STAI_SUCCESS || stai_network_init(network) != STAI_SUCCESS ||
        stai_network_set_activations(network, places, STAI_NETWORK_ACTIVATIONS_NUM) != STAI_SUCCESS) {
        return EXTERNAL_FAILED;
    }
    /* Where the tool has placed them in the activations these are their places; else NULL, and ours to give. */
    n = STAI_NETWORK_IN_NUM;
    (void)stai_network_get_inputs(network, inputs, &n);
    n = STAI_NETWORK_OUT_NUM;
    (void)stai_network_get_outputs(network, outputs, &n);
    for (uint32_t i = 0; i < STAI_NETWORK_IN_NUM; i++) {
        inputs[i] = inputs[i] != NULL ? inputs[i] : hil_model_inputs[i].data;
    }
    for (uint32_t i = 0; i < STAI_NETWORK_OUT_NUM; i++) {
        outputs[i] = outputs[i] != NULL ? outputs[i] : hil_model_outputs[i].data;
    }
    if (stai_network_set_inputs(network, inputs, STAI_NETWORK_IN_NUM) != STAI_SUCCESS ||
        stai_network_set_outputs(network, outputs, STAI_NETWORK_OUT_NUM) != STAI_SUCCESS) {
        return EXTERNAL_FAILED;
    }
    return 0;
}

static int run(hil_layer_cb callback, void *context) {
    for (uint32_t i = 0; i < HIL_MODEL_INPUTS; i++) {
        if ((void *)inputs[i] != hil_model_inputs[i].data) {
            memcpy(inputs[i], hil_model_inputs[i].data, hil_model_inputs[i].bytes);
        }
    }
    external_begin(callback, context);
    if (stai_network_set_callback(network, callback != NULL ? on_event : NULL, NULL) != STAI_SUCCESS) {
        return EXTERNAL_FAILED;
    }
    const stai_return_code code = stai_network_run(network, STAI_MODE_SYNC);
    for (uint32_t i = 0; i < HIL_MODEL_OUTPUTS; i++) {
        if ((void *)outputs[i] != hil_model_outputs[i].data) {
            memcpy(hil_model_outputs[i].data, outputs[i], hil_model_outputs[i].bytes);
        }
    }
    return code == STAI_SUCCESS ? 0 : EXTERNAL_FAILED;
}

static uint32_t arena_used(void) {
    return HIL_MODEL_ARENA_BYTES + STAI_NETWORK_ACTIVATIONS_SIZE_BYTES;
}

const hil_engine hil_engine_active = EXTERNAL_ENGINE(HIL_CAP_LAYER_CYCLES, init, run, arena_used);
