/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

/* `lanes` neighbouring output channels from `o` on, at one output pixel. */
NN_INLINE void channels(const hil_nn_conv_s8_params *params, nn_taps rows, nn_taps columns, int32_t multiplicity, int32_t o,
                        const int8_t *in, const int8_t *weights, const int32_t *bias, const int32_t *multiplier,
                        const int8_t *shift, int8_t *out, const int lanes)
{
    const hil_nn_window *w = &params->window;
    int32_t acc[NN_LANES];
    int32_t source[NN_LANES];
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        acc[lane] = bias ? bias[o + lane] : 0;
        source[lane] = multiplicity == 1 ? o + lane : (o + lane) / multiplicity;
    }
    const int32_t column_step = w->dilation_w * w->in_c;
    int32_t y = rows.start;
    for (int32_t i = rows.first; i < rows.end; ++i, y += w->dilation_h) {
        const int8_t *pixel = in + (y * w->in_w + columns.start) * w->in_c;
        const int8_t *tap = weights + (i * w->k_w + columns.first) * w->out_c + o;
        for (int32_t j = columns.first; j < columns.end; ++j) {
            NN_UNROLL
            for (int lane = 0; lane < lanes; ++lane) {
                acc[lane] += (pixel[source[lane]] + params->in_offset) * tap[lane];
            }
            pixel += column_step;
            tap += w->out_c;
        }
    }
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        const int32_t scaled = nn_rescale(acc[lane], multiplier[o + lane], shift[o + lane]) + params->out_offset;
        out[o + lane] = (int8_t)nn_clamp_s32(scaled, params->act_min, params->act_max);
    }
}

void hil_nn_dwconv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *multiplier, const int8_t *shift, int8_t *scratch, int8_t *out)
{
    (void)scratch;
    const hil_nn_window *w = &params->window;
    const int32_t multiplicity = w->out_c / w->in_c;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            int32_t o = 0;
            for (; o + NN_LANES <= w->out_c; o += NN_LANES) {
                channels(params, rows, columns, multiplicity, o, in, weights, bias, multiplier, shift, out, NN_LANES);
            }
            for (; o < w->out_c; ++o) {
                channels(params, rows, columns, multiplicity, o, in, weights, bias, multiplier, shift, out, 1);
            }
            out += w->out_c;
        }
    }
}
