/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

/* Nearest integer, halves away from zero, for |x| < 2^23. The fraction x - whole is exact there, which x + 0.5 is not. */
NN_INLINE int32_t round_half_away(float x)
{
    const int32_t whole = (int32_t)x;
    const float fraction = x - (float)whole;
    return whole + (fraction >= 0.5f) - (fraction <= -0.5f);
}

void hil_nn_quantize_f32_s8(const hil_nn_quantize_params *params, const float *in, int8_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        const float steps = in[i] / params->scale;
        int32_t raw = -128;
        if (steps >= 1024.0f) { /* beyond any zero point: only the clamp is left to do, and the cast would overflow */
            raw = 127;
        } else if (steps > -1024.0f) {
            raw = nn_clamp_s32(round_half_away(steps) + params->zero_point, -128, 127);
        }
        out[i] = (int8_t)raw;
    }
}

void hil_nn_dequantize_s8_f32(const hil_nn_quantize_params *params, const int8_t *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = params->scale * (float)(in[i] - params->zero_point);
    }
}
