/* SPDX-License-Identifier: Apache-2.0
 * The engine behind its seam: start it, give it a sample, take its outputs. */
#ifndef HIL_COMPUTE_H
#define HIL_COMPUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "results.h"

/* Starts the engine. NULL when it may be used, else what is wrong with it, in a few words. */
const char *compute_start(void);

/* Whether the engine shows its layers. */
bool compute_shows_layers(void);

/* CRC-32 of the input tensors as they lie in memory now: those of the sample that ran last, as long as its slot is not taken by
 * another. 0 before the first one. */
uint32_t compute_input_crc(void);

/* Runs the engine on HIL_INPUT_BYTES of input, word aligned; fills in all of `r` but its sample. An engine that can reads the
 * input where it is: it stays the engine's input afterwards. */
void compute_run(uint8_t *input, result *r);

#endif
