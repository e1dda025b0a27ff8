/* SPDX-License-Identifier: Apache-2.0
 * ADD, SUB and MUL with broadcasting. */
#include "nn_walk.h"

enum { LEFT_SHIFT = 20 };

void hil_nn_add_s8(const hil_nn_add_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    const hil_nn_pairs *pairs = &params->pairs;
    const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];
    const int32_t step_a = pairs->step_a[HIL_NN_AXES - 1], step_b = pairs->step_b[HIL_NN_AXES - 1];
    nn_row row = {0};
    do {
        const int8_t *from_a = a + row.a;
        const int8_t *from_b = b + row.b;
        NN_ROLLED
        for (int32_t i = 0; i < n; ++i) {
            const int32_t shifted_a = (from_a[i * step_a] + params->a_offset) * (1 << LEFT_SHIFT);
            const int32_t shifted_b = (from_b[i * step_b] + params->b_offset) * (1 << LEFT_SHIFT);
            const int32_t scaled_a = nn_rescale(shifted_a, params->a_multiplier, params->a_shift);
            const int32_t scaled_b = nn_rescale(shifted_b, params->b_multiplier, params->b_shift);
            const int32_t sum = scaled_a + params->b_sign * scaled_b;
            const int32_t result = nn_rescale(sum, params->out_multiplier, params->out_shift) + params->out_offset;
            *out++ = (int8_t)nn_clamp_s32(result, params->act_min, params->act_max);
        }
    } while (nn_next_row(pairs, &row));
}

void hil_nn_mul_s8(const hil_nn_mul_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    const hil_nn_pairs *pairs = &params->pairs;
    const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];
    const int32_t step_a = pairs->step_a[HIL_NN_AXES - 1], step_b = pairs->step_b[HIL_NN_AXES - 1];
    nn_row row = {0};
    do {
        const int8_t *from_a = a + row.a;
        const int8_t *from_b = b + row.b;
        NN_ROLLED
        for (int32_t i = 0; i < n; ++i) {
            const int32_t product = (from_a[i * step_a] + params->a_offset) * (from_b[i * step_b] + params->b_offset);
            const int32_t result = nn_rescale(product, params->multiplier, params->shift) + params->out_offset;
            *out++ = (int8_t)nn_clamp_s32(result, params->act_min, params->act_max);
        }
    } while (nn_next_row(pairs, &row));
}
