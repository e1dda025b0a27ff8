/* SPDX-License-Identifier: Apache-2.0
 * Products of matrices that are both computed at run time. */
#include "nn_walk.h"

/* The matrices that stand at one place of the broadcast batch axes; every extent of `batches` counts, its last axis too. */
#define FOR_BATCHES(BODY)                                                                            \
    do {                                                                                             \
        const hil_nn_pairs *pairs = &params->batches;                                                \
        nn_row row = {0};                                                                            \
        do {                                                                                         \
            for (int32_t batch = 0; batch < (int32_t)pairs->extent[HIL_NN_AXES - 1]; ++batch) {      \
                const int32_t at_a = row.a + batch * pairs->step_a[HIL_NN_AXES - 1];                 \
                const int32_t at_b = row.b + batch * pairs->step_b[HIL_NN_AXES - 1];                 \
                BODY                                                                                 \
            }                                                                                        \
        } while (nn_next_row(pairs, &row));                                                          \
    } while (0)

void hil_nn_matmul_f32(const hil_nn_matmul_params *params, const float *a, const float *b, float *out)
{
    FOR_BATCHES(
        for (int32_t m = 0; m < params->rows; ++m) {
            for (int32_t n = 0; n < params->columns; ++n) {
                const float *x = a + at_a + m * params->a_row;
                const float *y = b + at_b + n * params->b_column;
                float sum = 0.0f;
                for (int32_t k = 0; k < params->depth; ++k, x += params->a_depth, y += params->b_depth) {
                    sum += *x * *y;
                }
                *out++ = sum;
            }
        });
}

void hil_nn_matmul_s8(const hil_nn_matmul_params *params, const int8_t *a, const int8_t *b, int8_t *out)
{
    FOR_BATCHES(
        for (int32_t m = 0; m < params->rows; ++m) {
            for (int32_t n = 0; n < params->columns; ++n) {
                const int8_t *x = a + at_a + m * params->a_row;
                const int8_t *y = b + at_b + n * params->b_column;
                int32_t sum = 0;
                for (int32_t k = 0; k < params->depth; ++k, x += params->a_depth, y += params->b_depth) {
                    sum += (*x + params->a_offset) * (*y + params->b_offset);
                }
                const int32_t raw = nn_rescale(sum, params->multiplier, params->shift) + params->out_offset;
                *out++ = (int8_t)nn_clamp_s32(raw, -128, 127);
            }
        });
}
