/* SPDX-License-Identifier: Apache-2.0
 * What the front ends share: showing a stage, and writing a row as the network takes it. */
#ifndef HIL_FE_TAP_H
#define HIL_FE_TAP_H

#include "hil_frontend.h"

static inline void fe_tap(hil_frontend_tap tap, void *context, uint32_t stage, const void *data, uint32_t bytes)
{
    if (tap) {
        tap(context, stage, data, bytes);
    }
}

/* A level of 0..255 as element i: the least of an integer tensor is level 0, whatever its scale; in float32 it is worth `step`. */
void fe_put_level(void *out, uint32_t i, uint32_t level, float step, const hil_tensor *tensor);

/* Reals as elements: float32 as they are, integers by scale and zero point: to the nearest, halves away from zero. */
void fe_put_reals(void *out, const float *values, uint32_t n, const hil_tensor *tensor);

#endif
