/* SPDX-License-Identifier: Apache-2.0
 * Sums and products in the order of the host's float32 twin: the build must not fuse them (-ffp-contract=off). */
#include "fe_dscnn.h"

#include "fe_tap.h"
#include "nn_math.h"

enum { STAGE_WINDOW, STAGE_FFT, STAGE_MAGNITUDE, STAGE_FILTERS, STAGE_LOG, STAGE_ROW };

void fe_dscnn_reset(void *state)
{
    (void)state; /* nothing is kept */
}

/* Correctly rounded on every machine; the instruction where the core has it. */
NN_INLINE float root_of(float x)
{
#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__GNUC__)
    float r;
    __asm__("vsqrt.f32 %0, %1" : "=t"(r) : "t"(x));
    return r;
#else
    return nn_sqrtf(x);
#endif
}

static NN_NOINLINE void show_window(const fe_dscnn_tables *tables, const int16_t *samples, float *work, hil_frontend_tap tap, void *context)
{
    NN_ROLLED
    for (uint32_t i = 0; i < FE_DSCNN_WINDOW; ++i) {
        work[i] = (float)samples[i] * tables->window[i];
    }
    fe_tap(tap, context, STAGE_WINDOW, work, FE_DSCNN_WINDOW * sizeof *work);
}

/* Pairs of samples as complex numbers, in the order that the transform wants, and zeros. */
static NN_NOINLINE void windowed(const fe_dscnn_tables *tables, const int16_t *samples, float *work)
{
    uint32_t i = 0;
    NN_ROLLED
    for (; i < FE_DSCNN_WINDOW / 2; ++i) {
        float *const to = work + 2 * tables->places[i];
        to[0] = (float)samples[2 * i] * tables->window[2 * i];
        to[1] = (float)samples[2 * i + 1] * tables->window[2 * i + 1];
    }
    NN_ROLLED
    for (; i < FE_DSCNN_COMPLEX; ++i) {
        float *const to = work + 2 * tables->places[i];
        to[0] = 0.0f;
        to[1] = 0.0f;
    }
}

static void pairs(float *work)
{
    NN_ROLLED
    for (float *a = work; a < work + 2 * FE_DSCNN_COMPLEX; a += 4) {
        const float re = a[0], im = a[1];
        a[0] = re + a[2];
        a[1] = im + a[3];
        a[2] = re - a[2];
        a[3] = im - a[3];
    }
}

/* Radix 4; m is the distance within a group of four. */
static NN_NOINLINE void stage(float *work, uint32_t m, const float (*twiddles)[2])
{
    const uint32_t step = FE_DSCNN_COMPLEX / 4u / m;
    for (uint32_t u = 0; u < m; ++u) {
        const float *const t1 = twiddles[u * step], *const t2 = twiddles[2 * u * step], *const t3 = twiddles[3 * u * step];
        const float t1_re = t1[0], t1_im = t1[1], t2_re = t2[0], t2_im = t2[1], t3_re = t3[0], t3_im = t3[1];
        for (float *a = work + 2 * u; a < work + 2 * FE_DSCNN_COMPLEX; a += 8 * m) {
            float *const b = a + 2 * m, *const c = a + 4 * m, *const d = a + 6 * m;
            const float b1_re = b[0] * t1_re - b[1] * t1_im, b1_im = b[0] * t1_im + b[1] * t1_re;
            const float b2_re = c[0] * t2_re - c[1] * t2_im, b2_im = c[0] * t2_im + c[1] * t2_re;
            const float b3_re = d[0] * t3_re - d[1] * t3_im, b3_im = d[0] * t3_im + d[1] * t3_re;
            const float less_re = a[0] - b2_re, less_im = a[1] - b2_im, sum_re = a[0] + b2_re, sum_im = a[1] + b2_im;
            const float n_re = b1_re - b3_re, n_im = b1_im - b3_im, p_re = b1_re + b3_re, p_im = b1_im + b3_im;
            a[0] = sum_re + p_re;
            a[1] = sum_im + p_im;
            b[0] = less_re + n_im;
            b[1] = less_im - n_re;
            c[0] = sum_re - p_re;
            c[1] = sum_im - p_im;
            d[0] = less_re - n_im;
            d[1] = less_im + n_re;
        }
    }
}

/* Bins 2..255 of the real transform in place; each needs its own and its mirror's complex value, which no other one does. */
static void split(float *work, const float (*factors)[2])
{
    NN_ROLLED
    for (uint32_t k = 2; k < FE_DSCNN_BINS; ++k) {
        float *const a = work + 2 * k;
        const float *const b = work + 2 * (FE_DSCNN_COMPLEX - k);
        const float even_re = a[0] + b[0], even_im = a[1] - b[1], odd_re = a[1] + b[1], odd_im = b[0] - a[0];
        const float w_re = factors[k][0], w_im = factors[k][1];
        a[0] = even_re + (w_re * odd_re - w_im * odd_im);
        a[1] = even_im + (w_re * odd_im + w_im * odd_re);
    }
    work[0] = work[1] = work[2] = work[3] = 0.0f;
}

static NN_NOINLINE void filtered(const fe_dscnn_tables *tables, const float *magnitude, float *filters)
{
    const float *weight = tables->weights;
    for (uint32_t f = 0; f < FE_DSCNN_FILTERS; ++f) {
        const float *bin = magnitude + tables->firsts[f];
        float sum = 0.0f;
        NN_ROLLED
        for (int32_t n = tables->counts[f]; n; --n) {
            sum += *bin++ * *weight++;
        }
        filters[f] = sum > 1e-10f ? sum : 1e-10f;
    }
}

void fe_dscnn_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context)
{
    const fe_dscnn_tables *const tables = self->tables;
    fe_dscnn_state *const s = state;
    float *const work = s->work, *const out = row;
    if (tap) {
        show_window(tables, window, work, tap, context);
    }
    windowed(tables, window, work);
    pairs(work);
    for (uint32_t m = 2; m < FE_DSCNN_COMPLEX / 2; m *= 4) {
        stage(work, m, tables->twiddles);
    }
    split(work, tables->split);
    fe_tap(tap, context, STAGE_FFT, work, 2 * FE_DSCNN_BINS * sizeof *work);
    NN_ROLLED
    for (uint32_t k = 0; k < FE_DSCNN_BINS; ++k) {
        work[k] = root_of(work[2 * k] * work[2 * k] + work[2 * k + 1] * work[2 * k + 1]);
    }
    fe_tap(tap, context, STAGE_MAGNITUDE, work, FE_DSCNN_BINS * sizeof *work);
    filtered(tables, work, s->log);
    fe_tap(tap, context, STAGE_FILTERS, s->log, sizeof s->log);
    NN_ROLLED
    for (uint32_t f = 0; f < FE_DSCNN_FILTERS; ++f) {
        s->log[f] = nn_logf(s->log[f]);
    }
    fe_tap(tap, context, STAGE_LOG, s->log, sizeof s->log);
    NN_ROLLED
    for (uint32_t i = 0; i < FE_DSCNN_VALUES; ++i) {
        float sum = 0.0f;
        for (uint32_t f = 0; f < FE_DSCNN_FILTERS; ++f) {
            sum += s->log[f] * tables->cosines[i][f];
        }
        out[i] = sum;
    }
    fe_tap(tap, context, STAGE_ROW, out, FE_DSCNN_VALUES * sizeof *out);
}

void fe_dscnn_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out)
{
    fe_put_reals(out, row, self->values, tensor);
}
