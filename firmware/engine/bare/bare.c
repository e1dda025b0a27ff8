/* SPDX-License-Identifier: Apache-2.0
 * The engine alone, for measuring: a caller that is no program of the target (harness/enginebench) sets a stack, calls these functions
 * and reads memory. Not part of any firmware. */
#include <string.h>

#include "engine.h"
#include "model.h"

uint8_t hil_bare_arena[HIL_MODEL_ARENA_BYTES] __attribute__((aligned(16)));

int hil_bare_init(void);
int hil_bare_run(void);
int hil_bare_run_layers(uint8_t *sink);

int hil_bare_init(void)
{
    return hil_engine_active.init(hil_bare_arena, sizeof hil_bare_arena);
}

int hil_bare_run(void)
{
    return hil_engine_active.run(0, 0);
}

static void keep(void *context, const hil_layer_event *event)
{
    uint8_t **const next = context;
    memcpy(*next, event->out->data, event->out->bytes);
    *next += event->out->bytes;
}

/* All layers' results back to back, in execution order. */
int hil_bare_run_layers(uint8_t *sink)
{
    return hil_engine_active.run(keep, &sink);
}
