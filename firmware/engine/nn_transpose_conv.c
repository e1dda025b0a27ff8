/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_transpose.h"

void hil_nn_transpose_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                              const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_sources rows = nn_sources_of(y, w->stride_h, w->pad_top, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_sources columns = nn_sources_of(x, w->stride_w, w->pad_left, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                int32_t acc = bias ? bias[o] : 0;
                for (int32_t i = rows.first, tap_y = rows.tap; i < rows.end; ++i, tap_y -= w->stride_h) {
                    for (int32_t j = columns.first, tap_x = columns.tap; j < columns.end; ++j, tap_x -= w->stride_w) {
                        const int8_t *from = in + (i * w->in_w + j) * w->in_c;
                        const int8_t *weight = weights + ((o * w->k_h + tap_y) * w->k_w + tap_x) * w->in_c;
                        for (int32_t c = 0; c < w->in_c; ++c) {
                            acc += (from[c] + params->in_offset) * weight[c];
                        }
                    }
                }
                const int32_t scaled = nn_rescale(acc, multiplier[o], shift[o]) + params->out_offset;
                *out++ = (int8_t)nn_clamp_s32(scaled, params->act_min, params->act_max);
            }
        }
    }
}

void hil_nn_transpose_conv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias,
                               float *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_sources rows = nn_sources_of(y, w->stride_h, w->pad_top, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_sources columns = nn_sources_of(x, w->stride_w, w->pad_left, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                float acc = 0.0f;
                for (int32_t i = rows.first, tap_y = rows.tap; i < rows.end; ++i, tap_y -= w->stride_h) {
                    for (int32_t j = columns.first, tap_x = columns.tap; j < columns.end; ++j, tap_x -= w->stride_w) {
                        const float *from = in + (i * w->in_w + j) * w->in_c;
                        const float *weight = weights + ((o * w->k_h + tap_y) * w->k_w + tap_x) * w->in_c;
                        for (int32_t c = 0; c < w->in_c; ++c) {
                            acc += from[c] * weight[c];
                        }
                    }
                }
                acc = bias ? acc + bias[o] : acc;
                *out++ = nn_clamp_f32(acc, params->act_min, params->act_max);
            }
        }
    }
}
