/* SPDX-License-Identifier: Apache-2.0
 * The smart lock's MFCC; harness/data/features/lock_mfcc.py says what it computes, to the constant. Integers alone. */
#ifndef HIL_FE_LOCK_H
#define HIL_FE_LOCK_H

#include "hil_frontend.h"

enum { FE_LOCK_WINDOW = 400, FE_LOCK_PAIRS = 256, FE_LOCK_FILTERS = 23, FE_LOCK_WEIGHTS = 480, FE_LOCK_VALUES = 20, FE_LOCK_SUMS = 1598 };

typedef struct {
    int16_t window[FE_LOCK_WINDOW / 2]; /* its left half */
    int16_t sines[384];
    int16_t firsts[FE_LOCK_FILTERS];
    int16_t counts[FE_LOCK_FILTERS];
    int16_t weights[FE_LOCK_WEIGHTS];
    int16_t logarithms[64];
    uint8_t sums_of_logarithms[FE_LOCK_SUMS];
    int16_t cosines[FE_LOCK_FILTERS][FE_LOCK_FILTERS];
    uint16_t lifter[FE_LOCK_FILTERS];
} fe_lock_tables;

typedef struct {
    uint64_t filters[FE_LOCK_FILTERS];
    uint32_t work[FE_LOCK_PAIRS + 1];
    int32_t log[FE_LOCK_FILTERS];
} fe_lock_state;

void fe_lock_reset(void *state);
void fe_lock_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context);
void fe_lock_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out);

#endif
