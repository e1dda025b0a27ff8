/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

/* acc[lane] += sum (in + offset) * w for four neighbouring rows of weights. Its own function, so that it stays in registers. */
static NN_NOINLINE void dot4(const int8_t *in, const int8_t *weights, int32_t n, int32_t offset, int32_t acc[NN_LANES])
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + n;
    const int8_t *w2 = w1 + n;
    const int8_t *w3 = w2 + n;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        const int32_t value = in[i] + offset;
        a0 += value * w0[i];
        a1 += value * w1[i];
        a2 += value * w2[i];
        a3 += value * w3[i];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

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
    for (int32_t row = 0; row < params->rows; ++row) {
        int32_t o = 0;
        for (; o + NN_LANES <= params->outputs; o += NN_LANES) {
            int32_t acc[NN_LANES] = {0, 0, 0, 0};
            for (int32_t lane = 0; bias && lane < NN_LANES; ++lane) {
                acc[lane] = bias[o + lane];
            }
            dot4(in, weights + o * n, n, params->in_offset, acc);
            for (int32_t lane = 0; lane < NN_LANES; ++lane) {
                out[o + lane] = finished(params, acc[lane], multiplier[o + lane], shift[o + lane]);
            }
        }
        for (; o < params->outputs; ++o) {
            const int8_t *w = weights + o * n;
            int32_t acc = bias ? bias[o] : 0;
            for (int32_t i = 0; i < n; ++i) {
                acc += (in[i] + params->in_offset) * w[i];
            }
            out[o] = finished(params, acc, multiplier[o], shift[o]);
        }
        in += n;
        out += params->outputs;
    }
}
