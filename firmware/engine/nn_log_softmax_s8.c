/* SPDX-License-Identifier: Apache-2.0
 * Fixed-point log-softmax, rounded where LiteRT's reference rounds. */
#include "nn_fixed32.h"

enum { OUT_SHIFT = 22 }; /* from Q5.26 to steps of 1/16 */

/* ln(x) in Q5.26 for x >= 1 in Q12.19. x is m * 2^e with m next to 2^-1/4; the logarithm of m is a quotient of polynomials. */
static int32_t log_of(int32_t x)
{
    const int32_t ln_2 = 1488522236, sqrt_half = 1518500250, fourth_root_of_half = 1805811301; /* Q0.31, as all up to exponent */
    const int32_t c_11_over_240 = 117049297, c_1_over_20 = 127690142, c_1_over_4 = 638450708; /* times the fourth root of 2 */
    const int32_t constant = 1057819769;                                                     /* 2 / that root, minus the root */
    const int32_t one_bit = 1 << 25, quarter = 1 << 23;                                       /* Q6.25 */
    const int32_t zeros_a = nn_leading_zeros((uint32_t)x);
    const int32_t zeros_b = nn_leading_zeros((uint32_t)nn_high_mul(x, sqrt_half)) - 1;
    const int32_t m_a = nn_shift_left_saturated(nn_high_mul(nn_shift_left_saturated(x, zeros_a - 1), sqrt_half), 1);
    const int32_t m_b = nn_shift_left_saturated(x, zeros_b);
    const int32_t exponent_a = (NN_SUM_INTEGER_BITS - zeros_a) * one_bit + quarter;
    const int32_t exponent_b = (NN_SUM_INTEGER_BITS - zeros_b) * one_bit - quarter;
    const int32_t m = m_a < m_b ? m_a : m_b;
    const int32_t exponent = exponent_a > exponent_b ? exponent_a : exponent_b;
    const int32_t p = (int32_t)(((int64_t)m + fourth_root_of_half + 1) / 2);
    const int32_t q = (m - fourth_root_of_half) * 2;
    const int32_t q2 = nn_high_mul(q, q);
    const int32_t above = nn_high_mul(q, m) + nn_high_mul(nn_high_mul(q, q2), c_11_over_240);
    const int32_t below = nn_high_mul(p, constant + q + nn_high_mul(c_1_over_20, q2)) + nn_high_mul(c_1_over_4, q);
    const int32_t of_m = nn_high_mul(nn_shift_right(above, 6), nn_reciprocal_of_one_plus_s32(below));
    return nn_shift_left_saturated(nn_high_mul(exponent, ln_2) + of_m, 1);
}

void hil_nn_log_softmax_s8(const hil_nn_log_softmax_s8_params *params, const int8_t *in, int8_t *out)
{
    const uint32_t classes = params->classes;
    for (uint32_t row = 0; row < params->rows; ++row, in += classes, out += classes) {
        int32_t greatest = -128;
        for (uint32_t c = 0; c < classes; ++c) {
            greatest = in[c] > greatest ? in[c] : greatest;
        }
        int32_t sum = 0; /* Q12.19 */
        for (uint32_t c = 0; c < classes; ++c) {
            const int32_t diff = in[c] - greatest;
            if (diff >= params->diff_min) {
                const int32_t scaled = nn_rescale(diff, params->multiplier, params->left_shift);
                sum += nn_shift_right(nn_exp_of_negative_s32(scaled), NN_SUM_INTEGER_BITS);
            }
        }
        const int32_t log_sum = log_of(sum);
        /* The least difference that still fits Q5.26 with the logarithm taken off. */
        const int32_t reach = nn_rescale(log_sum + INT32_MIN, params->inverse_multiplier, params->inverse_shift);
        const int32_t least = reach > params->diff_min - 1 ? reach : params->diff_min - 1;
        for (uint32_t c = 0; c < classes; ++c) {
            const int32_t diff = in[c] - greatest;
            int32_t raw = -128;
            if (diff > least) {
                const int32_t scaled = nn_rescale(diff, params->multiplier, params->left_shift);
                raw = nn_clamp_s32(nn_shift_right((int32_t)((uint32_t)scaled - (uint32_t)log_sum), OUT_SHIFT) + 127, -128, 127);
            }
            out[c] = (int8_t)raw;
        }
    }
}
