/* SPDX-License-Identifier: Apache-2.0
 * The part of a pooling window that lies inside the image. */
#ifndef HIL_NN_AREA_S8_H
#define HIL_NN_AREA_S8_H

#include "nn_internal.h"

typedef struct {
    const int8_t *in; /* first tap inside the image, channel 0 */
    int32_t rows, columns;
    int32_t row_step, column_step;
} nn_area;

NN_INLINE nn_area nn_area_at(const hil_nn_window *w, nn_taps rows, int32_t x, const int8_t *in)
{
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, 1, w->k_w, w->in_w);
    nn_area a;
    a.in = in + (rows.start * w->in_w + columns.start) * w->in_c;
    a.rows = rows.end - rows.first;
    a.columns = columns.end - columns.first;
    a.column_step = w->in_c;
    a.row_step = w->in_w * w->in_c;
    return a;
}

#endif
