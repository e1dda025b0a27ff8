/* SPDX-License-Identifier: Apache-2.0
 * Four neighbouring output channels at a time. What they read of the image is gathered for a tile of output pixels, four bytes side by
 * side and with the padding around it: so no pixel is at an edge, any multiplier looks alike, and the output may take the image's
 * place. 3 x 3 taps, which are most, by nn_dw_3x3. */
#include "nn_dw_s8.h"

typedef struct {
    const hil_nn_conv_s8_params *params;
    nn_activation activation; /* without the range, which is applied at the end */
    uint32_t offset;          /* in_offset in both halves */
    const int8_t *in;         /* the image from the first of the four's channel on */
    int32_t source[NN_QUAD];  /* from there to the channel of each */
    const int8_t *weights;    /* of the four channels at tap 0 */
    nn_channel channel[NN_QUAD];
} quad;

/* Output pixels, and the place in the image of the first value gathered for them. */
typedef struct {
    int32_t rows, columns;
    int32_t top, left;
    int32_t in_rows, in_columns; /* gathered */
} tile;

NN_INLINE tile tile_at(const hil_nn_window *w, int32_t y, int32_t x, int32_t rows, int32_t columns)
{
    tile t;
    t.rows = y + rows < w->out_h ? rows : w->out_h - y;
    t.columns = x + columns < w->out_w ? columns : w->out_w - x;
    t.top = y * w->stride_h - w->pad_top;
    t.left = x * w->stride_w - w->pad_left;
    t.in_rows = (t.rows - 1) * w->stride_h + (w->k_h - 1) * w->dilation_h + 1;
    t.in_columns = (t.columns - 1) * w->stride_w + (w->k_w - 1) * w->dilation_w + 1;
    return t;
}

NN_INLINE int8_t *padded(int8_t *to, int32_t n, uint32_t word)
{
    NN_ROLLED
    for (; n > 0; --n, to += NN_QUAD) {
        nn_write4(to, word);
    }
    return to;
}

static NN_NOINLINE void gather(const quad *q, const tile *t, int8_t *to)
{
    const hil_nn_window *w = &q->params->window;
    const uint32_t zero = (uint32_t)(uint8_t)-q->params->in_offset * 0x01010101u;
    const int32_t before = t->left < 0 ? (-t->left < t->in_columns ? -t->left : t->in_columns) : 0;
    const int32_t room = w->in_w - (t->left + before);
    const int32_t inside = room < 0 ? 0 : room < t->in_columns - before ? room : t->in_columns - before;
    const int32_t step = w->in_c, s1 = q->source[1], s2 = q->source[2], s3 = q->source[3];
    for (int32_t y = t->top; y < t->top + t->in_rows; ++y) {
        if (y < 0 || y >= w->in_h) {
            to = padded(to, t->in_columns, zero);
            continue;
        }
        const int8_t *from = q->in + (y * w->in_w + t->left + before) * step;
        to = padded(to, before, zero);
        int8_t *const end = to + inside * NN_QUAD;
        if (s1 == 1 && s2 == 2 && s3 == 3) {
            NN_ROLLED
            for (; to != end; to += NN_QUAD, from += step) {
                nn_write4(to, nn_read4(from));
            }
        }
        NN_ROLLED
        for (; to != end; to += NN_QUAD, from += step) {
            to[0] = from[0];
            to[1] = from[s1];
            to[2] = from[s2];
            to[3] = from[s3];
        }
        to = padded(to, t->in_columns - before - inside, zero);
    }
}

NN_INLINE int8_t finished(const quad *q, int32_t acc, const nn_channel *c)
{
    if (q->activation == NN_ACT_GENERAL) {
        return (int8_t)nn_clamp_s32(nn_rescale(acc, c->multiplier, -c->exponent) + q->params->out_offset, -128, 127);
    }
    return nn_finish_none(acc, c->multiplier, c->addend, c->exponent);
}

/* One pixel of any number of taps; `in` is at its first. */
static NN_NOINLINE void pixel(const quad *q, const int8_t *in, int32_t in_columns, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    const int8_t *weight = q->weights;
    int32_t c0 = q->channel[0].bias, c1 = q->channel[1].bias, c2 = q->channel[2].bias, c3 = q->channel[3].bias;
    for (int32_t i = w->k_h; i > 0; --i, in += w->dilation_h * in_columns * NN_QUAD) {
        const int8_t *at = in;
        NN_ROLLED
        for (int32_t j = w->k_w; j > 0; --j, weight += w->out_c, at += w->dilation_w * NN_QUAD) {
            const uint32_t x4 = nn_read4(at), w4 = nn_read4(weight);
            const uint32_t even = nn_sxtab16(q->offset, x4), odd = nn_sxtab16_odd(q->offset, x4);
            const uint32_t w_even = nn_sxtb16(w4), w_odd = nn_sxtb16_odd(w4);
            c0 = nn_smlabb(even, w_even, c0);
            c1 = nn_smlabb(odd, w_odd, c1);
            c2 = nn_smlatt(even, w_even, c2);
            c3 = nn_smlatt(odd, w_odd, c3);
        }
    }
    out[0] = finished(q, c0, &q->channel[0]);
    out[1] = finished(q, c1, &q->channel[1]);
    out[2] = finished(q, c2, &q->channel[2]);
    out[3] = finished(q, c3, &q->channel[3]);
}

static NN_NOINLINE void pixels(const quad *q, const tile *t, const int8_t *in, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    for (int32_t y = 0; y < t->rows; ++y) {
        for (int32_t x = 0; x < t->columns; ++x) {
            pixel(q, in + (y * w->stride_h * t->in_columns + x * w->stride_w) * NN_QUAD, t->in_columns, out + (y * w->out_w + x) * w->out_c);
        }
    }
}

/* Along the longer side of the tile. */
NN_INLINE void pixels_3x3(const hil_nn_window *w, nn_dw_job *job, const tile *t, const int8_t *in, int8_t *out)
{
    const int32_t in_right = w->stride_w * NN_QUAD, in_down = w->stride_h * t->in_columns * NN_QUAD;
    const int32_t out_right = w->out_c, out_down = w->out_w * w->out_c;
    const int down = t->rows > t->columns;
    job->row_step = w->dilation_h * t->in_columns * NN_QUAD;
    job->next_in = down ? in_down : in_right;
    job->next_out = down ? out_down : out_right;
    const int32_t runs = down ? t->columns : t->rows, length = down ? t->rows : t->columns;
    for (int32_t i = 0; i < runs; ++i) {
        job->in = in + i * (down ? in_right : in_down);
        job->out = out + i * (down ? out_right : out_down);
        job->pixels = length;
        nn_dw_3x3(job);
    }
}

/* The quad's constants in the form of nn_dw_3x3. */
NN_INLINE void set_job(const quad *q, nn_dw_job *job)
{
    const hil_nn_window *w = &q->params->window;
    for (int32_t i = 0; i < NN_QUAD; ++i) {
        job->bias[i] = q->channel[i].bias;
        job->scale[i].multiplier = q->channel[i].multiplier;
        job->scale[i].addend = q->channel[i].addend;
        job->scale[i].exponent = q->channel[i].exponent;
    }
    const int8_t *from = q->weights;
    for (int32_t tap = 0; tap < NN_DW_TAPS; ++tap, from += w->out_c) {
        const uint32_t word = nn_read4(from);
        job->weights[2 * tap] = nn_sxtb16(word);
        job->weights[2 * tap + 1] = nn_sxtb16_odd(word);
    }
    job->tap_step = w->dilation_w * NN_QUAD;
    job->offset = q->offset;
}

static NN_NOINLINE void four_channels(const quad *q, int8_t *scratch, int8_t *out)
{
    const hil_nn_window *w = &q->params->window;
    const int32_t block = q->params->block;
    const int32_t rows = block > w->out_w ? block / w->out_w : 1, columns = block < w->out_w ? block : w->out_w;
    const int by_nine = w->k_h == 3 && w->k_w == 3 && q->activation != NN_ACT_GENERAL;
    nn_dw_job job;
    if (by_nine) {
        set_job(q, &job);
    }
    for (int32_t y = 0; y < w->out_h; y += rows) {
        for (int32_t x = 0; x < w->out_w; x += columns) {
            const tile t = tile_at(w, y, x, rows, columns);
            int8_t *const to = out + (y * w->out_w + x) * w->out_c;
            gather(q, &t, scratch);
            if (by_nine) {
                pixels_3x3(w, &job, &t, scratch, to);
            } else {
                pixels(q, &t, scratch, to);
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
                      const int32_t *multiplier, const int8_t *shift, int8_t *scratch, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t channels = w->out_c, multiplicity = channels / w->in_c;
    int32_t o = 0;
    quad q;
    q.params = params;
    q.activation = nn_activation_of(shift, channels, params->out_offset, -128, 127);
    q.offset = nn_pack(params->in_offset, params->in_offset);
    for (; o + NN_QUAD <= channels; o += NN_QUAD) {
        q.in = in + o / multiplicity;
        q.weights = weights + o;
        for (int32_t i = 0; i < NN_QUAD; ++i) {
            q.source[i] = (o + i) / multiplicity - o / multiplicity;
            q.channel[i] = nn_channel_at(o + i, bias, multiplier, shift, params->out_offset, q.activation);
        }
        four_channels(&q, scratch, out + o);
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
