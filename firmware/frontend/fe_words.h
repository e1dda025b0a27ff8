/* SPDX-License-Identifier: Apache-2.0
 * Pairs of 16-bit numbers in one word, a complex number's real part lowest: the DSP instructions of ARMv7E-M that the fixed-point
 * transforms are made of, each with the same meaning in C for every other machine. Sums wrap to 16 bits. */
#ifndef HIL_FE_WORDS_H
#define HIL_FE_WORDS_H

#include "nn_dsp.h"

#if NN_HAS_DSP
#define FE_PAIRS(name, instruction, low, high)                                     \
    NN_INLINE uint32_t name(uint32_t x, uint32_t y)                                \
    {                                                                              \
        uint32_t r;                                                                \
        __asm__(instruction " %0, %1, %2" : "=r"(r) : "r"(x), "r"(y));             \
        return r;                                                                  \
    }
#else
#define FE_PAIRS(name, instruction, low, high)                                     \
    NN_INLINE uint32_t name(uint32_t x, uint32_t y)                                \
    {                                                                              \
        const int32_t x_low = nn_low(x), x_high = nn_high(x);                      \
        const int32_t y_low = nn_low(y), y_high = nn_high(y);                      \
        return nn_pack(low, high);                                                 \
    }
#endif

FE_PAIRS(fe_add, "sadd16", x_low + y_low, x_high + y_high)
FE_PAIRS(fe_sub, "ssub16", x_low - y_low, x_high - y_high)
FE_PAIRS(fe_half_sum, "shadd16", (x_low + y_low) >> 1, (x_high + y_high) >> 1)
FE_PAIRS(fe_half_difference, "shsub16", (x_low - y_low) >> 1, (x_high - y_high) >> 1)
FE_PAIRS(fe_sub_turned, "ssax", x_low + y_high, x_high - y_low) /* x - i y */
FE_PAIRS(fe_add_turned, "sasx", x_low - y_high, x_high + y_low) /* x + i y */

/* acc + low(x) low(y) - high(x) high(y) */
NN_INLINE int32_t fe_smlsd(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smlsd %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + (nn_low(x) * nn_low(y) - nn_high(x) * nn_high(y));
#endif
}

/* acc + low(x) high(y) + high(x) low(y) */
NN_INLINE int32_t fe_smladx(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smladx %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + (nn_low(x) * nn_high(y) + nn_high(x) * nn_low(y));
#endif
}

/* acc + high(x) low(y) */
NN_INLINE int32_t fe_smlatb(uint32_t x, uint32_t y, int32_t acc)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smlatb %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(acc));
    return r;
#else
    return acc + nn_high(x) * nn_low(y);
#endif
}

/* low(x) low(y) */
NN_INLINE int32_t fe_smulbb(uint32_t x, uint32_t y)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smulbb %0, %1, %2" : "=r"(r) : "r"(x), "r"(y));
    return r;
#else
    return nn_low(x) * nn_low(y);
#endif
}

/* high(x) high(y) */
NN_INLINE int32_t fe_smultt(uint32_t x, uint32_t y)
{
#if NN_HAS_DSP
    int32_t r;
    __asm__("smultt %0, %1, %2" : "=r"(r) : "r"(x), "r"(y));
    return r;
#else
    return nn_high(x) * nn_high(y);
#endif
}

/* The low 16 bits of low >> shift and of high >> shift, shift 0..15; a constant. */
#if NN_HAS_DSP
#define FE_PACK(low, high, shift)                                                                              \
    __extension__({                                                                                            \
        uint32_t packed_;                                                                                      \
        __asm__("pkhbt %0, %1, %2, lsl %3" : "=r"(packed_) : "r"((low) >> (shift)), "r"(high), "I"(16 - (shift))); \
        packed_;                                                                                               \
    })
#else
#define FE_PACK(low, high, shift) nn_pack((low) >> (shift), (high) >> (shift))
#endif

/* low(x) beside high(y) */
NN_INLINE uint32_t fe_low_high(uint32_t x, uint32_t y)
{
    return (x & 0xFFFFu) | (y & 0xFFFF0000u);
}

/* The greater of `most` and the sizes of x, each half; -32768 has the size -32768, as 16 bits have no other. */
NN_INLINE uint32_t fe_greatest(uint32_t most, uint32_t x)
{
#if NN_HAS_DSP
    uint32_t size, scratch;
    /* SSUB16 sets GE where the difference is not negative. */
    __asm__("ssub16 %0, %3, %4\n\tsel %0, %0, %4\n\tssub16 %1, %0, %2\n\tsel %2, %0, %2"
            : "=&r"(size), "=&r"(scratch), "+&r"(most)
            : "r"(0), "r"(x));
    return most;
#else
    const int32_t low = nn_low(x), high = nn_high(x);
    const int32_t sizes[2] = {(int16_t)(low < 0 ? -low : low), (int16_t)(high < 0 ? -high : high)};
    return nn_pack(sizes[0] > nn_low(most) ? sizes[0] : nn_low(most), sizes[1] > nn_high(most) ? sizes[1] : nn_high(most));
#endif
}

/* re^2 + im^2, up to 2^31 */
NN_INLINE uint32_t fe_energy(uint32_t x)
{
#if NN_HAS_DSP
    uint32_t r;
    __asm__("smuad %0, %1, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return (uint32_t)(nn_low(x) * nn_low(x)) + (uint32_t)(nn_high(x) * nn_high(x));
#endif
}

/* Bits of x: 0 for 0, 1 for 1, 2 for 2 and 3. */
NN_INLINE int32_t fe_bits(uint32_t x)
{
    return x ? 32 - __builtin_clz(x) : 0;
}

#endif
