/* SPDX-License-Identifier: Apache-2.0
 * X-CUBE-AI up to 9 (the ai_* interface), network name "network". The SDK's CRC unit must be clocked before init(): boards do
 * that in board_init() when HIL_NEEDS_CRC_CLOCK is defined. */
#include <stddef.h>
#include <string.h>

#include "ai_platform_interface.h"
#include "board.h"
#include "core_common.h"
#include "external.h"
#include "network.h"
#include "network_data.h"

static ai_handle network = AI_HANDLE_NULL;
static ai_buffer *inputs, *outputs;
static uint8_t activations[AI_NETWORK_DATA_ACTIVATIONS_SIZE] __attribute__((aligned(32)));
static uint64_t began;

static ai_u32 on_node(const ai_handle cookie, const ai_u32 flags, const ai_observer_node *node) {
    const uint64_t now = board_cycles();
    (void)cookie;
    if ((flags & AI_OBSERVER_POST_EVT) != 0) {
        /* The first output stands for the node: few have more, and those of a split are one memory. */
        ai_tensor_list *list = GET_TENSOR_LIST_OUT(node->tensors);
        void *data = NULL;
        uint32_t bytes = 0;
        AI_FOR_EACH_TENSOR_LIST_DO(i, t, list) {
            if (data == NULL) {
                data = (void *)AI_TENSOR_ARRAY_GET_DATA_ADDR(t);
                bytes = (uint32_t)AI_TENSOR_ARRAY_BYTE_SIZE(t);
            }
        }
        external_layer_done((uint16_t)(node->type & 0x7FFFu), "node", data, data == NULL ? 0 : bytes, (uint32_t)(now - began));
    }
    began = board_cycles();
    return 0;
}

/* A buffer that the tool did not place in the activations is ours to place. */
static int matched(ai_buffer *theirs, ai_u16 n, hil_tensor *ours, uint32_t n_ours) {
    if (theirs == NULL || n != n_ours) {
        return EXTERNAL_OTHER_NETWORK;
    }
    for (uint32_t i = 0; i < n_ours; i++) {
        if (AI_BUFFER_BYTE_SIZE(AI_BUFFER_SIZE(&theirs[i]), theirs[i].format) != ours[i].bytes) {
            return EXTERNAL_OTHER_NETWORK;
        }
        if (theirs[i].data == AI_HANDLE_NULL) {
            theirs[i].data = AI_HANDLE_PTR(ours[i].data);
        }
    }
    return 0;
}

static int init(void *arena, uint32_t bytes) {
    ai_u16 n_inputs = 0;
    ai_u16 n_outputs = 0;
    const ai_handle places[] = {AI_HANDLE_PTR(activations)};
    if (external_place(arena, bytes) != 0) {
        return EXTERNAL_BAD_ARENA;
    }
    const ai_error error = ai_network_create_and_init(&network, places, NULL);
    if (error.type != AI_ERROR_NONE) {
        return EXTERNAL_FAILED;
    }
    inputs = ai_network_inputs_get(network, &n_inputs);
    outputs = ai_network_outputs_get(network, &n_outputs);
    if (matched(inputs, n_inputs, hil_model_inputs, HIL_MODEL_INPUTS) != 0) {
        return EXTERNAL_OTHER_NETWORK;
    }
    return matched(outputs, n_outputs, hil_model_outputs, HIL_MODEL_OUTPUTS);
}

static int run(hil_layer_cb callback, void *context) {
    for (uint32_t i = 0; i < HIL_MODEL_INPUTS; i++) {
        if ((void *)inputs[i].data != hil_model_inputs[i].data) {
            memcpy((void *)inputs[i].data, hil_model_inputs[i].data, hil_model_inputs[i].bytes);
        }
    }
    /* Registered for runs with a hook alone: an observer costs cycles in every node. */
    if (callback != NULL) {
        external_begin(callback, context);
        if (!ai_platform_observer_register(network, on_node, AI_HANDLE_NULL, AI_OBSERVER_PRE_EVT | AI_OBSERVER_POST_EVT)) {
            return EXTERNAL_FAILED;
        }
    }
    const ai_i32 batches = ai_network_run(network, inputs, outputs);
    if (callback != NULL) {
        (void)ai_platform_observer_unregister(network, on_node, AI_HANDLE_NULL);
    }
    for (uint32_t i = 0; i < HIL_MODEL_OUTPUTS; i++) {
        if ((void *)outputs[i].data != hil_model_outputs[i].data) {
            memcpy(hil_model_outputs[i].data, (const void *)outputs[i].data, hil_model_outputs[i].bytes);
        }
    }
    return batches == 1 ? 0 : EXTERNAL_FAILED;
}

static uint32_t arena_used(void) {
    return HIL_MODEL_ARENA_BYTES + AI_NETWORK_DATA_ACTIVATIONS_SIZE;
}

const hil_engine hil_engine_active = EXTERNAL_ENGINE(HIL_CAP_LAYER_OUT | HIL_CAP_LAYER_CYCLES, init, run, arena_used);
