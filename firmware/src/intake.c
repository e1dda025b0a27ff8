/* SPDX-License-Identifier: Apache-2.0 */
#include "intake.h"

#include <stddef.h>

#include "compute.h"
#include "config.h"
#include "memory.h"
#include "wire/messages.h"

#ifndef HIL_STREAM

const char *intake_start(void) {
    return NULL;
}

void intake_reset(void) {
    memory_reset();
}

uint32_t intake_n_inputs(void) {
    return hil_engine_active.n_inputs;
}

uint32_t intake_n_outputs(void) {
    return hil_engine_active.n_outputs;
}

const hil_tensor *intake_input(uint32_t i) {
    return hil_engine_active.input(i);
}

const hil_tensor *intake_output(uint32_t i) {
    return hil_engine_active.output(i);
}

uint32_t intake_capabilities(void) {
    return memory_there() ? HIL_WIRE_CAP_STATE : 0u;
}

slot *intake_next(void) {
    slot *s = slots_next();
    return s != NULL && memory_is_turn_of(s->sample) ? s : NULL;
}

void intake_run(const slot *s, result *r) {
    if (memory_begin(s->sample, s->follows)) {
        compute_run(s->data, r);
    } else {
        r->status = HIL_RESULT_STATUS_NO_STATE;
        r->cycles = 0;
        r->input_crc = 0;
    }
}

#endif
