/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_area_s8.h"

NN_INLINE void greatest(const hil_nn_pool_s8_params *params, const nn_area *a, int32_t channel, int8_t *out, const int lanes)
{
    int32_t best[NN_LANES];
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        best[lane] = -128;
    }
    const int8_t *row = a->in + channel;
    for (int32_t y = 0; y < a->rows; ++y) {
        const int8_t *tap = row;
        for (int32_t x = 0; x < a->columns; ++x) {
            NN_UNROLL
            for (int lane = 0; lane < lanes; ++lane) {
                best[lane] = tap[lane] > best[lane] ? tap[lane] : best[lane];
            }
            tap += a->column_step;
        }
        row += a->row_step;
    }
    NN_UNROLL
    for (int lane = 0; lane < lanes; ++lane) {
        out[lane] = (int8_t)nn_clamp_s32(best[lane], params->act_min, params->act_max);
    }
}

void hil_nn_maxpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_area a = nn_area_at(w, rows, x, in);
            int32_t c = 0;
            for (; c + NN_LANES <= w->in_c; c += NN_LANES) {
                greatest(params, &a, c, out + c, NN_LANES);
            }
            for (; c < w->in_c; ++c) {
                greatest(params, &a, c, out + c, 1);
            }
            out += w->in_c;
        }
    }
}
