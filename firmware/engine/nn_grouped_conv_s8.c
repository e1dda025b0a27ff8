/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

void hil_nn_grouped_conv_s8(const hil_nn_grouped_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                            const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const hil_nn_conv_s8_params *conv = &params->conv;
    const hil_nn_window *w = &conv->window;
    const int32_t depth = w->in_c / (int32_t)params->groups;
    const int32_t filters = w->out_c / (int32_t)params->groups;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                const int8_t *from = in + o / filters * depth;
                const int8_t *filter = weights + o * w->k_h * w->k_w * depth;
                int32_t acc = bias ? bias[o] : 0;
                for (int32_t i = rows.first; i < rows.end; ++i) {
                    const int32_t in_y = rows.start + (i - rows.first) * w->dilation_h;
                    for (int32_t j = columns.first; j < columns.end; ++j) {
                        const int32_t in_x = columns.start + (j - columns.first) * w->dilation_w;
                        const int8_t *tap = from + (in_y * w->in_w + in_x) * w->in_c;
                        const int8_t *weight = filter + (i * w->k_w + j) * depth;
                        for (int32_t c = 0; c < depth; ++c) {
                            acc += (tap[c] + conv->in_offset) * weight[c];
                        }
                    }
                }
                const int32_t scaled = nn_rescale(acc, multiplier[o], shift[o]) + conv->out_offset;
                *out++ = (int8_t)nn_clamp_s32(scaled, conv->act_min, conv->act_max);
            }
        }
    }
}
