/* SPDX-License-Identifier: Apache-2.0
 * Which input pixels reach an output of a transposed convolution, along one axis; no part of the kernels' contract. */
#ifndef HIL_NN_TRANSPOSE_H
#define HIL_NN_TRANSPOSE_H

#include "nn_internal.h"

typedef struct {
    int32_t first, end; /* of the input */
    int32_t tap;        /* of the filter, at input `first`; each further input is `stride` taps lower */
} nn_sources;

/* Input i meets output o at tap o + pad - i * stride, if that is one of the taps. */
NN_INLINE nn_sources nn_sources_of(int32_t out_index, int32_t stride, int32_t pad, int32_t taps, int32_t extent)
{
    const int32_t reach = out_index + pad;
    nn_sources result;
    result.first = reach < taps ? 0 : (reach - taps + stride) / stride;
    result.end = reach / stride + 1;
    if (result.end > extent) {
        result.end = extent;
    }
    result.tap = reach - result.first * stride;
    return result;
}

#endif
