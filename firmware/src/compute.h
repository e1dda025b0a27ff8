/* SPDX-License-Identifier: Apache-2.0
 * The engine behind its seam: start it, give it a sample, take its outputs. */
#ifndef HIL_COMPUTE_H
#define HIL_COMPUTE_H

#include <stdint.h>

#include "results.h"

/* Starts the engine. NULL when it may be used, else what is wrong with it, in a few words. */
const char *compute_start(void);

/* CRC-32 of the input tensors as they lie in memory now: those of the sample that ran last. */
uint32_t compute_input_crc(void);

/* Runs the engine on HIL_INPUT_BYTES of input; fills in all of `r` but its sample. */
void compute_run(const uint8_t *input, result *r);

#endif
