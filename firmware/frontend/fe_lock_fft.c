/* SPDX-License-Identifier: Apache-2.0
 * Radix 2, decimation in time. Each stage halves its inputs first; each real product is rounded by itself, by (ab + 1) >> 15. */
#include "fe_lock_fft.h"

#include "fe_words.h"

enum { PAIRS = 256 };

static void in_reversed_order(uint32_t *work)
{
    uint32_t place = 0; /* of i: its eight bits reversed, counted up from the highest one */
    for (uint32_t i = 0; i < PAIRS; ++i) {
        if (i < place) {
            const uint32_t kept = work[i];
            work[i] = work[place];
            work[place] = kept;
        }
        uint32_t bit = PAIRS / 2;
        while (place & bit) {
            place ^= bit;
            bit >>= 1;
        }
        place |= bit;
    }
}

NN_INLINE uint32_t product(uint32_t w, uint32_t b)
{
    const int32_t re = (nn_smlabb(w, b, 1) >> 15) - (nn_smlatt(w, b, 1) >> 15);
    const int32_t im = (fe_smlatb(b, w, 1) >> 15) + (fe_smlatb(w, b, 1) >> 15);
    return FE_PACK(re, im, 0);
}

static void stage(uint32_t *work, uint32_t half, const int16_t *sines)
{
    const uint32_t step = PAIRS / half;
    for (uint32_t p = 0; p < half; ++p) {
        const uint32_t w = nn_pack(sines[p * step + 128], -sines[p * step]);
        NN_ROLLED
        for (uint32_t *a = work + p; a < work + PAIRS; a += 2 * half) {
            const uint32_t t = product(w, fe_half_sum(a[half], 0)), b = fe_half_sum(a[0], 0);
            a[0] = fe_add(b, t);
            a[half] = fe_sub(b, t);
        }
    }
}

void fe_lock_fft(uint32_t *work, const int16_t *sines)
{
    in_reversed_order(work);
    for (uint32_t half = 1; half < PAIRS; half *= 2) {
        stage(work, half, sines);
    }
    NN_ROLLED
    for (uint32_t k = 1; k < PAIRS / 2; ++k) {
        const uint32_t mirror = work[PAIRS - k];
        const uint32_t w = nn_pack(sines[k + 256], -sines[k + 128]);
        const uint32_t q = fe_half_sum(work[k], 0);
        const uint32_t s = fe_half_sum(fe_low_high(mirror, fe_sub(0, mirror)), 0); /* negated, then halved */
        const uint32_t f1 = fe_add(q, s), t = product(w, fe_sub(q, s));
        work[k] = fe_add(f1, t);
        work[PAIRS - k] = fe_low_high(fe_sub(f1, t), fe_sub(t, f1));
    }
    work[PAIRS] = 0;
}
