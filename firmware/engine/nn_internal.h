/* SPDX-License-Identifier: Apache-2.0
 * Shared by the kernels; no part of their contract. */
#ifndef HIL_NN_INTERNAL_H
#define HIL_NN_INTERNAL_H

#include <stdint.h>

#include "hil_nn.h"

#if defined(__GNUC__)
#define NN_INLINE static inline __attribute__((always_inline))
#define NN_NOINLINE __attribute__((noinline))
#define NN_UNUSED __attribute__((unused))
#if defined(__clang__)
#define NN_NAKED __attribute__((naked, noinline, used))
#else
#define NN_NAKED __attribute__((naked, noipa, used)) /* its arguments are used, though no statement shows it */
#endif
#else
#define NN_INLINE static inline
#define NN_NOINLINE
#define NN_UNUSED
#endif

/* NN_UNROLL stands before loops over lanes: accumulators in an array stay in registers only if the loop is gone, which GCC's -O2
 * does not do by itself. NN_ROLLED stands before loops that clang would unroll, to spill in the long and waste in the short. */
#if defined(__clang__)
#define NN_UNROLL _Pragma("clang loop unroll(full)")
#define NN_ROLLED _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define NN_UNROLL _Pragma("GCC unroll 4")
#define NN_ROLLED
#else
#define NN_UNROLL
#define NN_ROLLED
#endif

/* Accumulators kept in registers at once: x is loaded once for four weights. More would spill on a Cortex-M. */
enum { NN_LANES = 4 };

/* The taps of one window that lie inside the image, along one axis. */
typedef struct {
    int32_t first; /* tap index */
    int32_t end;
    int32_t start; /* image coordinate of tap `first` */
} nn_taps;

NN_INLINE nn_taps nn_clip(int32_t out_index, int32_t stride, int32_t pad, int32_t dilation, int32_t taps, int32_t extent)
{
    const int32_t origin = out_index * stride - pad;
    nn_taps result = {0, taps, origin};
    if (origin < 0) {
        result.first = (dilation - 1 - origin) / dilation;
        result.start = origin + result.first * dilation;
    }
    if (origin + (taps - 1) * dilation >= extent) {
        const int32_t room = extent - origin;
        result.end = room > 0 ? (room + dilation - 1) / dilation : 0;
    }
    if (result.end < result.first) {
        result.end = result.first;
    }
    return result;
}

/* x * y / 2^31 rounded to nearest, halves upwards; saturates only for (INT32_MIN, INT32_MIN), which multipliers exclude.
 * Equals gemmlowp's SaturatingRoundingDoublingHighMul: its sign-dependent nudge followed by truncation is this floor. */
NN_INLINE int32_t nn_high_mul(int32_t x, int32_t y)
{
    return (int32_t)(((int64_t)x * y + (1 << 30)) >> 31);
}

/* x / 2^exponent rounded to nearest, halves away from zero; any x, exponent 0..31. gemmlowp's RoundingDivideByPOT. */
NN_INLINE int32_t nn_shift_right(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)((1u << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

/* x * multiplier * 2^(shift - 31), rounded twice: nn_high_mul, then nn_shift_right. The second rounding adds half a step less one
 * for negative numbers, which is the same and shorter. For shift <= 0 any |x| < 2^30 will do, and any x whose |nn_high_mul| plus
 * that half stays below 2^31; for shift > 0 x * 2^shift must fit. */
NN_INLINE int32_t nn_rescale(int32_t x, int32_t multiplier, int32_t shift)
{
    if (shift >= 0) {
        return nn_high_mul((int32_t)((uint32_t)x << shift), multiplier);
    }
    const int32_t scaled = nn_high_mul(x, multiplier);
    return (scaled + (scaled >> 31) + (1 << (-shift - 1))) >> -shift;
}

/* The same value rounded once, halves upwards. */
NN_INLINE int32_t nn_rescale_once(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t total = 31 - shift;
    return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << (total - 1))) >> total);
}

/* x * multiplier * 2^(shift - 31) for a wide x: the multiplier is cut to 15 bits first, and the result rounded once. */
NN_INLINE int32_t nn_rescale_wide(int64_t x, int32_t multiplier, int32_t shift)
{
    const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    const int32_t total = 15 - shift;
    return (int32_t)((x * reduced + ((int64_t)1 << (total - 1))) >> total);
}

NN_INLINE int32_t nn_clamp_s32(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* The comparisons are the reference's, so that -0.0 and NaN come out as they do there. */
NN_INLINE float nn_clamp_f32(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return high < raised ? high : raised;
}

/* 1 / (1 + e^-x), with the reference's shortcuts at both ends. */
NN_INLINE float nn_logistic_f32(float x)
{
    if (x > 16.619047164916992188f) {
        return 1.0f;
    }
    return x < -9.0f ? hil_nn_expf(x) : 1.0f / (1.0f + hil_nn_expf(-x));
}

#endif
