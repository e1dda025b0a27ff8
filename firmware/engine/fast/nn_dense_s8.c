/* SPDX-License-Identifier: Apache-2.0
 * Four outputs at a time: the inputs are widened and centred in registers once for four rows of weights. */
#include "nn_requant.h"

NN_INLINE int8_t finished(const hil_nn_dense_s8_params *params, int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t scaled = params->rounding == HIL_NN_ROUND_ONCE ? nn_rescale_once(acc, multiplier, shift)
                                                                 : nn_rescale(acc, multiplier, shift);
    return (int8_t)nn_clamp_s32(scaled + params->out_offset, params->act_min, params->act_max);
}

/* acc[lane] += sum (in + offset) * w[lane] for `lanes` neighbouring rows of n weights; lanes is a literal. */
NN_INLINE void dot(const int8_t *in, const int8_t *weights, int32_t n, int32_t in_offset, int32_t *acc, const int lanes)
{
    const uint32_t offset = nn_pack(in_offset, in_offset);
    const int8_t *row[NN_LANES];
    int32_t sum[NN_LANES];
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        row[lane] = weights + lane * n;
        sum[lane] = acc[lane];
    }
    NN_ROLLED
    for (const int8_t *const end = in + n / 4 * 4; in != end; in += 4) {
        const uint32_t x = nn_read4(in);
        const uint32_t even = nn_sxtab16(offset, x), odd = nn_sxtab16_odd(offset, x);
        NN_UNROLL
        for (int lane = 0; lane < lanes; ++lane) {
            const uint32_t w = nn_read4(row[lane]);
            row[lane] += 4;
            sum[lane] = nn_smlad(even, nn_sxtb16(w), sum[lane]);
            sum[lane] = nn_smlad(odd, nn_sxtb16_odd(w), sum[lane]);
        }
    }
    for (int32_t i = 0; i < n % 4; ++i) {
        NN_UNROLL
        for (int lane = 0; lane < lanes; ++lane) {
            sum[lane] += (in[i] + in_offset) * row[lane][i];
        }
    }
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        acc[lane] = sum[lane];
    }
}

static NN_NOINLINE void dot4(const int8_t *in, const int8_t *weights, int32_t n, int32_t in_offset, int32_t *acc)
{
    dot(in, weights, n, in_offset, acc, NN_LANES);
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
            dot4(in, weights + o * n, n, params->in_offset, acc);
            for (int32_t lane = 0; lane < NN_LANES; ++lane) {
                out[o + lane] = finished(params, acc[lane], multiplier[o + lane], shift[o + lane]);
            }
        }
        for (; o < params->outputs; ++o) {
            int32_t acc = bias ? bias[o] : 0;
            dot(in, weights + o * n, n, params->in_offset, &acc, 1);
            out[o] = finished(params, acc, multiplier[o], shift[o]);
        }
    }
}
