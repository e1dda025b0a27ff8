/* SPDX-License-Identifier: Apache-2.0
 * Four dot products with one int8 vector, for dense and recurrent layers; in assembly for nn_dot_s8.h's reason. */
#ifndef HIL_NN_DOT4_S8_H
#define HIL_NN_DOT4_S8_H

#include "nn_dsp.h"

#if NN_HAS_DSP

/* Four values deep: x centred and widened, then four rows of weights. */
#define NN_DENSE_GROUP_                     \
    "ldr     r9, [r0], #4\n\t"              \
    "ldr     r11, [r1, r2]\n\t"             \
    "ldr     lr, [r1], #4\n\t"              \
    "sxtab16 r10, r8, r9\n\t"               \
    "sxtab16 r9, r8, r9, ror #8\n\t"        \
    "sxtb16  r3, lr\n\t"                    \
    "sxtb16  lr, lr, ror #8\n\t"            \
    "smlad   r4, r10, r3, r4\n\t"           \
    "smlad   r4, r9, lr, r4\n\t"            \
    "sxtb16  r3, r11\n\t"                   \
    "sxtb16  r11, r11, ror #8\n\t"          \
    "smlad   r5, r10, r3, r5\n\t"           \
    "smlad   r5, r9, r11, r5\n\t"           \
    "ldr     r11, [r12, r2]\n\t"            \
    "ldr     lr, [r12], #4\n\t"             \
    "sxtb16  r3, lr\n\t"                    \
    "sxtb16  lr, lr, ror #8\n\t"            \
    "smlad   r6, r10, r3, r6\n\t"           \
    "smlad   r6, r9, lr, r6\n\t"            \
    "sxtb16  r3, r11\n\t"                   \
    "sxtb16  r11, r11, ror #8\n\t"          \
    "smlad   r7, r10, r3, r7\n\t"           \
    "smlad   r7, r9, r11, r7\n\t"

/* acc[lane] += sum (in + offset) * w[lane] over `groups` >= 1 groups; offset in both halves, rows of weights `row` values apart. */
static NN_NAKED void nn_dense_groups(const int8_t *in NN_UNUSED, const int8_t *weights NN_UNUSED, int32_t row NN_UNUSED,
                                     int32_t groups NN_UNUSED, uint32_t offset NN_UNUSED, int32_t *acc NN_UNUSED)
{
    __asm__ volatile("push  {r3-r11, lr}\n\t"
                     "ldrd  r8, r9, [sp, #40]\n\t"
                     "ldmia r9, {r4-r7}\n\t"
                     "add   r12, r1, r2, lsl #1\n\t" /* the third row */
                     "lsls  r10, r3, #2\n\t"
                     "add   r10, r10, r0\n\t"
                     "str   r10, [sp]\n\t" /* the input's end */
                     "lsls  r3, r3, #31\n\t"
                     "bne   2f\n"
                     "1:\n\t" NN_DENSE_GROUP_
                     "2:\n\t" NN_DENSE_GROUP_
                     "ldr   r3, [sp]\n\t"
                     "cmp   r0, r3\n\t"
                     "bne   1b\n\t"
                     "ldr   r9, [sp, #44]\n\t"
                     "stmia r9, {r4-r7}\n\t"
                     "pop   {r3-r11, pc}\n");
}

#else

NN_INLINE void nn_dense_groups(const int8_t *in, const int8_t *weights, int32_t row, int32_t groups, uint32_t offset, int32_t *acc)
{
    for (; groups > 0; --groups, in += 4, weights += 4) {
        const uint32_t x = nn_read4(in);
        const uint32_t even = nn_sxtab16(offset, x), odd = nn_sxtab16_odd(offset, x);
        for (int lane = 0; lane < NN_LANES; ++lane) {
            const uint32_t w = nn_read4(weights + lane * row);
            acc[lane] = nn_smlad(odd, nn_sxtb16_odd(w), nn_smlad(even, nn_sxtb16(w), acc[lane]));
        }
    }
}

#endif

/* acc[lane] += sum (in + in_offset) * w[lane] for n values of four rows of weights, `row` values apart. */
NN_INLINE void nn_dot4_s8(const int8_t *in, const int8_t *weights, int32_t row, int32_t n, int32_t in_offset, int32_t acc[NN_LANES])
{
    if (n >= 4) {
        nn_dense_groups(in, weights, row, n / 4, nn_pack(in_offset, in_offset), acc);
    }
    for (int32_t i = n & ~3; i < n; ++i) {
        for (int lane = 0; lane < NN_LANES; ++lane) {
            acc[lane] += (in[i] + in_offset) * weights[lane * row + i];
        }
    }
}

#endif
