/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

NN_INLINE void outputs(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                       const int32_t *multiplier, const int8_t *shift, int8_t *out, const int lanes)
{
    const int32_t n = params->inputs;
    const int32_t in_offset = params->in_offset;
    int32_t acc[NN_LANES];
    for (int lane = 0; lane < lanes; ++lane) {
        acc[lane] = bias ? bias[lane] : 0;
    }
    for (int32_t i = 0; i < n; ++i) {
        const int32_t value = in[i] + in_offset;
        for (int lane = 0; lane < lanes; ++lane) {
            acc[lane] += value * weights[lane * n + i];
        }
    }
    for (int lane = 0; lane < lanes; ++lane) {
        const int32_t scaled = params->rounding == HIL_NN_ROUND_ONCE ? nn_rescale_once(acc[lane], multiplier[lane], shift[lane])
                                                                     : nn_rescale(acc[lane], multiplier[lane], shift[lane]);
        out[lane] = (int8_t)nn_clamp_s32(scaled + params->out_offset, params->act_min, params->act_max);
    }
}

void hil_nn_dense_s8(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const int32_t n = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row) {
        int32_t o = 0;
        for (; o + NN_LANES <= params->outputs; o += NN_LANES) {
            outputs(params, in, weights + o * n, bias ? bias + o : bias, multiplier + o, shift + o, out + o, NN_LANES);
        }
        for (; o < params->outputs; ++o) {
            outputs(params, in, weights + o * n, bias ? bias + o : bias, multiplier + o, shift + o, out + o, 1);
        }
        in += n;
        out += params->outputs;
    }
}
