/* SPDX-License-Identifier: Apache-2.0 */
#include "fe_micro.h"

#include "fe_kissfft.h"
#include "fe_tap.h"
#include "fe_words.h"

enum { STAGE_WINDOW, STAGE_SHIFT, STAGE_FFT, STAGE_ENERGY, STAGE_FILTERS, STAGE_SIGNAL, STAGE_NOISE, STAGE_ESTIMATE, STAGE_GAIN, STAGE_ROW };
enum { EVEN = 409, ODD = 983, LEAST = 819, ONE = 1 << 14 }; /* Q14 */

typedef char a_transform_has_the_tables_size[FE_MICRO_PAIRS == (int)FE_KISS_PAIRS ? 1 : -1];

void fe_micro_reset(void *state)
{
    fe_micro_state *const s = state;
    for (uint32_t c = 0; c < FE_MICRO_CHANNELS; ++c) {
        s->estimate[c] = 0;
    }
}

/* The windowed samples in the order that the transform wants; returns the bits by which they may be raised. */
static uint32_t windowed(const fe_micro_tables *tables, const int16_t *samples, uint32_t *work)
{
    uint32_t most = 0;
    NN_ROLLED
    for (uint32_t i = 0; i < FE_MICRO_WINDOW / 2; ++i) {
        uint32_t x, c;
        __builtin_memcpy(&x, samples + 2 * i, sizeof x);
        __builtin_memcpy(&c, tables->window + 2 * i, sizeof c);
        const int32_t low = fe_smulbb(x, c), high = fe_smultt(x, c);
        const uint32_t y = FE_PACK(low, high, 12);
        most = fe_greatest(most, y);
        work[tables->places[i]] = y;
    }
    NN_ROLLED
    for (uint32_t i = FE_MICRO_WINDOW / 2; i < FE_MICRO_PAIRS; ++i) {
        work[tables->places[i]] = 0;
    }
    const uint32_t low = most & 0xFFFFu, high = most >> 16;
    return (uint32_t)(15 - fe_bits(low > high ? low : high));
}

/* The windowed samples in their own order and back: the order of the transform is its own inverse. */
static void swap_places(const fe_micro_tables *tables, uint32_t *work)
{
    for (uint32_t i = 0; i < FE_MICRO_PAIRS; ++i) {
        const uint32_t place = tables->places[i];
        if (i < place) {
            const uint32_t kept = work[i];
            work[i] = work[place];
            work[place] = kept;
        }
    }
}

static void filtered(const fe_micro_tables *tables, const uint32_t *energy, uint64_t *filters)
{
    const int16_t(*weight)[2] = tables->weights;
    uint64_t channel = 0;
    for (uint32_t band = 0; band <= FE_MICRO_CHANNELS; ++band) {
        uint64_t below = channel, above = 0;
        NN_ROLLED
        for (uint32_t n = tables->sizes[band]; n; --n, ++weight, ++energy) {
            below += (uint64_t)*energy * (uint16_t)(*weight)[0];
            above += (uint64_t)*energy * (uint16_t)(*weight)[1];
        }
        if (band) { /* the first band's descent is nobody's */
            filters[band - 1] = below;
        }
        channel = above;
    }
}

/* Two bits of the number for each bit of its root, from the highest on. */
typedef struct {
    uint32_t root, rest;
} root_state;

NN_INLINE root_state root_bits(root_state s, uint32_t number, uint32_t steps)
{
    NN_ROLLED
    for (; steps; --steps) {
        const uint32_t trial = s.root << 2 | 1u;
        s.rest = s.rest << 2 | number >> 30;
        number <<= 2;
        s.root <<= 1;
        if (s.rest >= trial) {
            s.rest -= trial;
            s.root |= 1u;
        }
    }
    return s;
}

/* The rounded square root of x < 2^60; 65535 at most where x < 2^32, as the public library has it. */
static uint32_t root_of(uint64_t x)
{
    const uint32_t large = x >> 32 != 0;
    uint32_t high = large ? (uint32_t)(x >> 32) : (uint32_t)x, low = large ? (uint32_t)x : 0;
    if (!high) {
        return 0;
    }
    const uint32_t zeros = (uint32_t)__builtin_clz(high) & ~1u;
    if (zeros) {
        high = high << zeros | low >> (32u - zeros);
        low <<= zeros;
    }
    root_state s = {0, 0};
    if (large) {
        s = root_bits(root_bits(s, high, 16), low, 16u - zeros / 2u);
        return s.root + (s.rest > s.root);
    }
    s = root_bits(s, high, 16u - zeros / 2u);
    s.root += s.rest > s.root;
    return s.root > 65535u ? 65535u : s.root;
}

/* Subtracts the estimate of the noise, which follows the signal slowly; keeps a part of the signal in any case. */
static uint32_t without_noise(uint32_t signal, uint32_t *estimate, uint32_t speed)
{
    const uint32_t up = signal << 10;
    *estimate = (uint32_t)(((uint64_t)up * speed + (uint64_t)*estimate * (ONE - speed)) >> 14);
    const uint32_t noise = *estimate < up ? *estimate : up;
    const uint32_t left = (up - noise) >> 10, least = (uint32_t)(((uint64_t)signal * LEAST) >> 14);
    return left > least ? left : least;
}

/* A gain that falls with the noise: a parabola for each number of bits. */
static int32_t gain_of(const fe_micro_tables *tables, uint32_t noise)
{
    if (noise <= 2) {
        return noise < 2 ? tables->first_gains[noise] : tables->gains[0][0];
    }
    const int32_t bits = fe_bits(noise);
    const int16_t *piece = tables->gains[bits - 2];
    const int32_t fraction = (int32_t)((bits <= 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 1023u);
    const uint32_t slope = (uint32_t)(((piece[2] * fraction) >> 5) + piece[1] * 32);
    const int32_t bent = (int32_t)(slope * (uint32_t)fraction); /* wraps, as in the library */
    return (int16_t)(uint16_t)(((bent + 16384) >> 15) + piece[0]);
}

static uint32_t amplified(const fe_micro_tables *tables, uint32_t signal, uint32_t noise)
{
    const uint32_t snr = (uint32_t)(((uint64_t)signal * (uint32_t)gain_of(tables, noise)) >> 6);
    return snr < 8192u ? (snr * snr) >> 20 : (snr >> 6) - 64u;
}

/* 64 ln(8 x). */
static uint16_t logarithm(const fe_micro_tables *tables, uint32_t x)
{
    const uint32_t value = x << 3;
    if (value <= 1) {
        return 0;
    }
    const uint32_t whole = (uint32_t)fe_bits(value) - 1u, part = value - (1u << whole);
    const int32_t fraction = (int32_t)(whole <= 16 ? part << (16 - whole) : part >> (whole - 16));
    const int32_t piece = fraction >> 9, from = tables->logarithms[piece], to = tables->logarithms[piece + 1];
    const int32_t exact = fraction + from + (((to - from) * (fraction - 512 * piece)) >> 16);
    const uint32_t natural = (uint32_t)((45426u * (uint64_t)((whole << 16) + (uint32_t)exact) + 32768u) >> 16);
    const uint32_t row = ((natural << 6) + 32768u) >> 16;
    return (uint16_t)(row < tables->most ? row : tables->most);
}

void fe_micro_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context)
{
    const fe_micro_tables *const tables = self->tables;
    fe_micro_state *const s = state;
    uint32_t *const work = s->work, *const energy = work + FE_MICRO_FIRST_BIN, *const signal = s->signal;
    uint16_t *const out = row;
    const uint32_t shift = windowed(tables, window, work);
    if (tap) {
        swap_places(tables, work);
        fe_tap(tap, context, STAGE_WINDOW, work, FE_MICRO_WINDOW * sizeof(int16_t));
        swap_places(tables, work);
    }
    fe_tap(tap, context, STAGE_SHIFT, &shift, sizeof shift);
    fe_kissfft(work, shift, tables->twiddles, tables->split);
    fe_tap(tap, context, STAGE_FFT, work, sizeof s->work);
    NN_ROLLED
    for (uint32_t i = 0; i < FE_MICRO_BINS; ++i) {
        energy[i] = fe_energy(energy[i]);
    }
    fe_tap(tap, context, STAGE_ENERGY, energy, FE_MICRO_BINS * sizeof *energy);
    filtered(tables, energy, s->filters);
    fe_tap(tap, context, STAGE_FILTERS, s->filters, sizeof s->filters);
    for (uint32_t c = 0; c < FE_MICRO_CHANNELS; ++c) {
        signal[c] = root_of(s->filters[c]) >> shift;
    }
    fe_tap(tap, context, STAGE_SIGNAL, signal, sizeof s->signal);
    for (uint32_t c = 0; c < FE_MICRO_CHANNELS; ++c) {
        signal[c] = without_noise(signal[c], &s->estimate[c], c % 2u ? ODD : EVEN);
    }
    fe_tap(tap, context, STAGE_NOISE, signal, sizeof s->signal);
    fe_tap(tap, context, STAGE_ESTIMATE, s->estimate, sizeof s->estimate);
    for (uint32_t c = 0; c < FE_MICRO_CHANNELS; ++c) {
        signal[c] = amplified(tables, signal[c], s->estimate[c]);
    }
    fe_tap(tap, context, STAGE_GAIN, signal, sizeof s->signal);
    for (uint32_t c = 0; c < FE_MICRO_CHANNELS; ++c) {
        out[c] = logarithm(tables, signal[c]);
    }
    fe_tap(tap, context, STAGE_ROW, row, FE_MICRO_CHANNELS * sizeof *out);
}

void fe_micro_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out)
{
    const uint16_t *const values = row;
    for (uint32_t i = 0; i < self->values; ++i) {
        const uint32_t level = (values[i] * 256u + 333u) / 666u;
        fe_put_level(out, i, level < 255u ? level : 255u, 26.0f / 256.0f, tensor);
    }
}
