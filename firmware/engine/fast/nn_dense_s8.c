/* SPDX-License-Identifier: Apache-2.0
 * Four outputs at a time: the inputs are widened and centred in registers once for four rows of weights. */
#include "nn_dot4_s8.h"

NN_INLINE int8_t finished(const hil_nn_dense_s8_params *params, int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t scaled = params->rounding == HIL_NN_ROUND_ONCE ? nn_rescale_once(acc, multiplier, shift)
                                                                 : nn_rescale(acc, multiplier, shift);
    return (int8_t)nn_clamp_s32(scaled + params->out_offset, params->act_min, params->act_max);
}

void hil_nn_dense_s8(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const int32_t n = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row, in += n, out += params->outputs) {
        int32_t o = 0;
        for (; o + NN_LANES <= params->outputs; o += NN_LANES) {
            int32_t acc[NN_LANES] = {0, 0, 0, 0};
            for (int32_t lane = 0; bias && lane < NN_LANES; ++lane) {
                acc[lane] = bias[o + lane];
            }
            nn_dot4_s8(in, weights + o * n, n, n, params->in_offset, acc);
            for (int32_t lane = 0; lane < NN_LANES; ++lane) {
                out[o + lane] = finished(params, acc[lane], multiplier[o + lane], shift[o + lane]);
            }
        }
        for (; o < params->outputs; ++o) {
            int32_t acc = bias ? bias[o] : 0;
            const int8_t *w = weights + o * n;
            NN_ROLLED
            for (int32_t i = 0; i < n; ++i) {
                acc += (in[i] + params->in_offset) * w[i];
            }
            out[o] = finished(params, acc, multiplier[o], shift[o]);
        }
    }
}
