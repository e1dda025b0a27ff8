/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "hil_nn.h"
#include "oracle.h"

static uint32_t seed = 11;

static void one_int8_dense(enum hil_nn_rounding rounding)
{
    hil_nn_dense_s8_params p = {(uint16_t)random_between(&seed, 1, 3),
                                (uint16_t)random_between(&seed, 1, 40),
                                (uint16_t)random_between(&seed, 1, 11),
                                (uint8_t)rounding,
                                random_between(&seed, -127, 128),
                                random_between(&seed, -20, 20),
                                -100,
                                100};
    int8_t *in = exactly(p.rows * p.inputs, 1), *weights = exactly(p.inputs * p.outputs, 1), *out = exactly(p.rows * p.outputs, 1);
    int8_t *shift = exactly(p.outputs, 1);
    int32_t *multiplier = exactly(p.outputs, 4);
    int32_t *bias = random_between(&seed, 0, 2) ? exactly(p.outputs, 4) : 0;
    for (int32_t i = 0; i < p.rows * p.inputs; ++i) {
        in[i] = (int8_t)random_between(&seed, -128, 127);
    }
    for (int32_t i = 0; i < p.inputs * p.outputs; ++i) {
        weights[i] = (int8_t)random_between(&seed, -127, 127);
    }
    for (int32_t o = 0; o < p.outputs; ++o) {
        multiplier[o] = random_between(&seed, 1 << 30, INT32_MAX);
        shift[o] = (int8_t)random_between(&seed, -13, 0);
        if (bias) {
            bias[o] = random_between(&seed, -90000, 90000);
        }
    }
    hil_nn_dense_s8(&p, in, weights, bias, multiplier, shift, out);
    for (int32_t at = 0; at < p.rows * p.outputs; ++at) {
        const int32_t o = at % p.outputs, row = at / p.outputs;
        int64_t acc = bias ? bias[o] : 0;
        for (int32_t i = 0; i < p.inputs; ++i) {
            acc += (in[row * p.inputs + i] + p.in_offset) * weights[o * p.inputs + i];
        }
        /* One rounding, halves upwards: floor(x + 1/2). */
        const double real = ldexp((double)acc * multiplier[o], shift[o] - 31);
        const int64_t scaled = rounding == HIL_NN_ROUND_TWICE ? oracle_rescale((int32_t)acc, multiplier[o], shift[o])
                                                              : (int64_t)floor(real + 0.5);
        const int32_t expected = oracle_clamp(scaled + p.out_offset, p.act_min, p.act_max);
        CHECK(out[at] == expected, "rounding %d, output %d: %d, not %d", rounding, (int)at, out[at], (int)expected);
    }
    free(in), free(weights), free(out), free(shift), free(multiplier), free(bias);
}

static void float_dense_adds_in_order_and_the_bias_last(void)
{
    /* 2^24 + 1 + 1 is 2^24 in float32 when added in this order, 2^24 + 2 in any other. */
    const float in[] = {16777216.0f, 1.0f, 1.0f};
    float weights[5 * 3];
    float bias[5] = {0.0f, 2.0f, -16777216.0f, 0.0f, 0.0f};
    float out[5];
    for (int i = 0; i < 15; ++i) {
        weights[i] = 1.0f;
    }
    const hil_nn_dense_f32_params p = {1, 3, 5, -FLT_MAX, FLT_MAX};
    hil_nn_dense_f32(&p, in, weights, bias, out);
    CHECK(out[0] == 16777216.0f && out[1] == 16777218.0f && out[2] == 0.0f && out[4] == 16777216.0f, "%a %a %a %a",
          (double)out[0], (double)out[1], (double)out[2], (double)out[4]);
}

static void a_table_maps_every_value_in_place_too(void)
{
    int8_t values[256], table[256];
    for (int i = 0; i < 256; ++i) {
        values[i] = (int8_t)(i - 128);
        table[i] = (int8_t)(127 - i);
    }
    const hil_nn_elementwise_params p = {256};
    hil_nn_lut_s8(&p, values, table, values);
    for (int i = 0; i < 256; ++i) {
        CHECK(values[i] == 127 - i, "%d -> %d", i - 128, values[i]);
    }
}

static void the_int8_softmax_is_near_the_real_one(void)
{
    /* scale 0.1: 0.1 * 2^26 = multiplier * 2^(left_shift - 31) */
    int left_shift;
    const double fraction = frexp(0.1 * 67108864.0, &left_shift);
    const hil_nn_softmax_s8_params p = {50, 10, (int32_t)(fraction * 2147483648.0), left_shift,
                                        -(int32_t)(31.0 * 67108864.0 / ldexp(1.0, left_shift))};
    int8_t in[500], out[500];
    for (int i = 0; i < 500; ++i) {
        in[i] = (int8_t)random_between(&seed, -128, 127);
    }
    hil_nn_softmax_s8(&p, in, out);
    for (int row = 0; row < 50; ++row) {
        double sum = 0.0;
        for (int c = 0; c < 10; ++c) {
            sum += exp(0.1 * in[row * 10 + c]);
        }
        for (int c = 0; c < 10; ++c) {
            const double exact = fmin(exp(0.1 * in[row * 10 + c]) / sum * 256.0 - 128.0, 127.0);
            CHECK(fabs(out[row * 10 + c] - exact) <= 0.51, "row %d class %d: %d, not %f", row, c, out[row * 10 + c], exact);
        }
    }
}

void test_dense_and_tables(void)
{
    for (int i = 0; i < 300; ++i) {
        one_int8_dense(HIL_NN_ROUND_ONCE);
        one_int8_dense(HIL_NN_ROUND_TWICE);
    }
    float_dense_adds_in_order_and_the_bias_last();
    a_table_maps_every_value_in_place_too();
    the_int8_softmax_is_near_the_real_one();
}
