/* SPDX-License-Identifier: Apache-2.0
 * The plain depthwise convolution, four channels at a time by nn_taps4_f32 where each has its own input channel. */
#include "nn_vfp.h"

static NN_NOINLINE void channel(const hil_nn_conv_f32_params *params, nn_taps rows, nn_taps columns, int32_t multiplicity, int32_t o,
                                const float *in, const float *weights, const float *bias, float *out)
{
    const hil_nn_window *w = &params->window;
    float acc = 0.0f;
    for (int32_t i = rows.first, y = rows.start; i < rows.end; ++i, y += w->dilation_h) {
        const float *pixel = in + (y * w->in_w + columns.start) * w->in_c + o / multiplicity;
        const float *tap = weights + (i * w->k_w + columns.first) * w->out_c + o;
        NN_ROLLED
        for (int32_t j = columns.first; j < columns.end; ++j, pixel += w->dilation_w * w->in_c, tap += w->out_c) {
            acc += *pixel * *tap;
        }
    }
    out[o] = nn_clamp_f32(acc + (bias ? bias[o] : 0.0f), params->act_min, params->act_max);
}

/* Four neighbouring channels, each from the input channel of the same number; in, weights, bias and out are at the first. */
static NN_NOINLINE void channels4(const hil_nn_conv_f32_params *params, nn_taps rows, nn_taps columns, const float *in,
                                  const float *weights, const float *bias, float *out)
{
    const hil_nn_window *w = &params->window;
    nn_floats sums = {0.0f, 0.0f, 0.0f, 0.0f};
    in += (rows.start * w->in_w + columns.start) * w->in_c;
    weights += (rows.first * w->k_w + columns.first) * w->out_c;
    for (int32_t i = rows.first; i < rows.end; ++i) {
        nn_taps4_f32(in, weights, w->dilation_w * w->in_c, w->out_c, columns.end - columns.first, &sums);
        in += w->dilation_h * w->in_w * w->in_c;
        weights += w->k_w * w->out_c;
    }
    nn_store4_f32(&sums, bias, params->act_min, params->act_max, out);
}

void hil_nn_dwconv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias, float *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t multiplicity = w->out_c / w->in_c;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            int32_t o = 0;
            for (; multiplicity == 1 && o + NN_LANES <= w->out_c; o += NN_LANES) {
                channels4(params, rows, columns, in + o, weights + o, bias ? bias + o : bias, out + o);
            }
            for (; o < w->out_c; ++o) {
                channel(params, rows, columns, multiplicity, o, in, weights, bias, out);
            }
            out += w->out_c;
        }
    }
}
