/* SPDX-License-Identifier: Apache-2.0
 * Elements of a type known at run time, as int32; no part of the kernels' contract. */
#ifndef HIL_NN_TYPED_H
#define HIL_NN_TYPED_H

#include "nn_internal.h"

/* Any type but float32. */
NN_INLINE int32_t nn_load(const void *from, uint32_t type, uint32_t i)
{
    switch (type) {
    case HIL_NN_S8: return ((const int8_t *)from)[i];
    case HIL_NN_S16: return ((const int16_t *)from)[i];
    case HIL_NN_S32: return ((const int32_t *)from)[i];
    default: return ((const uint8_t *)from)[i];
    }
}

NN_INLINE void nn_store(void *to, uint32_t type, uint32_t i, int32_t value)
{
    switch (type) {
    case HIL_NN_S8: ((int8_t *)to)[i] = (int8_t)value; break;
    case HIL_NN_S16: ((int16_t *)to)[i] = (int16_t)value; break;
    case HIL_NN_S32: ((int32_t *)to)[i] = value; break;
    default: ((uint8_t *)to)[i] = (uint8_t)value; break;
    }
}

#endif
