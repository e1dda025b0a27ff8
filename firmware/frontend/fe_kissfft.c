/* SPDX-License-Identifier: Apache-2.0
 * Radix 4, decimation in time. Each stage quarters its inputs; sums wrap to 16 bits. */
#include "fe_kissfft.h"

#include "fe_words.h"

enum { ROUND = 1 << 14, QUARTER = 32767 / 4, HALF = 16383 };

NN_INLINE uint32_t factor(const int16_t pair[2])
{
    uint32_t word;
    __builtin_memcpy(&word, pair, sizeof word);
    return word;
}

/* Both parts times a constant in Q15, rounded. */
NN_INLINE uint32_t scaled(uint32_t x, uint32_t by)
{
    return FE_PACK(nn_smlabb(x, by, ROUND), fe_smlatb(x, by, ROUND), 15);
}

NN_INLINE uint32_t product(uint32_t x, uint32_t y)
{
    return FE_PACK(fe_smlsd(x, y, ROUND), fe_smladx(x, y, ROUND), 15);
}

NN_INLINE void butterfly(uint32_t *a, uint32_t m, uint32_t b0, uint32_t b1, uint32_t b2, uint32_t b3)
{
    const uint32_t difference = fe_sub(b0, b2), sum = fe_add(b0, b2);
    const uint32_t odd_sum = fe_add(b1, b3), odd_difference = fe_sub(b1, b3);
    a[0] = fe_add(sum, odd_sum);
    a[m] = fe_sub_turned(difference, odd_difference);
    a[2 * m] = fe_sub(sum, odd_sum);
    a[3 * m] = fe_add_turned(difference, odd_difference);
}

/* The product with the first factor, 32767, is left out: of a quartered value it is the value. */
static void first_stage(uint32_t *work, uint32_t shift)
{
    const uint32_t kept = ~(((1u << shift) - 1u) << 16); /* what the low half would push into the high one */
    for (uint32_t *a = work; a < work + FE_KISS_PAIRS; a += 4) {
        const uint32_t b0 = scaled((a[0] << shift) & kept, QUARTER);
        const uint32_t b1 = scaled((a[1] << shift) & kept, QUARTER);
        const uint32_t b2 = scaled((a[2] << shift) & kept, QUARTER);
        const uint32_t b3 = scaled((a[3] << shift) & kept, QUARTER);
        butterfly(a, 1, b0, b1, b2, b3);
    }
}

static void stage(uint32_t *work, uint32_t m, const int16_t (*twiddles)[2])
{
    const uint32_t step = FE_KISS_PAIRS / 4u / m;
    for (uint32_t *a = work; a < work + FE_KISS_PAIRS; a += 4 * m) {
        butterfly(a, m, scaled(a[0], QUARTER), scaled(a[m], QUARTER), scaled(a[2 * m], QUARTER), scaled(a[3 * m], QUARTER));
    }
    for (uint32_t u = 1; u < m; ++u) {
        const uint32_t t1 = factor(twiddles[u * step]), t2 = factor(twiddles[2 * u * step]), t3 = factor(twiddles[3 * u * step]);
        for (uint32_t *a = work + u; a < work + FE_KISS_PAIRS; a += 4 * m) {
            const uint32_t b1 = product(scaled(a[m], QUARTER), t1);
            const uint32_t b2 = product(scaled(a[2 * m], QUARTER), t2);
            const uint32_t b3 = product(scaled(a[3 * m], QUARTER), t3);
            butterfly(a, m, scaled(a[0], QUARTER), b1, b2, b3);
        }
    }
}

void fe_kissfft(uint32_t work[FE_KISS_PAIRS + 1], uint32_t shift, const int16_t (*twiddles)[2], const int16_t (*split)[2])
{
    first_stage(work, shift);
    stage(work, 4, twiddles);
    stage(work, 16, twiddles);
    stage(work, 64, twiddles);
    work[0] = 0;
    work[FE_KISS_PAIRS] = 0;
    for (uint32_t k = 1; k <= FE_KISS_PAIRS / 2; ++k) {
        const uint32_t mirror = work[FE_KISS_PAIRS - k], negative = fe_sub(0, mirror);
        const uint32_t a = scaled(work[k], HALF);
        const uint32_t b = FE_PACK(nn_smlabb(mirror, HALF, ROUND), fe_smlatb(negative, HALF, ROUND), 15);
        const uint32_t f1 = fe_add(a, b), w = product(fe_sub(a, b), factor(split[k - 1]));
        work[k] = fe_half_sum(f1, w);
        /* The second one stays at k = 128, where both are one bin. */
        work[FE_KISS_PAIRS - k] = fe_low_high(fe_half_difference(f1, w), fe_half_difference(w, f1));
    }
}
