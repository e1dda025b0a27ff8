/* SPDX-License-Identifier: Apache-2.0
 * The DS-CNN's MFCC; harness/data/features/dscnn_mfcc.py says what it computes, in which order. float32, no contraction. */
#ifndef HIL_FE_DSCNN_H
#define HIL_FE_DSCNN_H

#include "hil_frontend.h"

enum { FE_DSCNN_WINDOW = 640, FE_DSCNN_COMPLEX = 512, FE_DSCNN_BINS = 256, FE_DSCNN_FILTERS = 40, FE_DSCNN_WEIGHTS = 493, FE_DSCNN_VALUES = 10 };

typedef struct {
    float window[FE_DSCNN_WINDOW];
    int16_t places[FE_DSCNN_COMPLEX];
    float twiddles[384][2];
    float split[FE_DSCNN_BINS][2];
    int16_t firsts[FE_DSCNN_FILTERS];
    int16_t counts[FE_DSCNN_FILTERS];
    float weights[FE_DSCNN_WEIGHTS];
    float cosines[FE_DSCNN_VALUES][FE_DSCNN_FILTERS];
} fe_dscnn_tables;

typedef struct {
    float work[2 * FE_DSCNN_COMPLEX];
    float log[FE_DSCNN_FILTERS];
} fe_dscnn_state;

void fe_dscnn_reset(void *state);
void fe_dscnn_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context);
void fe_dscnn_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out);

#endif
