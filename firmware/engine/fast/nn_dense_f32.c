/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_vfp.h"

void hil_nn_dense_f32(const hil_nn_dense_f32_params *params, const float *in, const float *weights, const float *bias, float *out)
{
    const int32_t n = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row, in += n, out += params->outputs) {
        const float *w = weights;
        int32_t o = 0;
        for (; o + NN_LANES <= params->outputs; o += NN_LANES, w += NN_LANES * n) {
            nn_floats sums = {0.0f, 0.0f, 0.0f, 0.0f};
            nn_dot4_f32(in, w, n, n, &sums);
            nn_store4_f32(&sums, bias ? bias + o : bias, params->act_min, params->act_max, out + o);
        }
        for (; o < params->outputs; ++o, w += n) {
            float acc = 0.0f;
            NN_ROLLED
            for (int32_t i = 0; i < n; ++i) {
                acc += in[i] * w[i];
            }
            out[o] = nn_clamp_f32(acc + (bias ? bias[o] : 0.0f), params->act_min, params->act_max);
        }
    }
}
