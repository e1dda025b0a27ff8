/* SPDX-License-Identifier: Apache-2.0
 * Below 5/8: Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + x^2 / (7 + x^2 / 9)))), written as one quotient; what is
 * left out is below 2e-9 of the result. Above: 1 - 2 / (e^2x + 1), which cancels nothing there. */
#include "nn_internal.h"

float hil_nn_tanhf(float x)
{
    const float size = x < 0.0f ? -x : x;
    if (size < 0.625f) {
        const float square = x * x;
        return x * ((square + 105.0f) * square + 945.0f) / ((15.0f * square + 420.0f) * square + 945.0f);
    }
    /* From 9.1 on the result is 1 in float32; the bound also keeps e^2x finite. */
    const float result = size > 10.0f ? 1.0f : 1.0f - 2.0f / (hil_nn_expf(2.0f * size) + 1.0f);
    if (x != x) {
        return x;
    }
    return x < 0.0f ? -result : result;
}
