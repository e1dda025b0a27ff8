/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

typedef struct {
    const int8_t *in; /* first tap inside the image, channel 0 */
    int32_t rows, columns;
    int32_t row_step, column_step;
} area;

NN_INLINE area area_at(const hil_nn_window *w, nn_taps rows, int32_t x, const int8_t *in)
{
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, 1, w->k_w, w->in_w);
    area a;
    a.in = in + (rows.start * w->in_w + columns.start) * w->in_c;
    a.rows = rows.end - rows.first;
    a.columns = columns.end - columns.first;
    a.column_step = w->in_c;
    a.row_step = w->in_w * w->in_c;
    return a;
}

NN_INLINE void greatest(const hil_nn_pool_s8_params *params, const area *a, int32_t channel, int8_t *out, const int lanes)
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
            const area a = area_at(w, rows, x, in);
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

void hil_nn_avgpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const area a = area_at(w, rows, x, in);
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
