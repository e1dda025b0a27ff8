/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "check.h"
#include "hil_nn.h"

static void exp_is_within_one_ulp(void)
{
    double worst = 0.0;
    for (double x = -87.3; x < 88.7; x += 0.000317) {
        const float input = (float)x;
        const double exact = exp((double)input);
        const double ulp = (double)nextafterf((float)exact, INFINITY) - (double)(float)exact;
        worst = fmax(worst, fabs((double)hil_nn_expf(input) - exact) / ulp);
    }
    CHECK(worst <= 1.0, "worst error %f ulp", worst);
    CHECK(worst > 0.4, "an error of %f ulp is too good to have been measured", worst);
}

static void exp_has_its_limits(void)
{
    CHECK(hil_nn_expf(0.0f) == 1.0f, "%a", (double)hil_nn_expf(0.0f));
    CHECK(hil_nn_expf(-0.0f) == 1.0f, "%a", (double)hil_nn_expf(-0.0f));
    CHECK(hil_nn_expf(88.72f) > 3.39e38f && hil_nn_expf(88.72f) < INFINITY, "%a", (double)hil_nn_expf(88.72f));
    CHECK(hil_nn_expf(88.73f) == INFINITY, "%a", (double)hil_nn_expf(88.73f));
    CHECK(hil_nn_expf(INFINITY) == INFINITY, "%a", (double)hil_nn_expf(INFINITY));
    CHECK(hil_nn_expf(-INFINITY) == 0.0f, "%a", (double)hil_nn_expf(-INFINITY));
    CHECK(hil_nn_expf(-87.34f) == 0.0f, "%a", (double)hil_nn_expf(-87.34f));
    CHECK(isnan(hil_nn_expf(NAN)), "%a", (double)hil_nn_expf(NAN));
}

static void tanh_is_within_its_bound_odd_and_saturates(void)
{
    double worst = 0.0;
    for (double x = -11.0; x < 11.0; x += 0.0000371) {
        const float input = (float)x;
        worst = fmax(worst, fabs((double)hil_nn_tanhf(input) - tanh((double)input)));
    }
    CHECK(worst <= 1.2e-7, "worst error %g", worst);
    CHECK(worst > 1e-8, "an error of %g is too good to have been measured", worst);
    for (float x = 1e-30f; x < 1e30f; x *= 7.0f) {
        CHECK(hil_nn_tanhf(-x) == -hil_nn_tanhf(x), "%a", (double)x);
    }
    CHECK(hil_nn_tanhf(INFINITY) == 1.0f && hil_nn_tanhf(-INFINITY) == -1.0f, "%a", (double)hil_nn_tanhf(INFINITY));
    CHECK(hil_nn_tanhf(0.0f) == 0.0f && isnan(hil_nn_tanhf(NAN)), "%a", (double)hil_nn_tanhf(NAN));
}

static void the_logistic_function_saturates_and_is_symmetric(void)
{
    const hil_nn_elementwise_params p = {5};
    float values[] = {-100.0f, 0.0f, 2.0f, -2.0f, 100.0f};
    hil_nn_logistic_f32(&p, values, values);
    CHECK(values[0] == 0.0f && values[1] == 0.5f && values[4] == 1.0f, "%a %a", (double)values[0], (double)values[1]);
    CHECK(fabsf(values[2] + values[3] - 1.0f) <= FLT_EPSILON, "%a", (double)(values[2] + values[3]));
}

static void a_softmax_row_sums_to_one_whatever_its_offset(void)
{
    const hil_nn_softmax_f32_params p = {2, 3, 1.0f};
    float values[] = {1.0f, 2.0f, 3.0f, 10001.0f, 10002.0f, 10003.0f};
    hil_nn_softmax_f32(&p, values, values);
    for (int c = 0; c < 3; ++c) {
        CHECK(values[c] == values[3 + c], "class %d", c);
        CHECK(fabs(values[c] - exp(c) / (1.0 + exp(1.0) + exp(2.0))) < 1e-7, "class %d: %a", c, (double)values[c]);
    }
}

static void quantising_rounds_halves_away_and_saturates(void)
{
    const hil_nn_quantize_params p = {10, 0.5f, 3};
    const float in[] = {0.0f, 0.25f, -0.25f, 0.24999999f, 0.75f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN};
    const int expected[] = {3, 4, 2, 3, 5, 127, -128, 127, -128, -128};
    int8_t out[10];
    hil_nn_quantize_f32_s8(&p, in, out);
    for (int i = 0; i < 10; ++i) {
        CHECK(out[i] == expected[i], "%g: %d, not %d", (double)in[i], out[i], expected[i]);
    }
    float back[10];
    hil_nn_dequantize_s8_f32(&p, out, back);
    CHECK(back[1] == 0.5f && back[5] == 62.0f && back[6] == -65.5f, "%g %g %g", (double)back[1], (double)back[5], (double)back[6]);
}

static void clamping_keeps_minus_zero_and_nan_as_the_reference_does(void)
{
    const hil_nn_clamp_f32_params p = {4, 0.0f, 6.0f};
    float values[] = {-0.0f, NAN, -1.0f, 7.0f};
    hil_nn_clamp_f32(&p, values, values);
    CHECK(signbit(values[0]) && isnan(values[1]) && values[2] == 0.0f && values[3] == 6.0f, "%a %a %a %a", (double)values[0],
          (double)values[1], (double)values[2], (double)values[3]);
}

void test_float_functions(void)
{
    exp_is_within_one_ulp();
    exp_has_its_limits();
    tanh_is_within_its_bound_odd_and_saturates();
    the_logistic_function_saturates_and_is_symmetric();
    a_softmax_row_sums_to_one_whatever_its_offset();
    quantising_rounds_halves_away_and_saturates();
    clamping_keeps_minus_zero_and_nan_as_the_reference_does();
}
