/* SPDX-License-Identifier: Apache-2.0
 * The micro front end; harness/data/features/micro.py says what it computes, to the constant. Integers alone. */
#ifndef HIL_FE_MICRO_H
#define HIL_FE_MICRO_H

#include "hil_frontend.h"

enum { FE_MICRO_WINDOW = 480, FE_MICRO_PAIRS = 256, FE_MICRO_CHANNELS = 40, FE_MICRO_FIRST_BIN = 5, FE_MICRO_BINS = 236 };

typedef struct {
    uint32_t most; /* of a row's values */
    int16_t window[FE_MICRO_WINDOW] __attribute__((aligned(4)));
    int16_t twiddles[FE_MICRO_PAIRS][2] __attribute__((aligned(4)));
    int16_t split[FE_MICRO_PAIRS / 2][2] __attribute__((aligned(4)));
    uint8_t places[FE_MICRO_PAIRS];
    uint8_t sizes[FE_MICRO_CHANNELS + 1];
    int16_t weights[FE_MICRO_BINS][2]; /* for the channel below the band's end, and for the one above */
    int16_t gains[31][3];
    int16_t first_gains[2];
    uint16_t logarithms[129];
} fe_micro_tables;

typedef struct {
    uint64_t filters[FE_MICRO_CHANNELS];
    uint32_t estimate[FE_MICRO_CHANNELS]; /* all that one window leaves to the next */
    uint32_t work[FE_MICRO_PAIRS + 1];
    uint32_t signal[FE_MICRO_CHANNELS];
    uint8_t padding[4];
} fe_micro_state;

void fe_micro_reset(void *state);
void fe_micro_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context);
void fe_micro_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out);

#endif
