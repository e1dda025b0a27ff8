/* SPDX-License-Identifier: Apache-2.0
 * A block of output pixels is gathered, widened and centred; then each pair of filters, widened once for the block, runs over the
 * pairs of pixels. Each value loaded serves two products, and what depends on the filters alone is paid once per block. */
#include "nn_dot_s8.h"
#include "nn_requant.h"

typedef struct {
    const hil_nn_conv_s8_params *params;
    const int8_t *in;
    int8_t *bytes; /* one patch before it is widened */
    int32_t groups;
    uint32_t offset;                   /* in_offset in both halves */
    int32_t run;                       /* values of one kernel row, which lie side by side if columns are not dilated */
    int32_t inner_first, inner_end;    /* output columns whose taps all lie inside the image and side by side */
} source;

NN_INLINE int8_t *filled(int8_t *to, int32_t n, int8_t value)
{
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        to[i] = value;
    }
    return to + n;
}

NN_INLINE int8_t *copied(int8_t *to, const int8_t *from, int32_t n)
{
    int8_t *const end = to + n;
    if (n < NN_GROUP) {
        NN_ROLLED
        for (int32_t i = 0; i < n; ++i) {
            to[i] = from[i];
        }
        return end;
    }
    const uint32_t last = nn_read4(from + n - NN_GROUP); /* overlaps the words before it: shorter than a loop over bytes */
    NN_ROLLED
    for (; end - to > NN_GROUP; to += NN_GROUP, from += NN_GROUP) {
        nn_write4(to, nn_read4(from));
    }
    nn_write4(end - NN_GROUP, last);
    return end;
}

NN_INLINE uint32_t *no_groups(uint32_t *to, int32_t groups)
{
    NN_ROLLED
    for (; groups > 0; --groups, to += NN_PAIR_WORDS) {
        to[0] = 0;
        to[1] = 0;
    }
    return to;
}

NN_INLINE uint32_t *widened_group(uint32_t *to, const int8_t *from, uint32_t offset)
{
    const uint32_t word = nn_read4(from);
    to[0] = nn_sxtab16(offset, word);
    to[1] = nn_sxtab16_odd(offset, word);
    return to + NN_PAIR_WORDS;
}

/* n values, a multiple of a group, into every other half of the pair's groups. */
NN_INLINE uint32_t *widened(uint32_t *to, const int8_t *from, int32_t n, uint32_t offset)
{
    NN_ROLLED
    for (; n >= 4 * NN_GROUP; n -= 4 * NN_GROUP, from += 4 * NN_GROUP) {
        NN_UNROLL
        for (int32_t g = 0; g < 4; ++g) {
            to = widened_group(to, from + g * NN_GROUP, offset);
        }
    }
    NN_ROLLED
    for (; n > 0; n -= NN_GROUP, from += NN_GROUP) {
        to = widened_group(to, from, offset);
    }
    return to;
}

/* A patch of which no column is outside the image. */
static NN_NOINLINE void gather_inner(const source *s, nn_taps rows, int32_t x, uint32_t *to)
{
    const hil_nn_window *w = &s->params->window;
    const int32_t run = s->run, above = rows.first * run, below = (w->k_h - rows.end) * run;
    const int32_t row_step = w->dilation_h * w->in_w * w->in_c;
    const int8_t *row = s->in + (rows.start * w->in_w + x * w->stride_w - w->pad_left) * w->in_c;
    int32_t n_rows = rows.end - rows.first;
    if (run % NN_GROUP == 0) {
        to = no_groups(to, above / NN_GROUP);
        for (; n_rows > 0; --n_rows, row += row_step) {
            to = widened(to, row, run, s->offset);
        }
        no_groups(to, below / NN_GROUP);
        return;
    }
    const int8_t zero_point = (int8_t)-s->params->in_offset;
    int8_t *bytes = filled(s->bytes, above, zero_point);
    for (; n_rows > 0; --n_rows, row += row_step) {
        bytes = copied(bytes, row, run);
    }
    filled(bytes, below, zero_point);
    widened(to, s->bytes, s->groups * NN_GROUP, s->offset);
}

/* Any patch. */
static NN_NOINLINE void gather_outer(const source *s, nn_taps rows, int32_t x, uint32_t *to)
{
    const hil_nn_window *w = &s->params->window;
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
    const int32_t channels = w->in_c, tap_step = w->dilation_w * channels, n_columns = columns.end - columns.first;
    const int8_t *row = s->in + (rows.start * w->in_w + columns.start) * channels;
    const int8_t zero_point = (int8_t)-s->params->in_offset;
    int8_t *bytes = filled(s->bytes, rows.first * s->run, zero_point);
    for (int32_t i = rows.first; i < rows.end; ++i, row += w->dilation_h * w->in_w * channels) {
        bytes = filled(bytes, columns.first * channels, zero_point);
        if (w->dilation_w == 1) {
            bytes = copied(bytes, row, n_columns * channels);
        } else {
            for (int32_t j = 0; j < n_columns; ++j) {
                bytes = copied(bytes, row + j * tap_step, channels);
            }
        }
        bytes = filled(bytes, (w->k_w - columns.end) * channels, zero_point);
    }
    filled(bytes, (w->k_h - rows.end) * s->run, zero_point);
    widened(to, s->bytes, s->groups * NN_GROUP, s->offset);
}

/* The patch of output column x to one half of a pair. */
NN_INLINE void gather(const source *s, nn_taps rows, int32_t x, uint32_t *to)
{
    if (x >= s->inner_first && x < s->inner_end) {
        gather_inner(s, rows, x, to);
    } else {
        gather_outer(s, rows, x, to);
    }
}

/* Two filters to one run of groups; behind their last value, zeros. */
static NN_NOINLINE void widen_filters(const int8_t *f0, const int8_t *f1, int32_t taps, uint32_t *to)
{
    for (; taps >= NN_GROUP; taps -= NN_GROUP, f0 += NN_GROUP, f1 += NN_GROUP, to += NN_PAIR_WORDS) {
        const uint32_t a = nn_read4(f0), b = nn_read4(f1);
        to[0] = nn_sxtb16(a);
        to[1] = nn_sxtb16(b);
        to[2] = nn_sxtb16_odd(a);
        to[3] = nn_sxtb16_odd(b);
    }
    if (taps > 0) {
        const uint32_t a = nn_read_some(f0, taps), b = nn_read_some(f1, taps);
        to[0] = nn_sxtb16(a);
        to[1] = nn_sxtb16(b);
        to[2] = nn_sxtb16_odd(a);
        to[3] = nn_sxtb16_odd(b);
    }
}

static int8_t finish_general(const hil_nn_conv_s8_params *params, int32_t acc, const nn_channel *c)
{
    const int32_t scaled = nn_rescale(acc, c->multiplier, -c->exponent) + params->out_offset;
    return (int8_t)nn_clamp_s32(scaled, params->act_min, params->act_max);
}

/* Two filters over `pairs` pairs of patches. out is the first pixel's place for filter 0; filter 1's is `next_filter` further on,
 * the second pixel's `next_pixel`. */
static NN_NOINLINE void sweep(const source *s, const uint32_t *patches, const uint32_t *filters, const nn_channel channel[2],
                              nn_activation activation, int32_t pairs, int8_t *out, int32_t next_filter, int32_t next_pixel)
{
    const nn_channel c0 = channel[0], c1 = channel[1];
    do {
        nn_sums sums = {c0.bias, c0.bias, c1.bias, c1.bias};
        patches = nn_dot_2x2(patches, filters, s->groups, &sums);
        int8_t *second = out + next_pixel;
        if (activation == NN_ACT_RELU) {
            out[0] = nn_finish_relu(sums.f0p0, c0.multiplier, c0.addend, c0.exponent);
            second[0] = nn_finish_relu(sums.f0p1, c0.multiplier, c0.addend, c0.exponent);
            out[next_filter] = nn_finish_relu(sums.f1p0, c1.multiplier, c1.addend, c1.exponent);
            second[next_filter] = nn_finish_relu(sums.f1p1, c1.multiplier, c1.addend, c1.exponent);
        } else if (activation == NN_ACT_NONE) {
            out[0] = nn_finish_none(sums.f0p0, c0.multiplier, c0.addend, c0.exponent);
            second[0] = nn_finish_none(sums.f0p1, c0.multiplier, c0.addend, c0.exponent);
            out[next_filter] = nn_finish_none(sums.f1p0, c1.multiplier, c1.addend, c1.exponent);
            second[next_filter] = nn_finish_none(sums.f1p1, c1.multiplier, c1.addend, c1.exponent);
        } else {
            out[0] = finish_general(s->params, sums.f0p0, &c0);
            second[0] = finish_general(s->params, sums.f0p1, &c0);
            out[next_filter] = finish_general(s->params, sums.f1p0, &c1);
            second[next_filter] = finish_general(s->params, sums.f1p1, &c1);
        }
        out = second + next_pixel;
    } while (--pairs > 0);
}

void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t taps = w->k_h * w->k_w * w->in_c;
    const int32_t groups = (taps + NN_GROUP - 1) / NN_GROUP;
    const int32_t pixels = w->out_h * w->out_w, channels = w->out_c;
    const nn_activation activation = nn_activation_of(shift, channels, params->out_offset, params->act_min, params->act_max);
    uint32_t *const filters = (uint32_t *)(void *)scratch;
    uint32_t *const patches = filters + groups * NN_PAIR_WORDS;
    source s = {params, in, (int8_t *)(patches + params->block / 2 * groups * NN_PAIR_WORDS), groups,
                nn_pack(params->in_offset, params->in_offset), w->k_w * w->in_c, 0, 0};
    if (w->dilation_w == 1 || w->k_w == 1) {
        const int32_t room = w->in_w - w->k_w + w->pad_left; /* the last place of the window, from the padding's edge */
        s.inner_first = (w->pad_left + w->stride_w - 1) / w->stride_w;
        s.inner_end = room < 0 ? 0 : room / w->stride_w + 1;
    }
    for (int32_t i = taps; i < groups * NN_GROUP; ++i) {
        s.bytes[i] = 0; /* meets weights of zero, but must be a number */
    }
    int32_t y = 0, x = 0;
    nn_taps rows = nn_clip(0, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
    for (int32_t first = 0; first < pixels; first += params->block) {
        const int32_t count = pixels - first < params->block ? pixels - first : params->block;
        uint32_t *patch = patches;
        for (int32_t p = 0; p < count; ++p) {
            gather(&s, rows, x, patch);
            if (p % 2 == 0 && p + 1 == count) {
                gather(&s, rows, x, patch + 2); /* alone, it is its own partner */
            }
            patch += p % 2 ? groups * NN_PAIR_WORDS - 2 : 2;
            if (++x == w->out_w) {
                x = 0;
                ++y;
                rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
            }
        }
        for (int32_t o = 0; o < channels; o += 2) {
            const int32_t both = o + 1 < channels; /* else the last filter is taken twice */
            const nn_channel channel[2] = {nn_channel_at(o, bias, multiplier, shift, params->out_offset, activation),
                                           nn_channel_at(o + both, bias, multiplier, shift, params->out_offset, activation)};
            widen_filters(weights + o * taps, weights + (o + both) * taps, taps, filters);
            if (count > 1) {
                sweep(&s, patches, filters, channel, activation, count / 2, out + o, both, channels);
            }
            if (count % 2) {
                sweep(&s, patches + count / 2 * groups * NN_PAIR_WORDS, filters, channel, activation, 1, out + (count - 1) * channels + o,
                      both, 0);
            }
        }
        out += count * channels;
    }
}
