/* SPDX-License-Identifier: Apache-2.0
 * Four neighbouring channels at a time over the whole image: their weights are widened once, their constants stay at hand. */
#include "nn_requant.h"

enum { QUAD = 4, QUAD_TAPS_MAX = 49 }; /* beyond, or with a multiplier, the plain way */

typedef struct {
    const hil_nn_conv_s8_params *params;
    nn_activation activation;
    int32_t row_step, tap_step; /* from tap to tap in the image */
    uint32_t offset;            /* in_offset in both halves */
    nn_channel channel[QUAD];
    uint32_t weights[2 * QUAD_TAPS_MAX]; /* of each tap: channels 0 and 2, channels 1 and 3 */
} quad;

typedef struct {
    int32_t c0, c1, c2, c3;
} sums;

NN_INLINE void tap(const quad *q, const int8_t *x, const uint32_t *w, sums *s)
{
    const uint32_t word = nn_read4(x);
    const uint32_t even = nn_sxtab16(q->offset, word), odd = nn_sxtab16_odd(q->offset, word);
    s->c0 = nn_smlabb(even, w[0], s->c0);
    s->c1 = nn_smlabb(odd, w[1], s->c1);
    s->c2 = nn_smlatt(even, w[0], s->c2);
    s->c3 = nn_smlatt(odd, w[1], s->c3);
}

NN_INLINE void finish(const quad *q, const sums *s, int8_t *out)
{
    const nn_channel *c = q->channel;
    if (q->activation == NN_ACT_RELU) {
        out[0] = nn_finish_relu(s->c0, c[0].multiplier, c[0].addend, c[0].exponent);
        out[1] = nn_finish_relu(s->c1, c[1].multiplier, c[1].addend, c[1].exponent);
        out[2] = nn_finish_relu(s->c2, c[2].multiplier, c[2].addend, c[2].exponent);
        out[3] = nn_finish_relu(s->c3, c[3].multiplier, c[3].addend, c[3].exponent);
        return;
    }
    const int32_t acc[QUAD] = {s->c0, s->c1, s->c2, s->c3};
    for (int i = 0; i < QUAD; ++i) {
        if (q->activation == NN_ACT_NONE) {
            out[i] = nn_finish_none(acc[i], c[i].multiplier, c[i].addend, c[i].exponent);
        } else {
            const int32_t scaled = nn_rescale(acc[i], c[i].multiplier, -c[i].exponent) + q->params->out_offset;
            out[i] = (int8_t)nn_clamp_s32(scaled, q->params->act_min, q->params->act_max);
        }
    }
}

/* A pixel whose taps all lie inside, 3 x 3 of them. x is the first. */
static NN_NOINLINE void run_3x3(const quad *q, const int8_t *x, int32_t pixels, int32_t in_step, int8_t *out, int32_t out_step)
{
    for (; pixels > 0; --pixels, x += in_step, out += out_step) {
        sums s = {q->channel[0].bias, q->channel[1].bias, q->channel[2].bias, q->channel[3].bias};
        const uint32_t *w = q->weights;
        const int8_t *row = x;
        NN_ROLLED
        for (int32_t i = 3; i > 0; --i, row += q->row_step, w += 6) {
            tap(q, row, w, &s);
            tap(q, row + q->tap_step, w + 2, &s);
            tap(q, row + 2 * q->tap_step, w + 4, &s);
        }
        finish(q, &s, out);
    }
}

/* Any pixel. in and out are at the quad's first channel. */
static NN_NOINLINE void one_pixel(const quad *q, nn_taps rows, int32_t x, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
    const int8_t *row = in + (rows.start * w->in_w + columns.start) * w->in_c;
    sums s = {q->channel[0].bias, q->channel[1].bias, q->channel[2].bias, q->channel[3].bias};
    for (int32_t i = rows.first; i < rows.end; ++i, row += q->row_step) {
        const uint32_t *weight = q->weights + 2 * (i * w->k_w + columns.first);
        const int8_t *at = row;
        NN_ROLLED
        for (int32_t j = columns.first; j < columns.end; ++j, weight += 2, at += q->tap_step) {
            tap(q, at, weight, &s);
        }
    }
    finish(q, &s, out);
}

static NN_NOINLINE void whole_image(const quad *q, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    int32_t inner_first = 0, inner_end = 0; /* output columns with all taps inside */
    const int32_t room = w->in_w - (w->k_w - 1) * w->dilation_w - 1 + w->pad_left;
    if (w->k_h == 3 && w->k_w == 3 && room >= 0) {
        inner_first = (w->pad_left + w->stride_w - 1) / w->stride_w;
        inner_end = room / w->stride_w + 1;
        inner_end = inner_end < w->out_w ? inner_end : w->out_w;
    }
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x, out += w->out_c) {
            if (x == inner_first && inner_end > x && rows.end - rows.first == 3) {
                const int32_t pixels = inner_end - inner_first;
                run_3x3(q, in + (rows.start * w->in_w + x * w->stride_w - w->pad_left) * w->in_c, pixels, w->stride_w * w->in_c,
                        out, w->out_c);
                x += pixels - 1;
                out += (pixels - 1) * w->out_c;
            } else {
                one_pixel(q, rows, x, in, out);
            }
        }
    }
}

/* One output channel, the plain way. */
static NN_NOINLINE void one_channel(const hil_nn_conv_s8_params *params, int32_t o, const int8_t *in, const int8_t *weights,
                                    int32_t bias, int32_t multiplier, int32_t shift, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    in += o / (w->out_c / w->in_c);
    weights += o;
    out += o;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x, out += w->out_c) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            int32_t acc = bias;
            for (int32_t i = rows.first, iy = rows.start; i < rows.end; ++i, iy += w->dilation_h) {
                const int8_t *at = in + (iy * w->in_w + columns.start) * w->in_c;
                for (int32_t j = columns.first; j < columns.end; ++j, at += w->dilation_w * w->in_c) {
                    acc += (*at + params->in_offset) * weights[(i * w->k_w + j) * w->out_c];
                }
            }
            const int32_t scaled = nn_rescale(acc, multiplier, shift) + params->out_offset;
            *out = (int8_t)nn_clamp_s32(scaled, params->act_min, params->act_max);
        }
    }
}

void hil_nn_dwconv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t taps = w->k_h * w->k_w, channels = w->out_c;
    int32_t o = 0;
    if (w->in_c == channels && taps <= QUAD_TAPS_MAX) {
        quad q;
        q.params = params;
        q.activation = nn_activation_of(shift, channels, params->out_offset, params->act_min, params->act_max);
        q.row_step = w->dilation_h * w->in_w * w->in_c;
        q.tap_step = w->dilation_w * w->in_c;
        q.offset = nn_pack(params->in_offset, params->in_offset);
        for (; o + QUAD <= channels; o += QUAD) {
            for (int32_t i = 0; i < QUAD; ++i) {
                q.channel[i] = nn_channel_at(o + i, bias, multiplier, shift, params->out_offset, q.activation);
            }
            for (int32_t t = 0; t < taps; ++t) {
                const uint32_t word = nn_read4(weights + t * channels + o);
                q.weights[2 * t] = nn_sxtb16(word);
                q.weights[2 * t + 1] = nn_sxtb16_odd(word);
            }
            whole_image(&q, in + o, out + o);
        }
    }
    for (; o < channels; ++o) {
        one_channel(params, o, in, weights, bias ? bias[o] : 0, multiplier[o], shift[o], out);
    }
}
