/* SPDX-License-Identifier: Apache-2.0
 * How operators walk over several axes; no part of the kernels' contract. */
#ifndef HIL_NN_WALK_H
#define HIL_NN_WALK_H

#include "nn_internal.h"

/* The innermost row at hand: where it begins in each operand, in elements. Starts as {0}. */
typedef struct {
    int32_t a, b;
    uint32_t index[HIL_NN_AXES - 1];
} nn_row;

/* Goes on to the next innermost row; 0 when there is none. The output's rows follow each other. */
NN_INLINE int nn_next_row(const hil_nn_pairs *pairs, nn_row *row)
{
    for (int axis = HIL_NN_AXES - 2; axis >= 0; --axis) { /* counts like an odometer */
        row->a += pairs->step_a[axis];
        row->b += pairs->step_b[axis];
        if (++row->index[axis] < pairs->extent[axis]) {
            return 1;
        }
        row->a -= (int32_t)pairs->extent[axis] * pairs->step_a[axis];
        row->b -= (int32_t)pairs->extent[axis] * pairs->step_b[axis];
        row->index[axis] = 0;
    }
    return 0;
}

#endif
