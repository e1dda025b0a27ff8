/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

void hil_nn_clamp_f32(const hil_nn_clamp_f32_params *params, const float *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = nn_clamp_f32(in[i], params->act_min, params->act_max);
    }
}

void hil_nn_logistic_f32(const hil_nn_elementwise_params *params, const float *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = nn_logistic_f32(in[i]);
    }
}

void hil_nn_softmax_f32(const hil_nn_softmax_f32_params *params, const float *in, float *out)
{
    const int32_t classes = params->classes;
    for (int32_t row = 0; row < params->rows; ++row, in += classes, out += classes) {
        float greatest = in[0];
        for (int32_t c = 1; c < classes; ++c) {
            greatest = greatest < in[c] ? in[c] : greatest;
        }
        float sum = 0.0f;
        for (int32_t c = 0; c < classes; ++c) {
            out[c] = hil_nn_expf((in[c] - greatest) * params->beta);
            sum += out[c];
        }
        for (int32_t c = 0; c < classes; ++c) {
            out[c] = out[c] / sum;
        }
    }
}

void hil_nn_hard_swish_f32(const hil_nn_elementwise_params *params, const float *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        const float x = in[i];
        out[i] = x * nn_clamp_f32(x + 3.0f, 0.0f, 6.0f) / 6.0f;
    }
}

void hil_nn_leaky_f32(const hil_nn_leaky_f32_params *params, const float *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = in[i] > 0.0f ? in[i] : in[i] * params->alpha;
    }
}

void hil_nn_tanh_f32(const hil_nn_elementwise_params *params, const float *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        out[i] = hil_nn_tanhf(in[i]);
    }
}
