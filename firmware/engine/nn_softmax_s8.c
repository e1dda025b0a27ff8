/* SPDX-License-Identifier: Apache-2.0
 * Fixed-point softmax, rounded where gemmlowp rounds. */
#include "nn_fixed32.h"

enum { OUT_BITS = 8 };

void hil_nn_softmax_s8(const hil_nn_softmax_s8_params *params, const int8_t *in, int8_t *out)
{
    const int32_t classes = params->classes;
    for (int32_t row = 0; row < params->rows; ++row, in += classes, out += classes) {
        int32_t greatest = -128;
        for (int32_t c = 0; c < classes; ++c) {
            greatest = in[c] > greatest ? in[c] : greatest;
        }
        int32_t sum = 0; /* Q12.19 */
        for (int32_t c = 0; c < classes; ++c) {
            const int32_t diff = in[c] - greatest;
            if (diff >= params->diff_min) {
                sum += nn_shift_right(nn_exp_of_negative_s32(nn_high_mul(diff * (1 << params->left_shift), params->multiplier)),
                                      NN_SUM_INTEGER_BITS);
            }
        }
        const int32_t headroom = nn_leading_zeros((uint32_t)sum);
        const int32_t scale = nn_reciprocal_of_one_plus_s32((int32_t)(((uint32_t)sum << headroom) - (1u << 31)));
        const int32_t exponent = NN_SUM_INTEGER_BITS - headroom + 31 - OUT_BITS;
        for (int32_t c = 0; c < classes; ++c) {
            const int32_t diff = in[c] - greatest;
            int32_t result = -128;
            if (diff >= params->diff_min) {
                const int32_t e = nn_exp_of_negative_s32(nn_high_mul(diff * (1 << params->left_shift), params->multiplier));
                result = nn_clamp_s32(nn_shift_right(nn_high_mul(scale, e), exponent) - 128, -128, 127);
            }
            out[c] = (int8_t)result;
        }
    }
}
