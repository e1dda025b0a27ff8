/* SPDX-License-Identifier: Apache-2.0
 * Functions of int16 values: tables with interpolation, where they round as the reference rounds. */
#include "nn_internal.h"

/* 512 steps over the whole range of int16 and the value at its end. */
NN_INLINE int32_t looked_up(const int16_t *table, int32_t x)
{
    const int32_t index = 256 + (x >> 7);
    return table[index] + (((table[index + 1] - table[index]) * (x & 127) + 64) >> 7);
}

void hil_nn_lut_s16(const hil_nn_elementwise_params *params, const int16_t *in, const int16_t *table, int16_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = (int16_t)looked_up(table, in[i]);
    }
}

NN_INLINE int32_t scaled(const hil_nn_sigmoid_s16_params *p, int32_t x)
{
    return (x * p->multiplier + (p->shift > 0 ? 1 << (p->shift - 1) : 0)) >> p->shift;
}

/* The table is the logistic function of i / 24 in Q0.16. */
void hil_nn_logistic_s16(const hil_nn_sigmoid_s16_params *params, const int16_t *in, const uint16_t *table, int16_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        const int32_t x = scaled(params, in[i]);
        const uint32_t size = (uint32_t)(x < 0 ? -x : x), step = size >> 9;
        uint32_t result = 0x7FFFu << 10;
        if (step < 255) {
            result = ((uint32_t)table[step] << 9) + (size & 511u) * ((uint32_t)table[step + 1] - table[step]);
        }
        result = x >= 0 ? result + (1u << 9) : (1u << 25) - result + (1u << 9) - 1u;
        out[i] = (int16_t)(result >> 10);
    }
}

/* tanh x = 2 logistic(2 x) - 1 */
void hil_nn_tanh_s16(const hil_nn_sigmoid_s16_params *params, const int16_t *in, const uint16_t *table, int16_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        const int32_t x = scaled(params, in[i]);
        const uint32_t size = (uint32_t)(x < 0 ? -x : x), step = size >> 8;
        int32_t result = 0xFFFF << 8;
        if (step < 255) {
            result = (int32_t)(((uint32_t)table[step] << 8) + (size & 255u) * ((uint32_t)table[step + 1] - table[step]));
        }
        result = x >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1;
        out[i] = (int16_t)(result >> 8);
    }
}

void hil_nn_softmax_s16(const hil_nn_softmax_s8_params *params, const int16_t *in, const int16_t *tables, int16_t *out)
{
    const int16_t *const exponentials = tables, *const reciprocals = tables + 513;
    const int32_t classes = params->classes;
    for (int32_t row = 0; row < params->rows; ++row, in += classes, out += classes) {
        int32_t greatest = in[0];
        for (int32_t c = 1; c < classes; ++c) {
            greatest = in[c] > greatest ? in[c] : greatest;
        }
        int32_t sum = 0; /* Q16.15 */
        for (int32_t c = 0; c < classes; ++c) {
            const int32_t below = nn_rescale(in[c] - greatest, params->multiplier, params->left_shift);
            out[c] = (int16_t)looked_up(exponentials, nn_clamp_s32(below + 32767, -32768, 32767));
            sum += out[c];
        }
        int32_t zeros = 0;
        while (zeros < 31 && !((uint32_t)sum << zeros & 0x80000000u)) {
            ++zeros;
        }
        const int32_t shifted = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
        const int32_t reciprocal = looked_up(reciprocals, nn_clamp_s32(shifted - ((1 << 15) + (1 << 16)), -32768, 32767));
        const int32_t right = 31 - zeros;
        for (int32_t c = 0; c < classes; ++c) {
            const int32_t share = (int32_t)(((int64_t)out[c] * reciprocal + ((int64_t)1 << (right - 1))) >> right);
            out[c] = (int16_t)nn_clamp_s32(share, 0, 32767);
        }
    }
}
