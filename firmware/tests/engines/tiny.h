/* SPDX-License-Identifier: Apache-2.0
 * The network that every stand-in SDK computes: 8 int8 in, 4 int8 out, two layers. Wrong on purpose where an SDK may be
 * surprising: its buffers share memory, so that the second layer writes over the input. */
#ifndef HIL_TESTS_TINY_H
#define HIL_TESTS_TINY_H

#include <stdint.h>

enum { TINY_IN = 8, TINY_OUT = 4, TINY_MEMORY = 2 * TINY_IN };

/* memory[0..7] is the input and later, from 0 on, the output; memory[8..15] what the first layer writes. */
static inline void tiny_first(int8_t *memory) {
    for (int i = 0; i < TINY_IN; i++) {
        memory[TINY_IN + i] = (int8_t)(memory[i] / 2 + 1);
    }
}

static inline void tiny_second(int8_t *memory) {
    for (int i = 0; i < TINY_OUT; i++) {
        memory[i] = (int8_t)(memory[TINY_IN + i] - memory[TINY_IN + TINY_OUT + i]);
    }
}

#endif
