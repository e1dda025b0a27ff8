/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "nn_internal.h"
#include "oracle.h"

static void rescaling_equals_its_definition(void)
{
    uint32_t seed = 1;
    for (int i = 0; i < 2000000; ++i) {
        const int32_t x = random_between(&seed, -(1 << 30) + 1, (1 << 30) - 1) >> random_between(&seed, 0, 29);
        const int32_t multiplier = random_between(&seed, 1 << 30, INT32_MAX);
        const int shift = random_between(&seed, -31, 0);
        CHECK(nn_rescale(x, multiplier, shift) == oracle_rescale(x, multiplier, shift), "x %d m %d s %d", (int)x,
              (int)multiplier, shift);
    }
    for (int i = 0; i < 100000; ++i) {
        const int32_t x = random_between(&seed, -32768, 32767);
        const int32_t multiplier = random_between(&seed, 1 << 30, INT32_MAX);
        const int shift = random_between(&seed, 1, 14);
        CHECK(nn_rescale(x, multiplier, shift) == oracle_rescale(x, multiplier, shift), "x %d m %d s %d", (int)x,
              (int)multiplier, shift);
    }
}

/* As the generator computes it (fixedpoint.accumulator_limit), without the room for an offset. */
static int64_t greatest_accumulator(int32_t multiplier, int shift)
{
    const int64_t room = INT32_MAX - (shift < 0 ? (int64_t)1 << (-shift - 1) : 0);
    const int64_t most = (((room + 1) << 31) - (1 << 30) - 1) / multiplier;
    return (most < INT32_MAX ? most : INT32_MAX) >> (shift > 0 ? shift : 0);
}

static void rescaling_holds_up_to_the_greatest_accumulator(void)
{
    uint32_t seed = 77;
    for (int shift = -31; shift <= 16; ++shift) {
        for (int i = 0; i < 2000; ++i) {
            const int32_t multiplier = i ? random_between(&seed, 1 << 30, INT32_MAX) : INT32_MAX;
            const int32_t edge = (int32_t)greatest_accumulator(multiplier, shift);
            const int32_t below = edge - random_between(&seed, 0, 1 + edge / 1000);
            const int32_t values[] = {edge, -edge, below, -below};
            for (int v = 0; v < 4; ++v) { /* the sanitizer sees an overflow */
                const int32_t found = nn_rescale(values[v], multiplier, shift);
                CHECK(found == oracle_rescale(values[v], multiplier, shift), "x %d m %d s %d: %d", (int)values[v], (int)multiplier,
                      shift, (int)found);
            }
        }
    }
}

static void exact_halves_round_as_the_reference_rounds_them(void)
{
    /* multiplier 2^30 is one half: x * 0.5 in the first rounding, halves upwards; the second one goes away from zero. */
    CHECK(nn_high_mul(3, 1 << 30) == 2, "%d", (int)nn_high_mul(3, 1 << 30));
    CHECK(nn_high_mul(-3, 1 << 30) == -1, "%d", (int)nn_high_mul(-3, 1 << 30));
    CHECK(nn_shift_right(3, 1) == 2, "%d", (int)nn_shift_right(3, 1));
    CHECK(nn_shift_right(-3, 1) == -2, "%d", (int)nn_shift_right(-3, 1));
    CHECK(nn_rescale_once(3, 1 << 30, 0) == 2, "%d", (int)nn_rescale_once(3, 1 << 30, 0));
    CHECK(nn_rescale_once(-3, 1 << 30, 0) == -1, "%d", (int)nn_rescale_once(-3, 1 << 30, 0));
    /* 0.499.. twice: once rounded it stays 0, twice rounded it becomes 1. */
    CHECK(nn_rescale_once(1, (1 << 30) + 1, -1) == 0, "%d", (int)nn_rescale_once(1, (1 << 30) + 1, -1));
    CHECK(nn_rescale(1, (1 << 30) + 1, -1) == 1, "%d", (int)nn_rescale(1, (1 << 30) + 1, -1));
}

static void shifting_covers_the_whole_of_int32(void)
{
    const int32_t values[] = {INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX - 1, INT32_MAX};
    for (unsigned v = 0; v < sizeof values / sizeof *values; ++v) {
        for (int bits = 0; bits <= 31; ++bits) {
            CHECK(nn_shift_right(values[v], bits) == oracle_divide_away(values[v], bits), "%d >> %d", (int)values[v], bits);
        }
    }
}

static void clipping_names_exactly_the_taps_inside(void)
{
    for (int extent = 1; extent <= 7; ++extent) {
        for (int taps = 1; taps <= 4; ++taps) {
            for (int dilation = 1; dilation <= 3; ++dilation) {
                for (int origin = -9; origin <= 9; ++origin) {
                    const nn_taps clipped = nn_clip(0, 1, -origin, dilation, taps, extent);
                    for (int tap = 0; tap < taps; ++tap) {
                        const int at = origin + tap * dilation;
                        const int inside = at >= 0 && at < extent;
                        const int named = tap >= clipped.first && tap < clipped.end;
                        CHECK(inside == named, "extent %d taps %d dilation %d origin %d tap %d", extent, taps, dilation,
                              origin, tap);
                        if (inside && tap == clipped.first) {
                            CHECK(clipped.start == at, "start %d, not %d", (int)clipped.start, at);
                        }
                    }
                }
            }
        }
    }
}

void test_arithmetic(void)
{
    rescaling_equals_its_definition();
    rescaling_holds_up_to_the_greatest_accumulator();
    exact_halves_round_as_the_reference_rounds_them();
    shifting_covers_the_whole_of_int32();
    clipping_names_exactly_the_taps_inside();
}
