/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <stddef.h>

#include "engine.h"
#include "slots.h"

static struct {
    bool known;    /* the memory is what sample `of` has left */
    uint32_t of;
    bool any_ran;  /* since the session began */
    uint32_t due;  /* the number behind the last one that had its turn */
} memory;

bool memory_there(void) {
    return hil_engine_active.forget != NULL;
}

void memory_reset(void) {
    memory.known = false;
    memory.any_ran = false;
    memory.due = 0;
}

/* The first one of a session may have any number: the host sends it alone where others go on from it. */
bool memory_is_turn_of(uint32_t sample) {
    return !memory_there() || !memory.any_ran || sample <= memory.due || slots_is_over(sample - 1u);
}

bool memory_begin(uint32_t sample, bool follows) {
    if (!memory_there()) {
        return true;
    }
    memory.any_ran = true;
    if (sample >= memory.due) {
        memory.due = sample + 1u;
    }
    if (!follows) {
        hil_engine_active.forget();
    } else if (!memory.known || memory.of != sample - 1u) {
        return false;
    }
    memory.known = true;
    memory.of = sample;
    return true;
}

void memory_begin_aside(void) {
    if (memory_there()) {
        hil_engine_active.forget();
        memory.known = false;
    }
}
