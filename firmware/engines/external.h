/* SPDX-License-Identifier: Apache-2.0
 * What the adapters share: an SDK's network behind the seam of engine.h.
 *
 * The network's inputs and outputs come from the model file (generated model.c); the adapter checks that the SDK's have the
 * same number and sizes. They lie in memory of their own, the arena: an SDK may put its own buffers where later layers write,
 * and the seam asks that inputs keep their content. */
#ifndef HIL_ENGINES_EXTERNAL_H
#define HIL_ENGINES_EXTERNAL_H

#include "engine.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of the generated model.c */
extern hil_tensor hil_model_inputs[HIL_MODEL_INPUTS];
extern hil_tensor hil_model_outputs[HIL_MODEL_OUTPUTS];
extern const uint8_t hil_model_sha256[32];

/* What an adapter's functions return beside the SDK's own errors */
enum { EXTERNAL_BAD_ARENA = -1, EXTERNAL_OTHER_NETWORK = -2, EXTERNAL_FAILED = -3 };

/* Layers that are told one by one; a network may have more, which are then run but not told. */
enum { EXTERNAL_LAYERS_MAX = 256 };

/* Gives the inputs and outputs their memory. 0 or EXTERNAL_BAD_ARENA. */
int external_place(void *arena, uint32_t bytes);

/* Begins a run: the next layer told is number 0. */
void external_begin(hil_layer_cb callback, void *context);

/* Tells of a layer that has just run, `cycles` as engine.h says. data may be null: then bytes must be 0. */
void external_layer_done(uint16_t op, const char *name, void *data, uint32_t bytes, uint32_t cycles);

const hil_tensor *external_input(uint32_t i);
const hil_tensor *external_output(uint32_t i);
const hil_tensor *external_layer(uint32_t i); /* always NULL: an SDK tells of its layers while it runs */

#define EXTERNAL_ENGINE(capabilities_, init_, run_, arena_used_) \
    { \
        .engine = HIL_ENGINE_NAME, .version = HIL_ENGINE_VERSION, .model = HIL_MODEL_NAME, .model_sha256 = hil_model_sha256, \
        .capabilities = (capabilities_), .arena_bytes = HIL_MODEL_ARENA_BYTES, .n_inputs = HIL_MODEL_INPUTS, \
        .n_outputs = HIL_MODEL_OUTPUTS, .init = (init_), .input = external_input, .output = external_output, \
        .layer = external_layer, .run = (run_), .arena_used = (arena_used_) \
    }

#ifdef __cplusplus
}
#endif

#endif
