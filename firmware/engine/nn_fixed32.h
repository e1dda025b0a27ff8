/* SPDX-License-Identifier: Apache-2.0
 * e^x and 1 / (1 + x) in 32 bits; no part of the kernels' contract. The algorithms (barrel shifter of exp(-2^k) factors,
 * Newton-Raphson reciprocal) and the places where they round are gemmlowp's; Qm.n is m integer bits, n fractional bits and the sign. */
#ifndef HIL_NN_FIXED32_H
#define HIL_NN_FIXED32_H

#include "nn_internal.h"

enum { NN_EXP_INTEGER_BITS = 5, NN_SUM_INTEGER_BITS = 12 };

/* x * 2^bits, saturated. */
NN_INLINE int32_t nn_shift_left_saturated(int32_t x, int bits)
{
    const int32_t limit = (int32_t)((1u << (31 - bits)) - 1u);
    if (x > limit) {
        return INT32_MAX;
    }
    if (x < -limit) {
        return INT32_MIN;
    }
    return x * (1 << bits);
}

/* exp(x) in Q0.31 for x <= 0 in Q5.26. */
static int32_t nn_exp_of_negative_s32(int32_t x)
{
    /* exp(-2^k) in Q0.31 for k = -2..4 */
    static const int32_t factor[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << (31 - NN_EXP_INTEGER_BITS - 2);
    const int32_t exp_minus_eighth = 1895147668; /* Q0.31 */
    const int32_t third = 715827883;             /* Q0.31 */
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t fraction = (x & (quarter - 1)) - quarter; /* in [-1/4, 0) */

    /* Taylor's series around -1/8, in Q0.31: exp(-1/8) * (1 + t + t^2/2 + t^3/6 + t^4/24). */
    const int32_t t = fraction * (1 << NN_EXP_INTEGER_BITS) + (1 << 28);
    const int32_t t2 = nn_high_mul(t, t);
    const int32_t t3 = nn_high_mul(t2, t);
    const int32_t t4_over_4 = nn_shift_right(nn_high_mul(t2, t2), 2);
    const int32_t tail = nn_shift_right(nn_high_mul(t4_over_4 + t3, third) + t2, 1);
    int32_t result = exp_minus_eighth + nn_high_mul(exp_minus_eighth, t + tail);

    const int32_t rest = fraction - x; /* a multiple of 1/4 */
    for (int k = 0; k < 7; ++k) {
        if (rest & (quarter << k)) {
            result = nn_high_mul(result, factor[k]);
        }
    }
    return result;
}

/* 1 / (1 + x) in Q0.31 for x in [0, 1) in Q0.31. */
static int32_t nn_reciprocal_of_one_plus_s32(int32_t x)
{
    const int32_t one = 1 << 29;                /* Q2.29, as is everything below but half */
    const int32_t c_48_over_17 = 1515870810;
    const int32_t minus_32_over_17 = -1010580540; /* added, not subtracted: rounding is not symmetric */
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2); /* (1 + x) / 2 in Q0.31 */
    int32_t estimate = c_48_over_17 + nn_high_mul(half, minus_32_over_17);
    for (int i = 0; i < 3; ++i) {
        const int32_t error = one - nn_high_mul(half, estimate);
        estimate += nn_shift_left_saturated(nn_high_mul(estimate, error), 2);
    }
    return nn_shift_left_saturated(estimate, 1); /* halved, then from Q1.30 to Q0.31 */
}

NN_INLINE int32_t nn_leading_zeros(uint32_t x)
{
#if defined(__GNUC__)
    return x ? __builtin_clz(x) : 32;
#else
    int32_t count = 0;
    for (uint32_t bit = 0x80000000u; bit && !(x & bit); bit >>= 1) {
        ++count;
    }
    return count;
#endif
}

#endif
