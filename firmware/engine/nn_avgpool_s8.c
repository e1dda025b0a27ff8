/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_area_s8.h"

void hil_nn_avgpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_area a = nn_area_at(w, rows, x, in);
            const int32_t count = a.rows * a.columns;
            for (int32_t c = 0; c < w->in_c; ++c) {
                int32_t sum = 0;
                for (int32_t i = 0; i < a.rows; ++i) {
                    for (int32_t j = 0; j < a.columns; ++j) {
                        sum += a.in[i * a.row_step + j * a.column_step + c];
                    }
                }
                const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / (count > 0 ? count : 1);
                out[c] = (int8_t)nn_clamp_s32(mean, params->act_min, params->act_max);
            }
            out += w->in_c;
        }
    }
}
