/* SPDX-License-Identifier: Apache-2.0
 * Four neighbouring channels at a time over the whole image. Those of 3 x 3 taps without a multiplier, which are most, by nn_dw_3x3;
 * with a multiplier of 4, 8, ... the four read the same channel, whose value is widened once for them. */
#include "nn_dw_s8.h"

typedef struct {
    const hil_nn_conv_s8_params *params;
    nn_activation activation; /* without the range, which is applied at the end */
    int32_t multiplicity;
    int32_t row_step, tap_step; /* from tap to tap in the image */
    uint32_t offset;            /* in_offset in both halves */
    const int8_t *weights;      /* of the four channels at tap 0 */
    nn_channel channel[NN_QUAD];
} quad;

typedef struct {
    int32_t c0, c1, c2, c3;
} sums;

NN_INLINE int8_t finished(const quad *q, int32_t acc, const nn_channel *c)
{
    if (q->activation == NN_ACT_GENERAL) {
        return (int8_t)nn_clamp_s32(nn_rescale(acc, c->multiplier, -c->exponent) + q->params->out_offset, -128, 127);
    }
    return nn_finish_none(acc, c->multiplier, c->addend, c->exponent);
}

/* One pixel with the taps that lie inside. in and out are at the quad's first channel. */
NN_INLINE void pixel(const quad *q, nn_taps rows, int32_t x, const int8_t *in, int8_t *out, const int same_channel)
{
    const hil_nn_window *w = &q->params->window;
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
    const int8_t *row = in + (rows.start * w->in_w + columns.start) * w->in_c;
    sums s = {q->channel[0].bias, q->channel[1].bias, q->channel[2].bias, q->channel[3].bias};
    for (int32_t i = rows.first; i < rows.end; ++i, row += q->row_step) {
        const int8_t *weight = q->weights + (i * w->k_w + columns.first) * w->out_c;
        const int8_t *at = row;
        NN_ROLLED
        for (int32_t j = columns.end - columns.first; j > 0; --j, weight += w->out_c, at += q->tap_step) {
            const uint32_t x4 = same_channel ? (uint32_t)(uint8_t)*at * 0x10001u : nn_read4(at), w4 = nn_read4(weight);
            const uint32_t even = nn_sxtab16(q->offset, x4), odd = same_channel ? even : nn_sxtab16_odd(q->offset, x4);
            const uint32_t w_even = nn_sxtb16(w4), w_odd = nn_sxtb16_odd(w4);
            s.c0 = nn_smlabb(even, w_even, s.c0);
            s.c1 = nn_smlabb(odd, w_odd, s.c1);
            s.c2 = nn_smlatt(even, w_even, s.c2);
            s.c3 = nn_smlatt(odd, w_odd, s.c3);
        }
    }
    out[0] = finished(q, s.c0, &q->channel[0]);
    out[1] = finished(q, s.c1, &q->channel[1]);
    out[2] = finished(q, s.c2, &q->channel[2]);
    out[3] = finished(q, s.c3, &q->channel[3]);
}

static NN_NOINLINE void one_pixel(const quad *q, nn_taps rows, int32_t x, const int8_t *in, int8_t *out)
{
    pixel(q, rows, x, in, out, 0);
}

static NN_NOINLINE void one_pixel_of_same_channel(const quad *q, nn_taps rows, int32_t x, const int8_t *in, int8_t *out)
{
    pixel(q, rows, x, in, out, 1);
}

static NN_NOINLINE void whole_image(const quad *q, const int8_t *in, int8_t *out, int same_channel)
{
    const hil_nn_window *w = &q->params->window;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x, out += w->out_c) {
            if (same_channel) {
                one_pixel_of_same_channel(q, rows, x, in, out);
            } else {
                one_pixel(q, rows, x, in, out);
            }
        }
    }
}

/* The quad's constants in the form of nn_dw_3x3, all but the weights. */
NN_INLINE nn_dw_job job_of(const quad *q)
{
    const hil_nn_window *w = &q->params->window;
    nn_dw_job job;
    for (int32_t i = 0; i < NN_QUAD; ++i) {
        job.bias[i] = q->channel[i].bias;
        job.scale[i].multiplier = q->channel[i].multiplier;
        job.scale[i].addend = q->channel[i].addend;
        job.scale[i].exponent = q->channel[i].exponent;
    }
    job.tap_step = q->tap_step;
    job.row_step = q->row_step;
    job.offset = q->offset;
    job.next_in = w->stride_h * w->in_w * w->in_c;
    job.next_out = w->out_w * w->out_c;
    return job;
}

/* Those of taps outside `columns` are zero: what is read there does not count. */
static NN_NOINLINE void set_weights(const quad *q, nn_dw_job *job, nn_taps columns)
{
    const int8_t *from = q->weights;
    uint32_t *to = job->weights;
    for (int32_t row = 0; row < 3; ++row) {
        for (int32_t column = 0; column < 3; ++column, from += q->params->window.out_c, to += 2) {
            const uint32_t word = column >= columns.first && column < columns.end ? nn_read4(from) : 0;
            to[0] = nn_sxtb16(word);
            to[1] = nn_sxtb16_odd(word);
        }
    }
}

/* Column by column: all pixels one below the other whose rows of taps lie inside, then the rest. Left and right, taps outside of the
 * image are neighbours in memory; pixels are left out where that would be before its begin or behind its end. */
static NN_NOINLINE void whole_image_3x3(const quad *q, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    nn_dw_job job = job_of(q);
    nn_taps known = {-1, -1, 0};
    for (int32_t x = 0; x < w->out_w; ++x) {
        const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
        const int32_t left = x * w->stride_w - w->pad_left, right = left + 2 * w->dilation_w;
        int32_t top = left < 0 ? 1 - left / w->in_w : 0;                          /* image rows that a pixel's taps may lie in */
        int32_t bottom = w->in_h - 1 - (right >= w->in_w ? right / w->in_w : 0) - 2 * w->dilation_h;
        top = (top + w->pad_top + w->stride_h - 1) / w->stride_h;                 /* now output rows */
        bottom = bottom + w->pad_top < 0 ? 0 : (bottom + w->pad_top) / w->stride_h + 1;
        bottom = bottom < w->out_h ? bottom : w->out_h;
        if (bottom > top) {
            if (columns.first != known.first || columns.end != known.end) {
                set_weights(q, &job, columns);
                known = columns;
            }
            job.in = in + ((top * w->stride_h - w->pad_top) * w->in_w + left) * w->in_c;
            job.out = out + (top * w->out_w + x) * w->out_c;
            job.pixels = bottom - top;
            nn_dw_3x3(&job);
        }
        for (int32_t y = 0; y < w->out_h; ++y) {
            if (y == top && bottom > top) {
                y = bottom - 1;
                continue;
            }
            const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
            one_pixel(q, rows, x, in, out + (y * w->out_w + x) * w->out_c);
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
    const int32_t channels = w->out_c;
    int32_t o = 0;
    quad q;
    q.params = params;
    q.multiplicity = channels / w->in_c;
    q.activation = nn_activation_of(shift, channels, params->out_offset, -128, 127);
    q.row_step = w->dilation_h * w->in_w * w->in_c;
    q.tap_step = w->dilation_w * w->in_c;
    q.offset = nn_pack(params->in_offset, params->in_offset);
    const int same_channel = q.multiplicity % NN_QUAD == 0;
    for (; (q.multiplicity == 1 || same_channel) && o + NN_QUAD <= channels; o += NN_QUAD) {
        q.weights = weights + o;
        for (int32_t i = 0; i < NN_QUAD; ++i) {
            q.channel[i] = nn_channel_at(o + i, bias, multiplier, shift, params->out_offset, q.activation);
        }
        const int8_t *const source = in + o / q.multiplicity;
        if (same_channel || w->k_h != 3 || w->k_w != 3 || q.activation == NN_ACT_GENERAL) {
            whole_image(&q, source, out + o, same_channel);
        } else {
            whole_image_3x3(&q, source, out + o);
        }
    }
    const int32_t quads = o;
    for (; o < channels; ++o) {
        one_channel(params, o, in, weights, bias ? bias[o] : 0, multiplier[o], shift[o], out);
    }
    if (quads > 0 && (params->act_min != -128 || params->act_max != 127)) {
        const int32_t n = w->out_h * w->out_w * channels;
        for (int32_t i = 0; i < n; ++i) {
            out[i] = (int8_t)nn_clamp_s32(out[i], params->act_min, params->act_max);
        }
    }
}
