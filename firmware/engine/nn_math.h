/* SPDX-License-Identifier: Apache-2.0
 * Functions of one float, the same bits on every IEEE-754 machine; no part of the kernels' contract. The target's libm is not used:
 * it differs from the host's, and a bare firmware has none. */
#ifndef HIL_NN_MATH_H
#define HIL_NN_MATH_H

#include "nn_internal.h"

NN_INLINE uint32_t nn_bits_of(float x)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

NN_INLINE float nn_of_bits(uint32_t bits)
{
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

NN_INLINE float nn_with_sign_of(float size, float x)
{
    return nn_of_bits((nn_bits_of(size) & 0x7FFFFFFFu) | (nn_bits_of(x) & 0x80000000u));
}

/* The square root, correctly rounded: found bit by bit, then rounded by what is left (never a tie). */
static inline float nn_sqrtf(float x)
{
    uint32_t bits = nn_bits_of(x);
    if (x == 0.0f || x != x || bits == 0x7F800000u) {
        return x;
    }
    if (x < 0.0f) {
        return __builtin_nanf("");
    }
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    uint32_t rest = bits & 0x7FFFFFu;
    if (exponent == -127) { /* subnormal */
        exponent = -126;
        while (!(rest & 0x800000u)) {
            rest <<= 1;
            --exponent;
        }
    }
    rest |= 0x800000u;
    if (exponent & 1) {
        rest <<= 1;
        --exponent;
    }
    rest <<= 1;
    uint32_t root = 0, twice = 0;
    for (uint32_t bit = 1u << 24; bit; bit >>= 1) {
        if (twice + bit <= rest) {
            twice += bit;
            rest -= twice;
            twice += bit;
            root += bit;
        }
        rest <<= 1;
    }
    root += rest ? root & 1u : 0u;
    return nn_of_bits((root >> 1) + ((uint32_t)(exponent / 2 + 126) << 23));
}

/* ln x, within 1 ulp. x = 2^k m with m in sqrt(1/2)..sqrt(2); with s = (m - 1) / (m + 1), ln m is 2 atanh s, whose series up to s^9
 * leaves out less than 1e-9 of it. */
static inline float nn_logf(float x)
{
    const float ln2_high = 0x1.62ep-1f, ln2_low = 0x1.0bfbe8p-15f; /* as in hil_nn_expf */
    if (x != x || x == __builtin_inff()) {
        return x;
    }
    if (x <= 0.0f) {
        return x == 0.0f ? -__builtin_inff() : __builtin_nanf("");
    }
    int32_t k = 0;
    if (x < 0x1p-126f) {
        x *= 0x1p25f;
        k = -25;
    }
    const uint32_t bits = nn_bits_of(x) + (0x3F800000u - 0x3F3504F3u); /* so that m comes out below sqrt(2) */
    k += (int32_t)(bits >> 23) - 127;
    const float f = nn_of_bits((bits & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
    const float s = f / (2.0f + f);
    const float z = s * s;
    const float series = z * (2.0f / 3.0f + z * (2.0f / 5.0f + z * (2.0f / 7.0f + z * (2.0f / 9.0f))));
    const float half = 0.5f * f * f; /* ln(1 + f) = f - half + s * (half + series) */
    const float low = (float)k * ln2_low;
    return (float)k * ln2_high - ((half - (s * (half + series) + low)) - f);
}

/* e^x - 1 for x <= 0, within 1.2e-7. */
static inline float nn_expm1f_of_negative(float x)
{
    if (x < -0.34657359f) {
        return hil_nn_expf(x) - 1.0f;
    }
    float p = 1.0f / 5040.0f; /* the polynomial of hil_nn_expf */
    p = p * x + 1.0f / 720.0f;
    p = p * x + 1.0f / 120.0f;
    p = p * x + 1.0f / 24.0f;
    p = p * x + 1.0f / 6.0f;
    p = p * x + 0.5f;
    return p * x * x + x;
}

/* 1 - erf(x), within 2e-7. Near 0 by the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)), whose terms are all of one
 * sign; farther out by the continued fraction e^(-x^2) / (x sqrt(pi)) / (1 + 1q/(1 + 2q/(1 + 3q/...))), q = 1/(2 x^2). */
static inline float nn_erfcf(float x)
{
    const float size = x < 0.0f ? -x : x;
    if (x != x) {
        return x;
    }
    if (size > 10.1f) {
        return x < 0.0f ? 2.0f : 0.0f;
    }
    const float square = size * size;
    if (size < 1.5f) {
        float term = size, sum = size;
        for (int32_t n = 1; n < 22; ++n) {
            term = term * (2.0f * square) / (float)(2 * n + 1);
            sum += term;
        }
        const float erf = 1.12837917f * hil_nn_expf(-square) * sum;
        return x < 0.0f ? 1.0f + erf : 1.0f - erf;
    }
    const float q = 0.5f / square;
    float fraction = 1.0f;
    for (int32_t n = 30; n > 0; --n) {
        fraction = 1.0f + (float)n * q / fraction;
    }
    const float rest = 0.564189584f * hil_nn_expf(-square) / (size * fraction);
    return x < 0.0f ? 2.0f - rest : rest;
}

NN_INLINE float nn_floorf(float x)
{
    if (!(x < 8388608.0f && x > -8388608.0f)) { /* no fraction beyond, and NaN */
        return x;
    }
    float whole = (float)(int32_t)x;
    if (whole > x) {
        whole -= 1.0f;
    }
    return whole == 0.0f ? nn_with_sign_of(0.0f, x) : whole;
}

/* sin(x + quarter_turns * pi / 2) in double inside: float32 alone would lose what is left after whole turns. |x| up to 1e5; farther out
 * the turns themselves are uncertain. */
static inline float nn_sinf_from(float x, int32_t quarter_turns)
{
    if (!(x > -1.0e9f && x < 1.0e9f)) {
        return __builtin_nanf("");
    }
    const double turns = (double)x * 0.63661977236758134308; /* 2 / pi */
    const int32_t n = (int32_t)(turns + (x < 0.0f ? -0.5 : 0.5));
    /* pi / 2 in two parts, the first with 33 bits, so that its product with n is exact */
    const double y = ((double)x - n * 1.57079632673412561417) - n * 6.07710050650619224932e-11;
    const double z = y * y;
    const int32_t quadrant = (n + quarter_turns) & 3;
    double result;
    if (quadrant & 1) {
        result = 1.0 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z / 479001600)))));
    } else {
        result = y + y * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 - z / 39916800))));
    }
    return (float)(quadrant & 2 ? -result : result);
}

#endif
