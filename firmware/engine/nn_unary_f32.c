/* SPDX-License-Identifier: Apache-2.0
 * Functions of one float32 at a time. Formulas and their order are the reference's. */
#include "nn_math.h"

/* void hil_nn_NAME_f32(): out = EXPRESSION of x, in place if wanted. */
#define UNARY(NAME, EXPRESSION)                                                                        \
    void hil_nn_##NAME##_f32(const hil_nn_elementwise_params *params, const float *in, float *out)     \
    {                                                                                                  \
        for (uint32_t i = 0; i < params->elements; ++i) {                                              \
            const float x = in[i];                                                                     \
            out[i] = (EXPRESSION);                                                                     \
        }                                                                                              \
    }

NN_INLINE float rounded_to_even(float x)
{
    const float below = nn_floorf(x), rest = x - below;
    if (rest < 0.5f || (rest == 0.5f && (int32_t)below % 2 == 0)) {
        return below;
    }
    return below + 1.0f;
}

NN_INLINE float gelu_approximated(float x)
{
    return 0.5f * x * (1.0f + hil_nn_tanhf(0.797884583f * (x + 0.044715f * x * x * x)));
}

UNARY(abs, nn_of_bits(nn_bits_of(x) & 0x7FFFFFFFu))
UNARY(neg, -x)
UNARY(square, x *x)
UNARY(sqrt, nn_sqrtf(x))
UNARY(rsqrt, 1.0f / nn_sqrtf(x))
UNARY(exp, hil_nn_expf(x))
UNARY(log, nn_logf(x))
UNARY(sin, nn_sinf_from(x, 0))
UNARY(cos, nn_sinf_from(x, 1))
UNARY(floor, nn_floorf(x))
UNARY(ceil, -nn_floorf(-x))
UNARY(round, rounded_to_even(x))
UNARY(elu, x < 0.0f ? nn_expm1f_of_negative(x) : x)
UNARY(gelu, 0.5f * x * nn_erfcf(x * -0.707106769f))
UNARY(gelu_approximated, gelu_approximated(x))
UNARY(relu_0_to_1, nn_clamp_f32(x, 0.0f, 1.0f))
