/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

void hil_nn_grouped_conv_f32(const hil_nn_grouped_conv_f32_params *params, const float *in, const float *weights, const float *bias,
                             float *out)
{
    const hil_nn_window *w = &params->conv.window;
    const int32_t depth = w->in_c / (int32_t)params->groups;
    const int32_t filters = w->out_c / (int32_t)params->groups;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                const float *from = in + o / filters * depth;
                const float *filter = weights + o * w->k_h * w->k_w * depth;
                float acc = 0.0f;
                for (int32_t i = rows.first; i < rows.end; ++i) {
                    const int32_t in_y = rows.start + (i - rows.first) * w->dilation_h;
                    for (int32_t j = columns.first; j < columns.end; ++j) {
                        const int32_t in_x = columns.start + (j - columns.first) * w->dilation_w;
                        const float *tap = from + (in_y * w->in_w + in_x) * w->in_c;
                        const float *weight = filter + (i * w->k_w + j) * depth;
                        for (int32_t c = 0; c < depth; ++c) {
                            acc += tap[c] * weight[c];
                        }
                    }
                }
                *out++ = nn_clamp_f32(acc + (bias ? bias[o] : 0.0f), params->conv.act_min, params->conv.act_max);
            }
        }
    }
}
