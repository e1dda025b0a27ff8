/* SPDX-License-Identifier: Apache-2.0
 * The last HIL_SLOTS results of a session, kept so that a lost RESULT costs a question and not a second run. */
#ifndef HIL_RESULTS_H
#define HIL_RESULTS_H

#include <stdint.h>

#include "config.h"

typedef struct {
    uint32_t sample;
    uint8_t status; /* HIL_RESULT_STATUS_* */
    uint64_t cycles;
    uint32_t input_crc;
    uint32_t bytes; /* of output: HIL_OUTPUT_BYTES, or 0 when the engine gave none */
    uint8_t output[HIL_OUTPUT_BYTES];
} result;

/* Forgets all. */
void results_reset(void);

/* Room for a new result of `sample`: an older one is forgotten for it. */
result *results_add(uint32_t sample);

/* NULL when it is not kept. */
const result *results_find(uint32_t sample);

#endif
