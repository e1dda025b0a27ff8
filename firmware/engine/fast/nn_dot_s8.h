/* SPDX-License-Identifier: Apache-2.0
 * The inner loop of the int8 convolution: two filters times two patches, four values deep at a time.
 *
 * A group is four neighbouring values of two vectors, widened to halfwords as SXTB16 leaves them: 0 and 2 in one word, 1 and 3 in
 * the next. Values and weights are in the same order, so it does not matter to the sum.
 *   patches: [p0: 0 2] [p0: 1 3] [p1: 0 2] [p1: 1 3]      weights: [f0: 0 2] [f1: 0 2] [f0: 1 3] [f1: 1 3] */
#ifndef HIL_NN_DOT_S8_H
#define HIL_NN_DOT_S8_H

#include "nn_dsp.h"

enum { NN_GROUP = 4, NN_PAIR_WORDS = 4 }; /* values per group and vector; words per group of two vectors */

/* Sums by filter and patch: f0p0, f0p1, f1p0, f1p1. */
typedef struct {
    int32_t f0p0, f0p1, f1p0, f1p1;
} nn_sums;

#if NN_HAS_DSP

/* One group. LDM needs its registers in ascending order, so they are fixed; R7 is left out, it may be the frame pointer. */
#define NN_DOT_GROUP_                    \
    "ldmia %[x]!, {r2, r3, r4, r5}\n\t"  \
    "ldrd  r6, r8, [%[w]], #8\n\t"       \
    "smlad %[a], r2, r6, %[a]\n\t"       \
    "smlad %[b], r4, r6, %[b]\n\t"       \
    "smlad %[c], r2, r8, %[c]\n\t"       \
    "smlad %[d], r4, r8, %[d]\n\t"       \
    "ldrd  r6, r8, [%[w]], #8\n\t"       \
    "smlad %[a], r3, r6, %[a]\n\t"       \
    "smlad %[b], r5, r6, %[b]\n\t"       \
    "smlad %[c], r3, r8, %[c]\n\t"       \
    "smlad %[d], r5, r8, %[d]\n\t"

/* Adds `groups` groups to the sums; the position behind the patches. */
NN_INLINE const uint32_t *nn_dot_2x2(const uint32_t *x, const uint32_t *w, int32_t groups, nn_sums *sums)
{
    __asm__ volatile("subs  %[n], %[n], #4\n\t"
                     "blt   2f\n"
                     "1:\n\t" NN_DOT_GROUP_ NN_DOT_GROUP_ NN_DOT_GROUP_ NN_DOT_GROUP_
                     "subs  %[n], %[n], #4\n\t"
                     "bge   1b\n"
                     "2:\n\t"
                     "tst   %[n], #2\n\t" /* the two low bits of n - 4k are those of n */
                     "beq   3f\n\t" NN_DOT_GROUP_ NN_DOT_GROUP_
                     "3:\n\t"
                     "tst   %[n], #1\n\t"
                     "beq   4f\n\t" NN_DOT_GROUP_
                     "4:\n"
                     : [x] "+r"(x), [w] "+r"(w), [n] "+r"(groups), [a] "+r"(sums->f0p0), [b] "+r"(sums->f0p1), [c] "+r"(sums->f1p0),
                       [d] "+r"(sums->f1p1)
                     :
                     : "r2", "r3", "r4", "r5", "r6", "r8", "cc", "memory");
    return x;
}

#else

NN_INLINE const uint32_t *nn_dot_2x2(const uint32_t *x, const uint32_t *w, int32_t groups, nn_sums *sums)
{
    for (int32_t g = 0; g < groups; ++g, x += NN_PAIR_WORDS, w += NN_PAIR_WORDS) {
        sums->f0p0 = nn_smlad(x[1], w[2], nn_smlad(x[0], w[0], sums->f0p0));
        sums->f0p1 = nn_smlad(x[3], w[2], nn_smlad(x[2], w[0], sums->f0p1));
        sums->f1p0 = nn_smlad(x[1], w[3], nn_smlad(x[0], w[1], sums->f1p0));
        sums->f1p1 = nn_smlad(x[3], w[3], nn_smlad(x[2], w[1], sums->f1p1));
    }
    return x;
}

#endif
#endif
