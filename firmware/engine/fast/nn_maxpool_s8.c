/* SPDX-License-Identifier: Apache-2.0
 * Four channels in one word: SSUB8 compares the bytes, SEL picks the greater ones. */
#include "nn_area_s8.h"
#include "nn_dsp.h"

/* Four channels from `in` on. */
NN_INLINE uint32_t greatest4(const nn_area *a, const int8_t *in)
{
    uint32_t best = 0x80808080u;
    for (int32_t y = a->rows; y > 0; --y, in += a->row_step) {
        const int8_t *tap = in;
        NN_ROLLED
        for (int32_t x = a->columns; x > 0; --x, tap += a->column_step) {
            best = nn_max4(best, nn_read4(tap));
        }
    }
    return best;
}

NN_INLINE int32_t greatest1(const nn_area *a, const int8_t *in)
{
    int32_t best = -128;
    for (int32_t y = a->rows; y > 0; --y, in += a->row_step) {
        for (int32_t x = 0; x < a->columns; ++x) {
            const int32_t value = in[x * a->column_step];
            best = value > best ? value : best;
        }
    }
    return best;
}

void hil_nn_maxpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t channels = w->in_c;
    const int clamps = params->act_min != -128 || params->act_max != 127;
    int8_t *const begin = out;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x, out += channels) {
            const nn_area a = nn_area_at(w, rows, x, in);
            int32_t c = 0;
            for (; c + 4 <= channels; c += 4) {
                nn_write4(out + c, greatest4(&a, a.in + c));
            }
            for (; c < channels; ++c) {
                out[c] = (int8_t)greatest1(&a, a.in + c);
            }
        }
    }
    for (int8_t *at = begin; clamps && at != out; ++at) {
        *at = (int8_t)nn_clamp_s32(*at, params->act_min, params->act_max);
    }
}
