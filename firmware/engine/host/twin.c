/* SPDX-License-Identifier: Apache-2.0
 * The golden twin: the generated model and the engine's kernels as a shared library of the host. Not part of any firmware.
 * One arena per loaded library: calls must not run at the same time. */
#include <string.h>

#include "engine.h"
#include "model.h"

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

typedef union {
    uint8_t bytes[HIL_MODEL_ARENA_BYTES];
    long double alignment;
} twin_arena;

static _Alignas(16) twin_arena arena;

typedef struct {
    uint8_t *next;
} layer_sink;

static void keep_layer(void *context, const hil_layer_event *event)
{
    layer_sink *sink = context;
    memcpy(sink->next, event->out->data, event->out->bytes);
    sink->next += event->out->bytes;
}

/* Runs n samples. inputs: n times all input tensors back to back; outputs likewise. layers may be null, else it takes n times the
 * outputs of all layers in execution order. Returns 0 or the engine's error. */
EXPORT int32_t hil_twin_run(const uint8_t *inputs, uint8_t *outputs, uint8_t *layers, uint32_t n)
{
    const hil_engine *engine = &hil_engine_active;
    layer_sink sink = {layers};
    int error = engine->init(&arena, sizeof arena);
    for (uint32_t sample = 0; sample < n && !error; ++sample) {
        for (uint32_t i = 0; i < engine->n_inputs; ++i) {
            const hil_tensor *tensor = engine->input(i);
            memcpy(tensor->data, inputs, tensor->bytes);
            inputs += tensor->bytes;
        }
        error = engine->run(layers ? keep_layer : 0, &sink);
        for (uint32_t i = 0; i < engine->n_outputs; ++i) {
            const hil_tensor *tensor = engine->output(i);
            memcpy(outputs, tensor->data, tensor->bytes);
            outputs += tensor->bytes;
        }
    }
    return error;
}
