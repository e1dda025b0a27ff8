/* SPDX-License-Identifier: Apache-2.0 */
#include "fe_lock.h"

#include "fe_lock_fft.h"
#include "fe_tap.h"
#include "fe_words.h"

enum { STAGE_EMPHASIS, STAGE_WINDOW, STAGE_SHIFT, STAGE_FFT, STAGE_ENERGY, STAGE_FILTERS, STAGE_LOG, STAGE_CEPSTRUM, STAGE_ROW };
enum { EMPHASIS = 31784, RAISED = 6, FFT_BITS = 9, LEAST_LOG = 49125, LOG_2_32 = 90852, LOG_0 = -2829416, C0 = 190131 };

void fe_lock_reset(void *state)
{
    (void)state; /* nothing is kept */
}

static void emphasised(const int16_t *x, int16_t *y)
{
    int32_t before = 0;
    NN_ROLLED
    for (uint32_t i = 0; i < FE_LOCK_WINDOW; ++i) {
        y[i] = (int16_t)((x[i] * 32768 - before * EMPHASIS) >> 16);
        before = x[i];
    }
}

/* In place; returns the bits by which the window may be raised, 6 at most. */
static uint32_t windowed(const int16_t *half, int16_t *y)
{
    int32_t peak = 0;
    NN_ROLLED
    for (uint32_t i = 0; i < FE_LOCK_WINDOW / 2; ++i) {
        int16_t *const left = y + i, *const right = y + FE_LOCK_WINDOW - 1 - i;
        const int32_t a = (*left * half[i]) >> 14, b = (*right * half[i]) >> 14;
        const int32_t size_a = a < 0 ? -a : a, size_b = b < 0 ? -b : b;
        *left = (int16_t)a;
        *right = (int16_t)b;
        peak = size_a > peak ? size_a : peak;
        peak = size_b > peak ? size_b : peak;
    }
    const int32_t up = 15 - fe_bits((uint32_t)peak);
    return (uint32_t)(up < 0 ? 0 : up > RAISED ? RAISED : up);
}

static void raised(uint32_t *work, uint32_t up)
{
    const uint32_t kept = ~(((1u << up) - 1u) << 16); /* what the low half would push into the high one */
    NN_ROLLED
    for (uint32_t i = 0; i < FE_LOCK_WINDOW / 2; ++i) {
        uint32_t pair; /* was written as two samples */
        __builtin_memcpy(&pair, work + i, sizeof pair);
        work[i] = (pair << up) & kept;
    }
    NN_ROLLED
    for (uint32_t i = FE_LOCK_WINDOW / 2; i < FE_LOCK_PAIRS; ++i) {
        work[i] = 0;
    }
}

static void filtered(const fe_lock_tables *tables, const uint32_t *energy, uint32_t shift, uint64_t *filters)
{
    const int16_t *weight = tables->weights;
    for (uint32_t f = 0; f < FE_LOCK_FILTERS; ++f) {
        const uint32_t *bin = energy + tables->firsts[f];
        uint64_t sum = 0;
        NN_ROLLED
        for (int32_t n = tables->counts[f]; n; --n) {
            sum += (uint64_t)*bin++ * (uint16_t)*weight++;
        }
        filters[f] = sum << shift;
    }
}

/* ln x in Q12. */
static int32_t ln(const fe_lock_tables *tables, uint32_t x)
{
    if (!x) {
        return LOG_0;
    }
    const int32_t bits = fe_bits(x);
    const int32_t log2 = ((bits - 1) << 12) + tables->logarithms[(x << (32 - bits)) >> 25 & 63u];
    return (log2 * 2839) >> 12;
}

/* ln of both halves of x, added as logarithms. */
static int32_t logarithm(const fe_lock_tables *tables, uint64_t x)
{
    const int32_t high = ln(tables, (uint32_t)(x >> 32)) + LOG_2_32, low = ln(tables, (uint32_t)x);
    const uint32_t distance = (uint32_t)(high > low ? high - low : low - high) >> 4;
    int32_t log = high > low ? high : low;
    if (distance < FE_LOCK_SUMS) {
        log += tables->sums_of_logarithms[distance] << 4;
    }
    return log > LEAST_LOG ? log : LEAST_LOG;
}

static void transformed(const fe_lock_tables *tables, const int32_t *log, int32_t *cepstrum)
{
    int32_t total = 0;
    for (uint32_t j = 0; j < FE_LOCK_FILTERS; ++j) {
        total += log[j];
    }
    cepstrum[0] = ((total >> 1) * 427) >> 10;
    NN_ROLLED
    for (uint32_t i = 1; i < FE_LOCK_VALUES; ++i) {
        uint32_t sum = 0; /* wraps */
        for (uint32_t j = 0; j < FE_LOCK_FILTERS; ++j) {
            sum += (uint32_t)((log[j] >> 1) * tables->cosines[i][j]);
        }
        cepstrum[i] = (((int32_t)sum >> 11) * 604) >> 10;
    }
}

void fe_lock_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context)
{
    const fe_lock_tables *const tables = self->tables;
    fe_lock_state *const s = state;
    uint32_t *const work = s->work;
    int16_t *const samples = (int16_t *)(void *)work;
    int32_t *const out = row;
    emphasised(window, samples);
    fe_tap(tap, context, STAGE_EMPHASIS, samples, FE_LOCK_WINDOW * sizeof *samples);
    const uint32_t up = windowed(tables->window, samples), shift = RAISED - up;
    fe_tap(tap, context, STAGE_WINDOW, samples, FE_LOCK_WINDOW * sizeof *samples);
    fe_tap(tap, context, STAGE_SHIFT, &shift, sizeof shift);
    raised(work, up);
    fe_lock_fft(work, tables->sines);
    fe_tap(tap, context, STAGE_FFT, work, sizeof s->work);
    NN_ROLLED
    for (uint32_t k = 0; k <= FE_LOCK_PAIRS; ++k) {
        work[k] = fe_energy(work[k]);
    }
    fe_tap(tap, context, STAGE_ENERGY, work, sizeof s->work);
    filtered(tables, work, 2 * (shift + FFT_BITS) - 10, s->filters);
    fe_tap(tap, context, STAGE_FILTERS, s->filters, sizeof s->filters);
    NN_ROLLED
    for (uint32_t f = 0; f < FE_LOCK_FILTERS; ++f) {
        s->log[f] = logarithm(tables, s->filters[f]);
    }
    fe_tap(tap, context, STAGE_LOG, s->log, sizeof s->log);
    transformed(tables, s->log, out);
    fe_tap(tap, context, STAGE_CEPSTRUM, out, FE_LOCK_VALUES * sizeof *out);
    NN_ROLLED
    for (uint32_t i = 0; i < FE_LOCK_VALUES; ++i) {
        out[i] = (int32_t)(((int64_t)out[i] * tables->lifter[i]) >> 12);
    }
    out[0] -= C0;
    fe_tap(tap, context, STAGE_ROW, out, FE_LOCK_VALUES * sizeof *out);
}

void fe_lock_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out)
{
    const int32_t *const values = row;
    for (uint32_t i = 0; i < self->values; ++i) {
        const int32_t moved = values[i] <= -500000 ? 0 : values[i] >= 500000 ? 1000000 : values[i] + 500000;
        fe_put_level(out, i, (uint32_t)moved * 255u / 1000000u, 1.0f, tensor);
    }
}
