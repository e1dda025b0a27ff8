/* SPDX-License-Identifier: Apache-2.0
 * e^x = 2^n * e^r with n = round(x / ln 2) and |r| <= ln(2)/2, e^r by its Taylor polynomial of degree 7: the first term left out
 * is below r^8/8! = 5e-9 at the ends, a twelfth of an ulp. */
#include "nn_internal.h"

/* 2^n for n in -126..127, by its bits. */
NN_INLINE float power_of_two(int32_t n)
{
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float result;
    __builtin_memcpy(&result, &bits, sizeof result);
    return result;
}

float hil_nn_expf(float x)
{
    const float log2_e = 1.44269504f;
    /* ln 2 = high + low; high has 12 trailing zero bits, so that n * high is exact for every |n| <= 128. */
    const float ln2_high = 0x1.62ep-1f;
    const float ln2_low = 0x1.0bfbe8p-15f;
    if (x != x) {
        return x;
    }
    if (x > 88.7228391f) {
        return __builtin_inff();
    }
    if (x < -87.3365447f) { /* the result would be subnormal */
        return 0.0f;
    }
    const float scaled = x * log2_e;
    const int32_t n = (int32_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f));
    const float r = (x - (float)n * ln2_high) - (float)n * ln2_low;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r * r + r; /* 1 is added last: it would hide the low bits of the rest */
    /* 2^128 does not exist as a float, so the greatest results take two steps. */
    return n > 127 ? (1.0f + p) * power_of_two(127) * 2.0f : (1.0f + p) * power_of_two(n);
}
