/* SPDX-License-Identifier: Apache-2.0
 * ADD, SUB and MUL with broadcasting. */
#include "nn_walk.h"

void hil_nn_add_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out)
{
    const hil_nn_pairs *pairs = &params->pairs;
    const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];
    const int32_t step_a = pairs->step_a[HIL_NN_AXES - 1], step_b = pairs->step_b[HIL_NN_AXES - 1];
    nn_row row = {0};
    do {
        const float *from_a = a + row.a;
        const float *from_b = b + row.b;
        NN_ROLLED
        for (int32_t i = 0; i < n; ++i) { /* multiplying with 1 or -1 is exact */
            const float sum = from_a[i * step_a] + params->b_sign * from_b[i * step_b];
            *out++ = nn_clamp_f32(sum, params->act_min, params->act_max);
        }
    } while (nn_next_row(pairs, &row));
}

void hil_nn_mul_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out)
{
    const hil_nn_pairs *pairs = &params->pairs;
    const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];
    const int32_t step_a = pairs->step_a[HIL_NN_AXES - 1], step_b = pairs->step_b[HIL_NN_AXES - 1];
    nn_row row = {0};
    do {
        const float *from_a = a + row.a;
        const float *from_b = b + row.b;
        NN_ROLLED
        for (int32_t i = 0; i < n; ++i) {
            *out++ = nn_clamp_f32(from_a[i * step_a] * from_b[i * step_b], params->act_min, params->act_max);
        }
    } while (nn_next_row(pairs, &row));
}
