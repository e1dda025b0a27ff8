/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution of 3 x 3 taps, four neighbouring channels at a time. A whole function in assembly where the core has DSP
 * instructions, for nn_dot_s8.h's reason. */
#ifndef HIL_NN_DW_S8_H
#define HIL_NN_DW_S8_H

#include <stddef.h>

#include "nn_requant.h"

enum { NN_QUAD = 4, NN_DW_TAPS = 9 };

/* Four channels and where they are. The code of nn_dw_3x3 knows the order of the fields. */
typedef struct {
    int32_t bias[NN_QUAD];
    uint32_t weights[2 * NN_DW_TAPS]; /* of each tap: channels 0 and 2, channels 1 and 3 */
    struct {
        int32_t multiplier, addend, exponent; /* nn_channel's */
    } scale[NN_QUAD];
    const int8_t *in;                    /* the first pixel's first tap */
    int32_t tap_step, row_step, next_in; /* to the next tap, row of taps, pixel */
    uint32_t offset;                     /* in_offset in both halves */
    int8_t *out;
    int32_t next_out, pixels;
} nn_dw_job;

#if NN_HAS_DSP

#define NN_DW_TAP_(at)                       \
    "ldr     r9, " at "\n\t"                 \
    "ldrd    r10, r11, [r1], #8\n\t"         \
    "sxtab16 r12, r8, r9\n\t"                \
    "sxtab16 r9, r8, r9, ror #8\n\t"         \
    "smlabb  r4, r12, r10, r4\n\t"           \
    "smlabb  r5, r9, r11, r5\n\t"            \
    "smlatt  r6, r12, r10, r6\n\t"           \
    "smlatt  r7, r9, r11, r7\n\t"
#define NN_DW_ROW_ NN_DW_TAP_("[r0]") NN_DW_TAP_("[r0, r2]") NN_DW_TAP_("[r0, r2, lsl #1]")

/* As nn_finish_none. */
#define NN_DW_FINISH_(acc, at)                        \
    "ldmia  r1!, {r9, r10, r11}\n\t"                  \
    "lsl    " acc ", " acc ", #1\n\t"                 \
    "smmulr " acc ", " acc ", r9\n\t"                 \
    "add    " acc ", " acc ", " acc ", asr #31\n\t"   \
    "add    " acc ", " acc ", r10\n\t"                \
    "asr    " acc ", " acc ", r11\n\t"                \
    "ssat   " acc ", #8, " acc "\n\t"                 \
    "strb   " acc ", [lr, " at "]\n\t"

/* `pixels` >= 1 pixels; in and pixels are used up. */
static NN_NAKED void nn_dw_3x3(nn_dw_job *job NN_UNUSED)
{
    __asm__ volatile("push  {r3-r11, lr}\n\t"
                     "str   r0, [sp]\n\t"
                     "add   r1, r0, #136\n\t"
                     "ldmia r1, {r0, r2, r3, r4, r8, lr}\n"
                     "1:\n\t"
                     "ldr   r1, [sp]\n\t"
                     "ldmia r1!, {r4-r7}\n\t" NN_DW_ROW_
                     "add   r0, r0, r3\n\t" NN_DW_ROW_
                     "add   r0, r0, r3\n\t" NN_DW_ROW_
                     NN_DW_FINISH_("r4", "#0") NN_DW_FINISH_("r5", "#1") NN_DW_FINISH_("r6", "#2") NN_DW_FINISH_("r7", "#3")
                     "ldr   r0, [r1]\n\t"
                     "ldr   r9, [r1, #12]\n\t"
                     "ldr   r10, [r1, #24]\n\t"
                     "ldr   r11, [r1, #28]\n\t"
                     "add   r0, r0, r9\n\t"
                     "str   r0, [r1]\n\t"
                     "add   lr, lr, r10\n\t"
                     "subs  r11, r11, #1\n\t"
                     "str   r11, [r1, #28]\n\t"
                     "bne   1b\n\t"
                     "pop   {r3-r11, pc}\n");
}

typedef char nn_dw_job_is_as_its_code_has_it[offsetof(nn_dw_job, scale) == 88 && offsetof(nn_dw_job, in) == 136 &&
                                                     offsetof(nn_dw_job, offset) == 152 && offsetof(nn_dw_job, out) == 156 &&
                                                     offsetof(nn_dw_job, pixels) == 164
                                                 ? 1
                                                 : -1];

#else

NN_INLINE void nn_dw_3x3(nn_dw_job *job)
{
    for (; job->pixels > 0; --job->pixels, job->in += job->next_in, job->out += job->next_out) {
        int32_t acc[NN_QUAD] = {job->bias[0], job->bias[1], job->bias[2], job->bias[3]};
        for (int32_t tap = 0; tap < NN_DW_TAPS; ++tap) {
            const uint32_t x = nn_read4(job->in + tap / 3 * job->row_step + tap % 3 * job->tap_step);
            const uint32_t even = nn_sxtab16(job->offset, x), odd = nn_sxtab16_odd(job->offset, x);
            const uint32_t *w = job->weights + 2 * tap;
            acc[0] = nn_smlabb(even, w[0], acc[0]);
            acc[1] = nn_smlabb(odd, w[1], acc[1]);
            acc[2] = nn_smlatt(even, w[0], acc[2]);
            acc[3] = nn_smlatt(odd, w[1], acc[3]);
        }
        for (int32_t i = 0; i < NN_QUAD; ++i) {
            job->out[i] = nn_finish_none(acc[i], job->scale[i].multiplier, job->scale[i].addend, job->scale[i].exponent);
        }
    }
}

#endif
#endif
