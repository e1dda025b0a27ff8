/* SPDX-License-Identifier: Apache-2.0
 * Networks with a memory: a sample may go on from what the one before it has left in the engine, so each runs in its turn and
 * once. The memory itself is the engine's; here is kept whose it is. */
#ifndef HIL_MEMORY_H
#define HIL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the engine has one. */
bool memory_there(void);

/* A session begins: nothing goes on from what was before. */
void memory_reset(void);

/* Whether the sample may run now; without a memory every one may. */
bool memory_is_turn_of(uint32_t sample);

/* The sample is to run: resets the memory, unless it goes on from that. False, and it must not run, when the memory is not
 * what the sample before it has left. */
bool memory_begin(uint32_t sample, bool follows);

/* Resets it for a run that is no sample's. */
void memory_begin_aside(void);

#endif
