/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see stai.h. The input lies in the activations; the output is the caller's, so both ways are walked. */
#include "network.h"

#include "stai_events.h"
#include "../tiny.h"

static int8_t *memory;
static stai_ptr input, output;
static stai_event_cb callback;
static void *cookie;

stai_return_code stai_runtime_init(void) {
    return STAI_SUCCESS;
}

stai_return_code stai_network_init(stai_network *network) {
    return network != NULL ? STAI_SUCCESS : STAI_ERROR_GENERIC;
}

stai_return_code stai_network_set_activations(stai_network *network, const stai_ptr *activations, stai_size n) {
    (void)network;
    memory = (int8_t *)activations[0];
    input = activations[0];
    return n == 1 ? STAI_SUCCESS : STAI_ERROR_GENERIC;
}

stai_return_code stai_network_get_inputs(stai_network *network, stai_ptr *inputs, stai_size *n) {
    (void)network;
    inputs[0] = input;
    *n = 1;
    return STAI_SUCCESS;
}

stai_return_code stai_network_get_outputs(stai_network *network, stai_ptr *outputs, stai_size *n) {
    (void)network;
    outputs[0] = output;
    *n = 1;
    return STAI_SUCCESS;
}

stai_return_code stai_network_set_inputs(stai_network *network, const stai_ptr *inputs, stai_size n) {
    (void)network;
    input = inputs[0];
    return n == 1 ? STAI_SUCCESS : STAI_ERROR_GENERIC;
}

stai_return_code stai_network_set_outputs(stai_network *network, const stai_ptr *outputs, stai_size n) {
    (void)network;
    output = outputs[0];
    return n == 1 ? STAI_SUCCESS : STAI_ERROR_GENERIC;
}

stai_return_code stai_network_set_callback(stai_network *network, const stai_event_cb cb, void *cb_cookie) {
    (void)network;
    callback = cb;
    cookie = cb_cookie;
    return STAI_SUCCESS;
}

static void node(int32_t id, stai_ptr data, void (*compute)(int8_t *)) {
    const stai_event_node_start_stop event = {id, {1, &data}};
    if (callback != NULL) {
        callback(cookie, STAI_EVENT_NODE_START, &event);
    }
    compute(memory);
    if (callback != NULL) {
        callback(cookie, STAI_EVENT_NODE_STOP, &event);
    }
}

stai_return_code stai_network_run(stai_network *network, const stai_run_mode mode) {
    (void)network;
    node(51, (stai_ptr)memory + TINY_IN, tiny_first);
    node(52, (stai_ptr)memory, tiny_second);
    for (int i = 0; i < TINY_OUT; i++) {
        ((int8_t *)output)[i] = memory[i];
    }
    return mode == STAI_MODE_SYNC ? STAI_SUCCESS : STAI_ERROR_GENERIC;
}
