/* SPDX-License-Identifier: Apache-2.0
 * The inner loops of the int8 convolution. On a core with DSP instructions they are whole functions in assembly, since they need all
 * fourteen registers: a compiler that has to fit operands around them runs out of registers at some optimisation level.
 *
 * A group is four neighbouring values of some vectors, widened to halfwords as SXTB16 leaves them: 0 and 2 in one word, 1 and 3 in
 * another. Values and weights are in the same order, so it does not matter to the sum.
 *   patches: [p0: 0 2] [p1: 0 2] [p0: 1 3] [p1: 1 3]      filters: [f0: 0 2] .. [f3: 0 2] [f0: 1 3] .. [f3: 1 3] */
#ifndef HIL_NN_DOT_S8_H
#define HIL_NN_DOT_S8_H

#include <stddef.h>

#include "nn_dsp.h"

enum { NN_GROUP = 4, NN_FILTERS = 4, NN_PAIR_WORDS = 4, NN_FILTER_WORDS = 8 }; /* values per group; words of two patches, of four filters */

/* What nn_sweep_4x2 works on and with. Its code knows the order of the fields. */
typedef struct {
    const uint32_t *filters;
    uint32_t entry; /* its own */
    int32_t bias[NN_FILTERS];
    struct {
        int32_t multiplier, addend, exponent; /* nn_channel's */
    } scale[NN_FILTERS];
    int8_t *out;        /* the first pixel's place for filter 0; the others' lie behind it */
    int32_t next_pixel; /* from there to the second pixel's, and to the next pair's */
    int32_t pairs;
    const uint32_t *patches;
    int32_t groups;
} nn_sweep;

#if NN_HAS_DSP

/* Two values deep. LDM and LDRD rather than LDR: the same cycles but one, and fewer instructions. */
#define NN_SWEEP_HALF_               \
    "ldmia.w r0!, {r2, r3}\n\t"      \
    "ldrd  r12, lr, [r1], #8\n\t"    \
    "smlad r4, r2, r12, r4\n\t"      \
    "smlad r5, r3, r12, r5\n\t"      \
    "smlad r6, r2, lr, r6\n\t"       \
    "smlad r7, r3, lr, r7\n\t"       \
    "ldrd  r12, lr, [r1], #8\n\t"    \
    "smlad r8, r2, r12, r8\n\t"      \
    "smlad r9, r3, r12, r9\n\t"      \
    "smlad r10, r2, lr, r10\n\t"     \
    "smlad r11, r3, lr, r11\n\t"
#define NN_SWEEP_GROUP_ NN_SWEEP_HALF_ NN_SWEEP_HALF_

/* As nn_finish_none. */
#define NN_SWEEP_FINISH_(acc)             \
    "lsl    " acc ", " acc ", #1\n\t"     \
    "smmulr " acc ", " acc ", r2\n\t"     \
    "add    " acc ", " acc ", " acc ", asr #31\n\t" \
    "add    " acc ", " acc ", r3\n\t"     \
    "asr    " acc ", " acc ", r12\n\t"    \
    "ssat   " acc ", #8, " acc "\n\t"

/* Four filters over all pairs of patches; out, pairs and entry are used up. */
static NN_NAKED void nn_sweep_4x2(nn_sweep *job NN_UNUSED)
{
    __asm__ volatile("push  {r4-r11, lr}\n\t"
                     "sub   sp, sp, #12\n\t"
                     "str   r0, [sp]\n\t"
                     "ldr   r1, [r0]\n\t"
                     "ldr   r2, [r0, #88]\n\t"
                     "add   r1, r1, r2, lsl #5\n\t"
                     "str   r1, [sp, #4]\n\t" /* the filters' end */
                     "rsb   r2, r2, #0\n\t"
                     "and   r2, r2, #3\n\t" /* groups of the first round that are skipped */
                     "movs  r3, #88\n\t"    /* bytes of a group's code */
                     "adr   r1, 2f\n\t"
                     "mla   r1, r2, r3, r1\n\t"
                     "orr   r1, r1, #1\n\t"
                     "str   r1, [r0, #4]\n\t"
                     "ldr   r0, [r0, #84]\n"
                     "1:\n\t"
                     "ldr   r1, [sp]\n\t"
                     "ldmia r1, {r1, r2, r4, r6, r8, r10}\n\t"
                     "mov   r5, r4\n\t"
                     "mov   r7, r6\n\t"
                     "mov   r9, r8\n\t"
                     "mov   r11, r10\n\t"
                     "bx    r2\n\t"
                     ".p2align 2\n"
                     "2:\n\t" NN_SWEEP_GROUP_ NN_SWEEP_GROUP_ NN_SWEEP_GROUP_ NN_SWEEP_GROUP_
                     "ldr   r2, [sp, #4]\n\t"
                     "cmp   r1, r2\n\t"
                     "bne   2b\n\t"
                     "ldr   r1, [sp]\n\t"
                     "adds  r1, r1, #24\n\t"
                     "ldmia r1!, {r2, r3, r12}\n\t" NN_SWEEP_FINISH_("r4") NN_SWEEP_FINISH_("r5")
                     "ldmia r1!, {r2, r3, r12}\n\t" NN_SWEEP_FINISH_("r6") NN_SWEEP_FINISH_("r7")
                     "ldmia r1!, {r2, r3, r12}\n\t" NN_SWEEP_FINISH_("r8") NN_SWEEP_FINISH_("r9")
                     "ldmia r1!, {r2, r3, r12}\n\t" NN_SWEEP_FINISH_("r10") NN_SWEEP_FINISH_("r11")
                     "ldmia r1, {r2, r3, r12}\n\t"
                     "strb  r4, [r2]\n\t"
                     "strb  r6, [r2, #1]\n\t"
                     "strb  r8, [r2, #2]\n\t"
                     "strb  r10, [r2, #3]\n\t"
                     "add   r2, r2, r3\n\t"
                     "strb  r5, [r2]\n\t"
                     "strb  r7, [r2, #1]\n\t"
                     "strb  r9, [r2, #2]\n\t"
                     "strb  r11, [r2, #3]\n\t"
                     "add   r2, r2, r3\n\t"
                     "str   r2, [r1]\n\t"
                     "subs  r12, r12, #1\n\t"
                     "str   r12, [r1, #8]\n\t"
                     "bne   1b\n\t"
                     "add   sp, sp, #12\n\t"
                     "pop   {r4-r11, pc}\n");
}

/* `groups` >= 1 groups of four filters, widened. */
static NN_NAKED void nn_widen_4(const int8_t *const filter[NN_FILTERS] NN_UNUSED, int32_t groups NN_UNUSED, uint32_t *to NN_UNUSED)
{
    __asm__ volatile("push  {r4-r11, lr}\n\t"
                     "ldmia r0, {r3-r6}\n"
                     "1:\n\t"
                     "ldr   r7, [r3], #4\n\t"
                     "ldr   r8, [r4], #4\n\t"
                     "ldr   r9, [r5], #4\n\t"
                     "ldr   r10, [r6], #4\n\t"
                     "sxtb16 r0, r7\n\t"
                     "sxtb16 r11, r8\n\t"
                     "sxtb16 r12, r9\n\t"
                     "sxtb16 lr, r10\n\t"
                     "stmia r2!, {r0, r11, r12, lr}\n\t"
                     "sxtb16 r0, r7, ror #8\n\t"
                     "sxtb16 r11, r8, ror #8\n\t"
                     "sxtb16 r12, r9, ror #8\n\t"
                     "sxtb16 lr, r10, ror #8\n\t"
                     "stmia r2!, {r0, r11, r12, lr}\n\t"
                     "subs  r1, r1, #1\n\t"
                     "bne   1b\n\t"
                     "pop   {r4-r11, pc}\n");
}

typedef char nn_sweep_is_as_its_code_has_it[offsetof(nn_sweep, scale) == 24 && offsetof(nn_sweep, out) == 72 &&
                                                    offsetof(nn_sweep, patches) == 84 && offsetof(nn_sweep, groups) == 88
                                                ? 1
                                                : -1];

#else

NN_INLINE void nn_widen_4(const int8_t *const filter[NN_FILTERS], int32_t groups, uint32_t *to)
{
    for (int32_t g = 0; g < groups; ++g, to += NN_FILTER_WORDS) {
        for (int32_t lane = 0; lane < NN_FILTERS; ++lane) {
            const uint32_t word = nn_read4(filter[lane] + g * NN_GROUP);
            to[lane] = nn_sxtb16(word);
            to[NN_FILTERS + lane] = nn_sxtb16_odd(word);
        }
    }
}

#endif
#endif
