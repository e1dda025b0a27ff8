/* SPDX-License-Identifier: Apache-2.0 */
#include "fe_tap.h"

#include <string.h>

#include "nn_internal.h"

void fe_put_level(void *out, uint32_t i, uint32_t level, float step, const hil_tensor *tensor)
{
    switch (tensor->dtype) {
    case HIL_S8:
        ((int8_t *)out)[i] = (int8_t)((int32_t)level - 128);
        break;
    case HIL_U8:
        ((uint8_t *)out)[i] = (uint8_t)level;
        break;
    default:
        ((float *)out)[i] = (float)level * step;
        break;
    }
}

/* What is far outside of every integer type stays so, and fits an int32. */
static int32_t rounded(float x)
{
    const float far = 1048576.0f, size = x < 0.0f ? -x : x;
    if (!(size < far)) {
        return x < 0.0f ? -1048576 : 1048576;
    }
    const int32_t whole = (int32_t)size, up = size - (float)whole >= 0.5f ? whole + 1 : whole;
    return x < 0.0f ? -up : up;
}

static int32_t within(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

void fe_put_reals(void *out, const float *values, uint32_t n, const hil_tensor *tensor)
{
    if (tensor->dtype == HIL_F32) {
        memcpy(out, values, n * sizeof *values);
        return;
    }
    NN_ROLLED
    for (uint32_t i = 0; i < n; ++i) {
        const int32_t raw = rounded(values[i] / tensor->scale) + tensor->zero_point;
        if (tensor->dtype == HIL_S8) {
            ((int8_t *)out)[i] = (int8_t)within(raw, -128, 127);
        } else {
            ((uint8_t *)out)[i] = (uint8_t)within(raw, 0, 255);
        }
    }
}
