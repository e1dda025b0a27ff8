/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_math.h"

void hil_nn_l2pool_f32(const hil_nn_conv_f32_params *params, const float *in, float *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, 1, w->k_w, w->in_w);
            const int32_t n_rows = rows.end - rows.first, n_columns = columns.end - columns.first;
            for (int32_t c = 0; c < w->in_c; ++c) {
                float squares = 0.0f;
                for (int32_t i = 0; i < n_rows; ++i) {
                    for (int32_t j = 0; j < n_columns; ++j) {
                        const float value = in[((rows.start + i) * w->in_w + columns.start + j) * w->in_c + c];
                        squares += value * value;
                    }
                }
                *out++ = nn_clamp_f32(nn_sqrtf(squares / (float)(n_rows * n_columns)), params->act_min, params->act_max);
            }
        }
    }
}
