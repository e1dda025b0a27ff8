/* SPDX-License-Identifier: Apache-2.0
 * Float sums of four outputs at a time, loading with VLDM. Every accumulator keeps the order of its additions and each product is
 * rounded on its own: VMUL and VADD, not VMLA, which would be fewer instructions (and the same bits) but more cycles on a Cortex-M4. */
#ifndef HIL_NN_VFP_H
#define HIL_NN_VFP_H

#include "nn_internal.h"

#if defined(__thumb2__) && defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4)
#define NN_HAS_VFP 1
#else
#define NN_HAS_VFP 0
#endif

typedef struct {
    float a, b, c, d;
} nn_floats;

#if NN_HAS_VFP
#define NN_VFP_STEP_(x, wa, wb, wc, wd)     \
    "vmul.f32 s20, " x ", " wa "\n\t"       \
    "vmul.f32 s21, " x ", " wb "\n\t"       \
    "vmul.f32 s22, " x ", " wc "\n\t"       \
    "vmul.f32 s23, " x ", " wd "\n\t"       \
    "vadd.f32 %[a], %[a], s20\n\t"          \
    "vadd.f32 %[b], %[b], s21\n\t"          \
    "vadd.f32 %[c], %[c], s22\n\t"          \
    "vadd.f32 %[d], %[d], s23\n\t"
#endif

/* sums += x . w[lane] for four rows of weights `row` values apart, n values each. */
NN_INLINE void nn_dot4_f32(const float *x, const float *w, int32_t row, int32_t n, nn_floats *sums)
{
    const float *w1 = w + row, *w2 = w1 + row, *w3 = w2 + row;
#if NN_HAS_VFP
    int32_t quads = n / 4;
    n %= 4;
    if (quads > 0) {
        __asm__ volatile("1:\n\t"
                         "vldmia %[x]!, {s0-s3}\n\t"
                         "vldmia %[w0]!, {s4-s7}\n\t"
                         "vldmia %[w1]!, {s8-s11}\n\t"
                         "vldmia %[w2]!, {s12-s15}\n\t"
                         "vldmia %[w3]!, {s16-s19}\n\t"
                         NN_VFP_STEP_("s0", "s4", "s8", "s12", "s16")
                         NN_VFP_STEP_("s1", "s5", "s9", "s13", "s17")
                         NN_VFP_STEP_("s2", "s6", "s10", "s14", "s18")
                         NN_VFP_STEP_("s3", "s7", "s11", "s15", "s19")
                         "subs %[n], %[n], #1\n\t"
                         "bne 1b\n"
                         : [x] "+r"(x), [w0] "+r"(w), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3), [n] "+r"(quads), [a] "+t"(sums->a),
                           [b] "+t"(sums->b), [c] "+t"(sums->c), [d] "+t"(sums->d)
                         :
                         : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16",
                           "s17", "s18", "s19", "s20", "s21", "s22", "s23", "cc", "memory");
    }
#endif
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        sums->a += x[i] * w[i];
        sums->b += x[i] * w1[i];
        sums->c += x[i] * w2[i];
        sums->d += x[i] * w3[i];
    }
}

/* sums[lane] += x[lane] * w[lane] for `taps` taps, x_step and w_step values apart. */
NN_INLINE void nn_taps4_f32(const float *x, const float *w, int32_t x_step, int32_t w_step, int32_t taps, nn_floats *sums)
{
#if NN_HAS_VFP
    if (taps > 0) {
        __asm__ volatile("1:\n\t"
                         "vldmia %[x], {s0-s3}\n\t"
                         "vldmia %[w], {s4-s7}\n\t"
                         "add %[x], %[x], %[xs], lsl #2\n\t"
                         "add %[w], %[w], %[ws], lsl #2\n\t"
                         "vmul.f32 s0, s0, s4\n\t"
                         "vmul.f32 s1, s1, s5\n\t"
                         "vmul.f32 s2, s2, s6\n\t"
                         "vmul.f32 s3, s3, s7\n\t"
                         "vadd.f32 %[a], %[a], s0\n\t"
                         "vadd.f32 %[b], %[b], s1\n\t"
                         "vadd.f32 %[c], %[c], s2\n\t"
                         "vadd.f32 %[d], %[d], s3\n\t"
                         "subs %[n], %[n], #1\n\t"
                         "bne 1b\n"
                         : [x] "+r"(x), [w] "+r"(w), [n] "+r"(taps), [a] "+t"(sums->a), [b] "+t"(sums->b), [c] "+t"(sums->c),
                           [d] "+t"(sums->d)
                         : [xs] "r"(x_step), [ws] "r"(w_step)
                         : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "cc", "memory");
    }
#else
    for (; taps > 0; --taps, x += x_step, w += w_step) {
        sums->a += x[0] * w[0];
        sums->b += x[1] * w[1];
        sums->c += x[2] * w[2];
        sums->d += x[3] * w[3];
    }
#endif
}

NN_INLINE void nn_store4_f32(const nn_floats *sums, const float *bias, float low, float high, float *out)
{
    out[0] = nn_clamp_f32(sums->a + (bias ? bias[0] : 0.0f), low, high);
    out[1] = nn_clamp_f32(sums->b + (bias ? bias[1] : 0.0f), low, high);
    out[2] = nn_clamp_f32(sums->c + (bias ? bias[2] : 0.0f), low, high);
    out[3] = nn_clamp_f32(sums->d + (bias ? bias[3] : 0.0f), low, high);
}

#endif
