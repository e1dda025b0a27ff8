/* SPDX-License-Identifier: Apache-2.0
 * The DSP instructions of ARMv7E-M that the fast kernels are made of (ARMv7-M Architecture Reference Manual, A7), each with the
 * same meaning in C for every other machine. Inline assembly rather than <arm_acle.h>: there GCC models the Q flag, which keeps
 * it from reordering, and does not fold the rotation into SXTB16. */
#ifndef HIL_NN_DSP_H
#define HIL_NN_DSP_H

#include "nn_internal.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__GNUC__)
#define NN_HAS_DSP 1
#else
#define NN_HAS_DSP 0
#endif

NN_INLINE int32_t nn_low(uint32_t x)
{
    return (int16_t)(x & 0xFFFFu);
}

NN_INLINE int32_t nn_high(uint32_t x)
{
    return (int16_t)(x >> 16);
}

NN_INLINE uint32_t nn_pack(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
}

/* Four neighbouring bytes as one word, the first lowest; any address. */
NN_INLINE uint32_t nn_read4(const int8_t *from)
{
#if NN_HAS_DSP
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
#else
    return (uint32_t)(uint8_t)from[0] | (uint32_t)(uint8_t)from[1] << 8 | (uint32_t)(uint8_t)from[2] << 16 |
           (uint32_t)(uint8_t)from[3] << 24;
#endif
}

NN_INLINE void nn_write4(int8_t *to, uint32_t word)
{
#if NN_HAS_DSP
    __builtin_memcpy(to, &word, sizeof word);
#else
    for (int i = 0; i < 4; ++i) {
        to[i] = (int8_t)(uint8_t)(word >> (8 * i));
    }
#endif
}

/* The first n < 4 bytes as nn_read4 has them, zeros above. */
NN_INLINE uint32_t nn_read_some(const int8_t *from, int32_t n)
{
    uint32_t word = 0;
    for (int32_t i = 0; i < n; ++i) {
        word |= (uint32_t)(uint8_t)from[i] << (8 * i);
    }
    return word;
}

/* Bytes 0 and 2 as two halfwords, with their signs. */
NN_INLINE uint32_t nn_sxtb16(uint32_t x)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return nn_pack((int8_t)(x & 0xFFu), (int8_t)(x >> 16 & 0xFFu));
#endif
}

/* Bytes 1 and 3 as two halfwords, with their signs. */
NN_INLINE uint32_t nn_sxtb16_odd(uint32_t x)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(x));
    return r;
#else
    return nn_sxtb16(x >> 8);
#endif
}

/* The halfwords of `add` plus bytes 0 and 2 of x. */
NN_INLINE uint32_t nn_sxtab16(uint32_t add, uint32_t x)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(add), "r"(x));
    return r;
#else
    return nn_pack(nn_low(add) + (int8_t)(x & 0xFFu), nn_high(add) + (int8_t)(x >> 16 & 0xFFu));
#endif
}

/* The halfwords of `add` plus bytes 1 and 3 of x. */
NN_INLINE uint32_t nn_sxtab16_odd(uint32_t add, uint32_t x)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(add), "r"(x));
    return r;
#else
    return nn_sxtab16(add, x >> 8);
#endif
}

/* acc + low(x) * low(y) + high(x) * high(y) */
NN_INLINE int32_t nn_smlad(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + nn_low(x) * nn_low(y) + nn_high(x) * nn_high(y);
#endif
}

/* acc + low(x) * low(y) */
NN_INLINE int32_t nn_smlabb(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + nn_low(x) * nn_low(y);
#endif
}

/* acc + high(x) * high(y) */
NN_INLINE int32_t nn_smlatt(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smlatt %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + nn_high(x) * nn_high(y);
#endif
}

/* x * y / 2^32, rounded to nearest, halves upwards. */
NN_INLINE int32_t nn_smmulr(int32_t x, int32_t y)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smmulr %0, %1, %2" : "=r"(r) : "r"(x), "r"(y));
    return r;
#else
    return (int32_t)(((int64_t)x * y + ((int64_t)1 << 31)) >> 32);
#endif
}

/* x within -128..127 */
NN_INLINE int32_t nn_ssat8(int32_t x)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("ssat %0, #8, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return nn_clamp_s32(x, -128, 127);
#endif
}

/* The greater of each pair of signed bytes. */
NN_INLINE uint32_t nn_max4(uint32_t x, uint32_t y)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(x), "r"(y)); /* SSUB8 sets GE where x >= y */
    return r;
#else
    uint32_t r = 0;
    for (int i = 0; i < 32; i += 8) {
        const int8_t a = (int8_t)(x >> i & 0xFFu), b = (int8_t)(y >> i & 0xFFu);
        r |= (uint32_t)(uint8_t)(a > b ? a : b) << i;
    }
    return r;
#endif
}

#endif
