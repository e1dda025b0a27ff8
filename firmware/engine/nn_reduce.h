/* SPDX-License-Identifier: Apache-2.0
 * The walk of reductions; no part of the kernels' contract. */
#ifndef HIL_NN_REDUCE_H
#define HIL_NN_REDUCE_H

#include "nn_internal.h"

/* A place among up to HIL_NN_AXES axes, as an offset in elements. Starts as {0}. */
typedef struct {
    int32_t offset;
    uint32_t index[HIL_NN_AXES];
} nn_place;

/* Goes on to the next place in row order; 0, and back at the first, after the last. */
NN_INLINE int nn_next_place(const uint32_t *extent, const int32_t *step, nn_place *place)
{
    for (int axis = HIL_NN_AXES - 1; axis >= 0; --axis) {
        place->offset += step[axis];
        if (++place->index[axis] < extent[axis]) {
            return 1;
        }
        place->offset -= (int32_t)extent[axis] * step[axis];
        place->index[axis] = 0;
    }
    return 0;
}

#endif
