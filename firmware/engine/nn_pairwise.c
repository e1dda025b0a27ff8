/* SPDX-License-Identifier: Apache-2.0
 * Operators on pairs of elements with broadcasting, beside the sums and products of nn_binary_*. */
#include "nn_typed.h"
#include "nn_walk.h"

/* The body of a kernel: RESULT, of a pair's `x` and `y`, for each pair in turn. */
#define FOR_PAIRS(IN_TYPE, OUT_TYPE, RESULT)                                                                                  \
    do {                                                                                                                      \
        const hil_nn_pairs *pairs = &params->pairs;                                                                           \
        const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];                                                            \
        const int32_t step_a = pairs->step_a[HIL_NN_AXES - 1], step_b = pairs->step_b[HIL_NN_AXES - 1];                       \
        nn_row row = {0};                                                                                                     \
        do {                                                                                                                  \
            const IN_TYPE *from_a = a + row.a, *from_b = b + row.b;                                                           \
            NN_ROLLED                                                                                                         \
            for (int32_t i = 0; i < n; ++i) {                                                                                 \
                const IN_TYPE x = from_a[i * step_a], y = from_b[i * step_b];                                                 \
                *out++ = (OUT_TYPE)(RESULT);                                                                                  \
            }                                                                                                                 \
        } while (nn_next_row(pairs, &row));                                                                                   \
    } while (0)

void hil_nn_extreme_s8(const hil_nn_extreme_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    FOR_PAIRS(int8_t, int8_t, (params->greatest ? x > y : x < y) ? x : y);
}

void hil_nn_extreme_s16(const hil_nn_extreme_params *params, const int16_t *a, const int16_t *b, int16_t *out)
{
    FOR_PAIRS(int16_t, int16_t, (params->greatest ? x > y : x < y) ? x : y);
}

void hil_nn_extreme_s32(const hil_nn_extreme_params *params, const int32_t *a, const int32_t *b, int32_t *out)
{
    FOR_PAIRS(int32_t, int32_t, (params->greatest ? x > y : x < y) ? x : y);
}

void hil_nn_extreme_f32(const hil_nn_extreme_params *params, const float *a, const float *b, float *out)
{
    FOR_PAIRS(float, float, (params->greatest ? x > y : x < y) ? x : y);
}

void hil_nn_div_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out)
{
    FOR_PAIRS(float, float, nn_clamp_f32(x / y, params->act_min, params->act_max));
}

void hil_nn_squared_difference_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out)
{
    FOR_PAIRS(float, float, (x - y) * (x - y));
}

/* Integers wrap around, as they do in the reference on every machine that it runs on. */
NN_INLINE int32_t of_unsigned(uint32_t x)
{
    return (int32_t)x;
}

void hil_nn_add_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out)
{
    FOR_PAIRS(int32_t, int32_t,
              nn_clamp_s32(of_unsigned((uint32_t)x + (uint32_t)params->b_sign * (uint32_t)y), params->act_min, params->act_max));
}

void hil_nn_mul_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out)
{
    FOR_PAIRS(int32_t, int32_t, nn_clamp_s32(of_unsigned((uint32_t)x * (uint32_t)y), params->act_min, params->act_max));
}

NN_INLINE int32_t floored_quotient(int32_t x, int32_t y)
{
    if (y == 0 || (y == -1 && x == INT32_MIN)) { /* the first has no answer, the second none that fits */
        return y ? INT32_MAX : 0;
    }
    const int32_t quotient = x / y;
    return quotient - (x % y != 0 && (x < 0) != (y < 0));
}

void hil_nn_floor_div_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out)
{
    FOR_PAIRS(int32_t, int32_t, floored_quotient(x, y));
}

void hil_nn_floor_mod_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out)
{
    FOR_PAIRS(int32_t, int32_t, y == -1 ? 0 : of_unsigned((uint32_t)x - (uint32_t)floored_quotient(x, y) * (uint32_t)y));
}

NN_INLINE int32_t squared_difference(const hil_nn_squared_difference_s8_params *p, int32_t x, int32_t y)
{
    const int32_t scaled_x = nn_rescale((x + p->a_offset) * 128, p->a_multiplier, p->a_shift);
    const int32_t scaled_y = nn_rescale((y + p->b_offset) * 128, p->b_multiplier, p->b_shift);
    const int32_t difference = scaled_x - scaled_y;
    return nn_clamp_s32(nn_rescale(difference * difference, p->out_multiplier, p->out_shift) + p->out_offset, -128, 127);
}

void hil_nn_squared_difference_s8(const hil_nn_squared_difference_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    FOR_PAIRS(int8_t, int8_t, squared_difference(params, x, y));
}

void hil_nn_prelu_f32(const hil_nn_extreme_params *params, const float *a, const float *b, float *out)
{
    FOR_PAIRS(float, float, x >= 0.0f ? x : x * y);
}

NN_INLINE int32_t prelu(const hil_nn_prelu_s8_params *p, int32_t x, int32_t alpha)
{
    const int32_t raw = x >= 0 ? nn_rescale(x, p->multiplier, p->shift) : nn_rescale(x * alpha, p->alpha_multiplier, p->alpha_shift);
    return nn_clamp_s32(raw + p->out_offset, -128, 127);
}

void hil_nn_prelu_s8(const hil_nn_prelu_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    FOR_PAIRS(int8_t, int8_t, prelu(params, x + params->in_offset, y + params->alpha_offset));
}

/* x : y by the bits of `relation`: 1 holds for less, 2 for equal, 4 for greater. What is not comparable (NaN) is unequal. */
NN_INLINE uint8_t holds(uint32_t relation, int less, int equal, int greater)
{
    const uint32_t found = less ? 1u : equal ? 2u : greater ? 4u : 8u;
    return (relation & found) != 0;
}

void hil_nn_compare_f32(const hil_nn_compare_params *params, const float *a, const float *b, uint8_t *out)
{
    FOR_PAIRS(float, uint8_t, holds(params->relation, x < y, x == y, x > y));
}

void hil_nn_compare_s32(const hil_nn_compare_params *params, const int32_t *a, const int32_t *b, uint8_t *out)
{
    FOR_PAIRS(int32_t, uint8_t, holds(params->relation, x < y, x == y, x > y));
}

void hil_nn_compare_u8(const hil_nn_compare_params *params, const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    FOR_PAIRS(uint8_t, uint8_t, holds(params->relation, x < y, x == y, x > y));
}

NN_INLINE uint8_t compared(const hil_nn_compare_params *p, int32_t x, int32_t y)
{
    const int32_t scaled_x = nn_rescale((x + p->a_offset) * 256, p->a_multiplier, p->a_shift);
    const int32_t scaled_y = nn_rescale((y + p->b_offset) * 256, p->b_multiplier, p->b_shift);
    return holds(p->relation, scaled_x < scaled_y, scaled_x == scaled_y, scaled_x > scaled_y);
}

void hil_nn_compare_s8(const hil_nn_compare_params *params, const int8_t *a, const int8_t *b, uint8_t *out)
{
    FOR_PAIRS(int8_t, uint8_t, compared(params, x, y));
}

void hil_nn_compare_s16(const hil_nn_compare_params *params, const int16_t *a, const int16_t *b, uint8_t *out)
{
    FOR_PAIRS(int16_t, uint8_t, compared(params, x, y));
}

void hil_nn_logical(const hil_nn_extreme_params *params, const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    FOR_PAIRS(uint8_t, uint8_t, params->greatest ? (x | y) != 0 : (x && y));
}
