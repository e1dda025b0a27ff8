/* SPDX-License-Identifier: Apache-2.0
 * Rescaling as the definitions say it, with divisions in 64 bits: slow, and written without a look at the kernels. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdint.h>

/* Nearest integer to n / 2^bits, halves away from zero. */
static inline int64_t oracle_divide_away(int64_t n, int bits)
{
    const int64_t d = (int64_t)1 << bits;
    return n >= 0 ? (n + d / 2) / d : -((-n + d / 2) / d);
}

/* Doubling high multiplication: (x * y + nudge) / 2^31 towards zero, the nudge 2^30 or 1 - 2^30 by the product's sign. */
static inline int32_t oracle_high_mul(int32_t x, int32_t y)
{
    const int64_t product = (int64_t)x * y;
    const int64_t nudge = product >= 0 ? (1 << 30) : 1 - (1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

static inline int32_t oracle_rescale(int32_t x, int32_t multiplier, int shift)
{
    const int left = shift > 0 ? shift : 0;
    return (int32_t)oracle_divide_away(oracle_high_mul(x * (1 << left), multiplier), left - shift);
}

static inline int32_t oracle_clamp(int64_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : (int32_t)x;
}

#endif
