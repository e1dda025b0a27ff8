/* SPDX-License-Identifier: Apache-2.0
 * From an accumulator to an output, with all that depends on the channel alone worked out beforehand. Results equal nn_rescale's.
 *
 * - high_mul(x, m) is SMMULR(2x, m): (2xm + 2^31) / 2^32 = (xm + 2^30) / 2^31, and 2x fits since |x| < 2^30.
 * - (y >> e) + offset is (y + (offset << e)) >> e, so that rounding and offset are one addition. With e <= 22 nothing overflows:
 *   |y| < 2^30 and |offset| << e <= 2^29.
 * - The term y >> 31, which sends negative halves away from zero, changes no output that is clamped at the offset (a fused RELU):
 *   for y < 0 the result is at most the offset with it and without it. */
#ifndef HIL_NN_REQUANT_H
#define HIL_NN_REQUANT_H

#include "nn_dsp.h"

enum { NN_SHIFT_MAX = 22 };

typedef struct {
    int32_t bias, multiplier, addend, exponent;
} nn_channel;

/* What the whole layer has in common. */
typedef enum {
    NN_ACT_RELU,   /* -128..127 with the offset at -128 */
    NN_ACT_NONE,   /* -128..127 */
    NN_ACT_GENERAL /* any range, any shift: by nn_rescale */
} nn_activation;

NN_INLINE nn_activation nn_activation_of(const int8_t *shift, int32_t channels, int32_t out_offset, int32_t act_min, int32_t act_max)
{
    if (act_min != -128 || act_max != 127) {
        return NN_ACT_GENERAL;
    }
    for (int32_t o = 0; o < channels; ++o) {
        if (shift[o] >= 0 || shift[o] < -NN_SHIFT_MAX) {
            return NN_ACT_GENERAL;
        }
    }
    return out_offset == -128 ? NN_ACT_RELU : NN_ACT_NONE;
}

/* For NN_ACT_GENERAL the addend is unused and the exponent is -shift. */
NN_INLINE nn_channel nn_channel_at(int32_t o, const int32_t *bias, const int32_t *multiplier, const int8_t *shift, int32_t out_offset,
                                   nn_activation activation)
{
    nn_channel c = {bias ? bias[o] : 0, multiplier[o], 0, -shift[o]};
    if (activation != NN_ACT_GENERAL) {
        c.addend = (1 << (c.exponent - 1)) + out_offset * (1 << c.exponent);
    }
    return c;
}

NN_INLINE int8_t nn_finish_relu(int32_t acc, int32_t multiplier, int32_t addend, int32_t exponent)
{
    return (int8_t)nn_ssat8((nn_smmulr(acc * 2, multiplier) + addend) >> exponent);
}

NN_INLINE int8_t nn_finish_none(int32_t acc, int32_t multiplier, int32_t addend, int32_t exponent)
{
    const int32_t y = nn_smmulr(acc * 2, multiplier);
    return (int8_t)nn_ssat8((y + (y >> 31) + addend) >> exponent);
}

#endif
