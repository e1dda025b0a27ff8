/* SPDX-License-Identifier: Apache-2.0
 * The logistic function and tanh in 16 bits, for gates; no part of the kernels' contract. The algorithm (barrel shifter of exp(-2^k)
 * factors, Newton-Raphson reciprocal), the constants and the places where it rounds or saturates are gemmlowp's. Qm.n is m integer
 * bits, n fractional bits and the sign: 16 in all. Values are held in 32 bits and stay within 16. */
#ifndef HIL_NN_FIXED16_H
#define HIL_NN_FIXED16_H

#include "nn_internal.h"

enum { NN_ONE_Q0 = 32767, NN_ONE_Q2 = 8192 };

NN_INLINE int32_t nn_saturated_s16(int32_t x)
{
#if defined(__thumb2__) && defined(__GNUC__) && !defined(__clang__) /* clang finds the instruction by itself */
    int32_t r;
    __asm__("ssat %0, #16, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return nn_clamp_s32(x, -32768, 32767);
#endif
}

/* x * y / 2^15 rounded to nearest, halves upwards; never called with both -32768. */
NN_INLINE int32_t nn_high_mul_s16(int32_t x, int32_t y)
{
    return (x * y + (1 << 14)) >> 15;
}

/* e^x in Q0.15 for x <= 0 with integer_bits (1..7) integer bits. */
NN_INLINE int32_t nn_exp_of_negative_s16(int32_t x, int32_t integer_bits)
{
    static const int16_t factor[] = {25520, 19875, 12055, 4435, 600, 11, 0}; /* exp(-2^k) in Q0.15 for k = -2..4 */
    const int32_t fractional_bits = 15 - integer_bits;
    const int32_t quarter = 1 << (fractional_bits - 2);
    const int32_t exp_minus_eighth = 28918, third = 10923; /* Q0.15 */
    if (x == 0) {
        return NN_ONE_Q0;
    }
    if (integer_bits > 5 && x < -(32 << fractional_bits)) {
        return 0;
    }
    const int32_t fraction = (x & (quarter - 1)) - quarter; /* in [-1/4, 0) */

    /* Taylor's series around -1/8, in Q0.15: exp(-1/8) * (1 + t + t^2/2 + t^3/6 + t^4/24). */
    const int32_t t = fraction * (1 << integer_bits) + (1 << 12);
    const int32_t t2 = nn_high_mul_s16(t, t);
    const int32_t t3 = nn_high_mul_s16(t2, t);
    const int32_t t4_over_4 = nn_shift_right(nn_high_mul_s16(t2, t2), 2);
    const int32_t tail = nn_shift_right(nn_high_mul_s16(t4_over_4 + t3, third) + t2, 1);
    int32_t result = nn_saturated_s16(exp_minus_eighth + nn_high_mul_s16(exp_minus_eighth, t + tail));

    const int32_t rest = fraction - x; /* a multiple of 1/4 */
    NN_UNROLL
    for (int32_t k = -2; k <= 4; ++k) {
        if (k < integer_bits && (rest & (1 << (fractional_bits + k)))) {
            result = nn_high_mul_s16(result, factor[k + 2]);
        }
    }
    return result;
}

/* 2 / (1 + x) in Q2.13 for x in 0..1 in Q0.15. */
NN_INLINE int32_t nn_two_over_one_plus_s16(int32_t x)
{
    const int32_t c_48_over_17 = 23130, minus_32_over_17 = -15420; /* Q2.13 */
    const int32_t half = (x + NN_ONE_Q0 + 1) / 2;                 /* (1 + x) / 2 in Q0.15 */
    int32_t estimate = c_48_over_17 + nn_high_mul_s16(half, minus_32_over_17);
    NN_UNROLL
    for (int i = 0; i < 3; ++i) {
        const int32_t error = NN_ONE_Q2 - nn_high_mul_s16(half, estimate);
        estimate += nn_saturated_s16(nn_high_mul_s16(estimate, error) * 4); /* Q4.11 to Q2.13 */
    }
    return estimate;
}

/* 1 / (1 + e^-x) in Q0.15 for x in Q3.12. */
NN_INLINE int32_t nn_logistic_s16(int32_t x)
{
    if (x == 0) {
        return 1 << 14;
    }
    /* Half of 2 / (1 + e^-|x|) is what Q2.13 reads as Q1.14; one bit more makes it Q0.15. */
    const int32_t result = nn_saturated_s16(nn_two_over_one_plus_s16(nn_exp_of_negative_s16(x < 0 ? x : -x, 3)) * 2);
    return x > 0 ? result : NN_ONE_Q0 - result;
}

/* tanh(x) in Q0.15 for x with integer_bits (0..6) integer bits, as (1 - e^-2|x|) / (1 + e^-2|x|). */
NN_INLINE int32_t nn_tanh_s16(int32_t x, int32_t integer_bits)
{
    if (x == 0) {
        return 0;
    }
    const int32_t e = nn_exp_of_negative_s16(x < 0 ? x : -x, integer_bits + 1);
    const int32_t result = nn_saturated_s16((nn_two_over_one_plus_s16(e) - NN_ONE_Q2) * 4);
    return x > 0 ? result : -result;
}

#endif
