/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "hil_nn.h"
#include "nn_fixed16.h"

enum { STEPS = 5, INPUTS = 3, CELLS = 4, GATES = 4, OUT_ZERO = 5 };

static void the_logistic_function_in_16_bits_is_near_the_real_one_everywhere(void)
{
    double worst = 0.0;
    for (int32_t x = -32768; x <= 32767; ++x) {
        const double real = 1.0 / (1.0 + exp(-(double)x / 4096.0));
        worst = fmax(worst, fabs(nn_logistic_s16(x) / 32768.0 - real));
        CHECK(nn_logistic_s16(x) >= 0 && nn_logistic_s16(x) <= 32767, "%d gives %d", (int)x, (int)nn_logistic_s16(x));
    }
    CHECK(worst < 4e-4, "worst error %g", worst);
    CHECK(worst > 1e-5, "an error of %g is too good to have been measured", worst);
}

static void tanh_in_16_bits_is_near_the_real_one_and_odd_for_all_integer_bits(void)
{
    for (int32_t bits = 0; bits <= 6; ++bits) {
        double worst = 0.0;
        for (int32_t x = 1; x <= 32767; ++x) {
            const int32_t value = nn_tanh_s16(x, bits);
            worst = fmax(worst, fabs(value / 32768.0 - tanh((double)x / (double)(1 << (15 - bits)))));
            CHECK(nn_tanh_s16(-x, bits) == -value, "%d, %d integer bits", (int)x, (int)bits);
        }
        CHECK(worst < 1e-3, "worst error %g with %d integer bits", worst, (int)bits);
    }
    CHECK(nn_tanh_s16(0, 3) == 0 && nn_tanh_s16(-32768, 3) == -32767, "%d", (int)nn_tanh_s16(-32768, 3));
}

/* What both forms are made of, in real numbers. */
static void real_lstm(const float *in, const float *w, const float *b, const float *r, double *out)
{
    double cell[CELLS] = {0.0};
    for (int step = 0; step < STEPS; ++step, in += INPUTS, out += CELLS) {
        for (int c = 0; c < CELLS; ++c) {
            double gate[GATES];
            for (int g = 0; g < GATES; ++g) {
                gate[g] = (double)b[g * CELLS + c];
                for (int i = 0; i < INPUTS; ++i) {
                    gate[g] += (double)in[i] * (double)w[(g * CELLS + c) * INPUTS + i];
                }
                for (int i = 0; step > 0 && i < CELLS; ++i) {
                    gate[g] += out[i - CELLS] * (double)r[(g * CELLS + c) * CELLS + i];
                }
                gate[g] = g == 2 ? tanh(gate[g]) : 1.0 / (1.0 + exp(-gate[g]));
            }
            cell[c] = gate[1] * cell[c] + gate[0] * gate[2];
            out[c] = gate[3] * tanh(cell[c]);
        }
    }
}

static float *random_reals(uint32_t *seed, int32_t n)
{
    float *values = exactly(n, sizeof *values);
    for (int32_t i = 0; i < n; ++i) {
        values[i] = (float)random_between(seed, -1000, 1000) / 1000.0f;
    }
    return values;
}

static void the_float_layer_computes_the_formula_from_zero_state_again_and_again(void)
{
    uint32_t seed = 7;
    float *in = random_reals(&seed, STEPS * INPUTS), *w = random_reals(&seed, GATES * CELLS * INPUTS);
    float *b = random_reals(&seed, GATES * CELLS), *r = random_reals(&seed, GATES * CELLS * CELLS);
    float *cell = random_reals(&seed, CELLS), *out = random_reals(&seed, STEPS * CELLS);
    double expected[STEPS * CELLS];
    const hil_nn_lstm_f32_params p = {STEPS, INPUTS, CELLS, 10.0f};
    real_lstm(in, w, b, r, expected);
    for (int run = 0; run < 2; ++run) {
        hil_nn_lstm_f32(&p, in, w, b, r, cell, out);
        for (int i = 0; i < STEPS * CELLS; ++i) {
            CHECK(fabs((double)out[i] - expected[i]) < 1e-6, "run %d: %g, not %g", run, (double)out[i], expected[i]);
        }
    }
    float *all[] = {in, w, b, r, cell, out};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        free(all[i]);
    }
}

/* Scales of powers of two, so that the multipliers need no generator: inputs 2^-6, weights 2^-7, outputs 2^-7, cells 2^-12. */
static void the_int8_layer_is_the_same_formula_to_its_precision(void)
{
    uint32_t seed = 11;
    int8_t in[STEPS * INPUTS], w[GATES * CELLS * INPUTS], r[GATES * CELLS * CELLS], out[STEPS * CELLS];
    int32_t b[GATES * CELLS], rb[GATES * CELLS] = {0};
    int16_t *cell = exactly(CELLS, sizeof *cell);
    float real_in[STEPS * INPUTS], real_w[GATES * CELLS * INPUTS], real_b[GATES * CELLS], real_r[GATES * CELLS * CELLS];
    double expected[STEPS * CELLS];
    for (int i = 0; i < STEPS * INPUTS; ++i) {
        in[i] = (int8_t)random_between(&seed, -128, 127);
        real_in[i] = (float)in[i] / 64.0f;
    }
    for (int i = 0; i < GATES * CELLS * INPUTS; ++i) {
        w[i] = (int8_t)random_between(&seed, -127, 127);
        real_w[i] = (float)w[i] / 128.0f;
    }
    for (int i = 0; i < GATES * CELLS * CELLS; ++i) {
        r[i] = (int8_t)random_between(&seed, -127, 127);
        real_r[i] = (float)r[i] / 128.0f;
        rb[i / CELLS] -= OUT_ZERO * r[i];
    }
    for (int i = 0; i < GATES * CELLS; ++i) {
        b[i] = random_between(&seed, -8192, 8192);
        real_b[i] = (float)b[i] / 8192.0f;
    }
    real_lstm(real_in, real_w, real_b, real_r, expected);
    const int32_t one = 1 << 30; /* 2^-1 as a multiplier */
    const hil_nn_lstm_s8_params p = {
        .steps = STEPS, .inputs = INPUTS, .cells = CELLS,
        .multiplier = {one, one, one, one}, .shift = {0, 0, 0, 0}, /* 2^-13 to 2^-12 */
        .recurrent_multiplier = {one, one, one, one}, .recurrent_shift = {-1, -1, -1, -1},
        .cell_integer_bits = 3, .cell_shift = 18, .cell_min = -32768, .cell_max = 32767,
        .out_multiplier = one, .out_shift = -22, .out_offset = OUT_ZERO,
    };
    for (int run = 0; run < 2; ++run) {
        hil_nn_lstm_s8(&p, in, w, b, r, rb, cell, out);
        for (int i = 0; i < STEPS * CELLS; ++i) {
            CHECK(fabs((out[i] - OUT_ZERO) / 128.0 - expected[i]) < 0.02, "run %d: %d, not %g", run, out[i], 128.0 * expected[i] + (double)OUT_ZERO);
        }
    }
    free(cell);
}

static void the_cell_state_is_clipped(void)
{
    const hil_nn_lstm_f32_params p = {3, 1, 1, 0.25f};
    const float in[] = {1.0f, 1.0f, 1.0f}, w[] = {20.0f, 20.0f, 20.0f, 20.0f}, b[] = {0.0f, 0.0f, 0.0f, 0.0f};
    const float r[] = {0.0f, 0.0f, 0.0f, 0.0f};
    float cell, out[3];
    hil_nn_lstm_f32(&p, in, w, b, r, &cell, out);
    CHECK(cell == 0.25f && fabs((double)out[2] - tanh(0.25)) < 1e-6, "%g %g", (double)cell, (double)out[2]);
}

void test_recurrent(void)
{
    the_logistic_function_in_16_bits_is_near_the_real_one_everywhere();
    tanh_in_16_bits_is_near_the_real_one_and_odd_for_all_integer_bits();
    the_float_layer_computes_the_formula_from_zero_state_again_and_again();
    the_int8_layer_is_the_same_formula_to_its_precision();
    the_cell_state_is_clipped();
}
