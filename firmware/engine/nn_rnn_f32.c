/* SPDX-License-Identifier: Apache-2.0
 * A recurrent layer without gates. */
#include "nn_internal.h"

NN_INLINE float dot(const float *values, const float *weights, uint32_t n)
{
    float sum = 0.0f;
    for (uint32_t i = 0; i < n; ++i) {
        sum += values[i] * weights[i];
    }
    return sum;
}

void hil_nn_rnn_f32(const hil_nn_rnn_f32_params *params, const float *in, const float *weights, const float *recurrent,
                    const float *bias, void *state, float *out)
{
    const uint32_t inputs = params->inputs, units = params->units;
    float *kept = state;
    for (uint32_t batch = 0; batch < params->batches; ++batch, kept += units) {
        const float *before = kept;
        for (uint32_t step = 0; step < params->steps; ++step, in += inputs, before = out, out += units) {
            for (uint32_t u = 0; u < units; ++u) {
                const float sum = bias[u] + dot(in, weights + u * inputs, inputs) + dot(before, recurrent + u * units, units);
                out[u] = nn_clamp_f32(params->tanh ? hil_nn_tanhf(sum) : sum, params->act_min, params->act_max);
            }
        }
        for (uint32_t u = 0; u < units; ++u) {
            kept[u] = before[u];
        }
    }
}
