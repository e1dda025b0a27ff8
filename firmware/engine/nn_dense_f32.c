/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

NN_INLINE void outputs(const hil_nn_dense_f32_params *params, const float *in, const float *weights, const float *bias, float *out,
                       const int lanes)
{
    const int32_t n = params->inputs;
    float acc[NN_LANES];
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        acc[lane] = 0.0f;
    }
    for (int32_t i = 0; i < n; ++i) {
        const float value = in[i];
        NN_UNROLL
        for (int lane = 0; lane < lanes; ++lane) {
            acc[lane] += value * weights[lane * n + i];
        }
    }
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        out[lane] = nn_clamp_f32(acc[lane] + (bias ? bias[lane] : 0.0f), params->act_min, params->act_max);
    }
}

void hil_nn_dense_f32(const hil_nn_dense_f32_params *params, const float *in, const float *weights, const float *bias, float *out)
{
    const int32_t n = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row) {
        int32_t o = 0;
        for (; o + NN_LANES <= params->outputs; o += NN_LANES) {
            outputs(params, in, weights + o * n, bias ? bias + o : bias, out + o, NN_LANES);
        }
        for (; o < params->outputs; ++o) {
            outputs(params, in, weights + o * n, bias ? bias + o : bias, out + o, 1);
        }
        in += n;
        out += params->outputs;
    }
}
