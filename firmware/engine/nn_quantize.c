/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_typed.h"

/* Nearest integer, halves away from zero, for |x| < 2^23. The fraction x - whole is exact there, which x + 0.5 is not. */
NN_INLINE int32_t round_half_away(float x)
{
    const int32_t whole = (int32_t)x;
    const float fraction = x - (float)whole;
    return whole + (fraction >= 0.5f) - (fraction <= -0.5f);
}

/* Beyond `limit`, which is beyond any zero point, only the clamp is left to do, and the cast would overflow; NaN gives the lowest. */
NN_INLINE int32_t quantized(float steps, float limit, int32_t zero_point, int32_t low, int32_t high)
{
    if (steps >= limit) {
        return high;
    }
    return steps > -limit ? nn_clamp_s32(round_half_away(steps) + zero_point, low, high) : low;
}

void hil_nn_quantize_f32_s8(const hil_nn_quantize_params *params, const float *in, int8_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = (int8_t)quantized(in[i] / params->scale, 1024.0f, params->zero_point, -128, 127);
    }
}

void hil_nn_quantize_f32_u8(const hil_nn_quantize_params *params, const float *in, uint8_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = (uint8_t)quantized(in[i] / params->scale, 1024.0f, params->zero_point, 0, 255);
    }
}

void hil_nn_quantize_f32_s16(const hil_nn_quantize_params *params, const float *in, int16_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = (int16_t)quantized(in[i] / params->scale, 131072.0f, params->zero_point, -32768, 32767);
    }
}

void hil_nn_dequantize_s8_f32(const hil_nn_quantize_params *params, const int8_t *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = params->scale * (float)(in[i] - params->zero_point);
    }
}

void hil_nn_dequantize_u8_f32(const hil_nn_quantize_params *params, const uint8_t *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = params->scale * (float)(in[i] - params->zero_point);
    }
}

void hil_nn_dequantize_s16_f32(const hil_nn_quantize_params *params, const int16_t *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = params->scale * (float)(in[i] - params->zero_point);
    }
}

void hil_nn_requantize(const hil_nn_requantize_params *params, const void *in, void *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        const int32_t x = nn_load(in, params->in_type, i) + params->in_offset;
        const int32_t raw = nn_rescale(x, params->multiplier, params->shift) + params->out_offset;
        nn_store(out, params->out_type, i, nn_clamp_s32(raw, params->low, params->high));
    }
}
