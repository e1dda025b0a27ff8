/* SPDX-License-Identifier: Apache-2.0
 * A block of output pixels is gathered, widened and centred; then each four filters, widened once for the block, run over the pairs
 * of pixels. A value of a filter serves two products, one of a pixel four; what depends on the filters alone is paid once per block.
 * A block of two pixels is for where memory is dear: two filters at a time, widened as they are used. */
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
        to[2] = 0;
    }
    return to;
}

NN_INLINE uint32_t *widened_group(uint32_t *to, const int8_t *from, uint32_t offset)
{
    const uint32_t word = nn_read4(from);
    to[0] = nn_sxtab16(offset, word);
    to[2] = nn_sxtab16_odd(offset, word);
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

/* Four filters to one run of groups; behind their last value, zeros. */
NN_INLINE void widen_filters(const int8_t *const filter[NN_FILTERS], int32_t taps, uint32_t *to)
{
    const int32_t groups = taps / NN_GROUP, rest = taps % NN_GROUP;
    if (groups > 0) {
        nn_widen_4(filter, groups, to);
        to += groups * NN_FILTER_WORDS;
    }
    for (int32_t lane = 0; rest > 0 && lane < NN_FILTERS; ++lane) {
        const uint32_t word = nn_read_some(filter[lane] + groups * NN_GROUP, rest);
        to[lane] = nn_sxtb16(word);
        to[NN_FILTERS + lane] = nn_sxtb16_odd(word);
    }
}

NN_INLINE int8_t finished(int32_t acc, const nn_channel *c, int32_t out_offset, nn_activation activation)
{
    return activation == NN_ACT_GENERAL ? (int8_t)nn_clamp_s32(nn_rescale(acc, c->multiplier, -c->exponent) + out_offset, -128, 127)
                                        : nn_finish_none(acc, c->multiplier, c->addend, c->exponent);
}

/* The sweep for any shifts and fewer than four filters, and for any machine. */
static NN_NOINLINE void sweep_any(const nn_sweep *job, int32_t lanes, int32_t out_offset, nn_activation activation)
{
    const uint32_t *x = job->patches;
    int8_t *out = job->out;
    for (int32_t pair = job->pairs; pair > 0; --pair, x += job->groups * NN_PAIR_WORDS, out += 2 * job->next_pixel) {
        for (int32_t lane = 0; lane < lanes; ++lane) {
            for (int32_t pixel = 0; pixel < 2; ++pixel) {
                int32_t acc = job->bias[lane];
                for (int32_t g = 0; g < job->groups; ++g) {
                    const uint32_t *p = x + g * NN_PAIR_WORDS + pixel, *f = job->filters + g * NN_FILTER_WORDS + lane;
                    acc = nn_smlad(p[2], f[NN_FILTERS], nn_smlad(p[0], f[0], acc));
                }
                const nn_channel c = {0, job->scale[lane].multiplier, job->scale[lane].addend, job->scale[lane].exponent};
                out[pixel * job->next_pixel + lane] = finished(acc, &c, out_offset, activation);
            }
        }
    }
}

/* Two filters over a pair of patches, widened as they are used. acc: by filter, then pixel. */
static NN_NOINLINE void pair_of_filters(const uint32_t *x, const int8_t *const filter[2], const int32_t bias[2], int32_t taps, int32_t acc[4])
{
    const int8_t *f0 = filter[0], *f1 = filter[1];
    int32_t a00 = bias[0], a01 = bias[0], a10 = bias[1], a11 = bias[1];
    NN_ROLLED
    for (; taps >= NN_GROUP; taps -= NN_GROUP, f0 += NN_GROUP, f1 += NN_GROUP, x += NN_PAIR_WORDS) {
        const uint32_t w0 = nn_read4(f0), w1 = nn_read4(f1);
        const uint32_t even0 = nn_sxtb16(w0), odd0 = nn_sxtb16_odd(w0), even1 = nn_sxtb16(w1), odd1 = nn_sxtb16_odd(w1);
        a00 = nn_smlad(x[2], odd0, nn_smlad(x[0], even0, a00));
        a01 = nn_smlad(x[3], odd0, nn_smlad(x[1], even0, a01));
        a10 = nn_smlad(x[2], odd1, nn_smlad(x[0], even1, a10));
        a11 = nn_smlad(x[3], odd1, nn_smlad(x[1], even1, a11));
    }
    if (taps > 0) {
        const uint32_t w0 = nn_read_some(f0, taps), w1 = nn_read_some(f1, taps);
        a00 = nn_smlad(x[2], nn_sxtb16_odd(w0), nn_smlad(x[0], nn_sxtb16(w0), a00));
        a01 = nn_smlad(x[3], nn_sxtb16_odd(w0), nn_smlad(x[1], nn_sxtb16(w0), a01));
        a10 = nn_smlad(x[2], nn_sxtb16_odd(w1), nn_smlad(x[0], nn_sxtb16(w1), a10));
        a11 = nn_smlad(x[3], nn_sxtb16_odd(w1), nn_smlad(x[1], nn_sxtb16(w1), a11));
    }
    acc[0] = a00;
    acc[1] = a01;
    acc[2] = a10;
    acc[3] = a11;
}

/* All filters over a pair of patches, of which the second may count for nothing. */
static NN_NOINLINE void one_pair(const hil_nn_conv_s8_params *params, const uint32_t *patches, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multiplier, const int8_t *shift, nn_activation activation, int32_t count, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t taps = w->k_h * w->k_w * w->in_c, channels = w->out_c;
    for (int32_t next = 0; next < channels; next += 2) {
        const int32_t o = next + 1 < channels || next == 0 ? next : next - 1; /* the last two may overlap those before */
        const int32_t at[2] = {o, o + 1 < channels ? o + 1 : o};
        const int8_t *const filter[2] = {weights + at[0] * taps, weights + at[1] * taps};
        const int32_t biases[2] = {bias ? bias[at[0]] : 0, bias ? bias[at[1]] : 0};
        int32_t acc[4];
        pair_of_filters(patches, filter, biases, taps, acc);
        for (int32_t i = 0; i < 2; ++i) {
            const nn_channel c = nn_channel_at(at[i], bias, multiplier, shift, params->out_offset, activation);
            for (int32_t pixel = 0; pixel < count; ++pixel) {
                out[pixel * channels + at[i]] = finished(acc[2 * i + pixel], &c, params->out_offset, activation);
            }
        }
    }
}

static void swept(nn_sweep *job, int32_t lanes, int32_t out_offset, nn_activation activation)
{
#if NN_HAS_DSP
    if (lanes == NN_FILTERS && activation != NN_ACT_GENERAL) {
        nn_sweep_4x2(job);
        return;
    }
#endif
    sweep_any(job, lanes, out_offset, activation);
}

void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t taps = w->k_h * w->k_w * w->in_c;
    const int32_t groups = (taps + NN_GROUP - 1) / NN_GROUP;
    const int32_t pixels = w->out_h * w->out_w, channels = w->out_c;
    /* Whatever range there is, it lies within int8's: it is applied afterwards. */
    const nn_activation activation = nn_activation_of(shift, channels, params->out_offset, -128, 127);
    const int32_t lanes = channels < NN_FILTERS ? channels : NN_FILTERS;
    const int clamps = params->act_min != -128 || params->act_max != 127;
    uint32_t *const filters = (uint32_t *)(void *)scratch;
    const int frugal = params->block == 2;
    uint32_t *const patches = frugal ? filters : filters + groups * NN_FILTER_WORDS;
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
                gather(&s, rows, x, patch + 1); /* alone, it is its own partner */
            }
            patch += p % 2 ? groups * NN_PAIR_WORDS - 1 : 1;
            if (++x == w->out_w) {
                x = 0;
                ++y;
                rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
            }
        }
        if (frugal) {
            one_pair(params, patches, weights, bias, multiplier, shift, activation, count, out);
        }
        for (int32_t next = 0; !frugal && next < channels; next += NN_FILTERS) {
            const int32_t o = next + lanes > channels ? channels - lanes : next; /* the last four may overlap those before */
            nn_sweep job;
            const int8_t *filter[NN_FILTERS];
            for (int32_t lane = 0; lane < NN_FILTERS; ++lane) {
                const int32_t at = o + (lane < lanes ? lane : lanes - 1);
                const nn_channel c = nn_channel_at(at, bias, multiplier, shift, params->out_offset, activation);
                filter[lane] = weights + at * taps;
                job.bias[lane] = c.bias;
                job.scale[lane].multiplier = c.multiplier;
                job.scale[lane].addend = c.addend;
                job.scale[lane].exponent = c.exponent;
            }
            widen_filters(filter, taps, filters);
            job.filters = filters;
            job.groups = groups;
            if (count > 1) {
                job.patches = patches;
                job.out = out + o;
                job.next_pixel = channels;
                job.pairs = count / 2;
                swept(&job, lanes, params->out_offset, activation);
            }
            if (count % 2) {
                job.patches = patches + count / 2 * groups * NN_PAIR_WORDS;
                job.out = out + (count - 1) * channels + o;
                job.next_pixel = 0;
                job.pairs = 1;
                swept(&job, lanes, params->out_offset, activation);
            }
        }
        int8_t *const end = out + count * channels;
        for (; clamps && out != end; ++out) {
            *out = (int8_t)nn_clamp_s32(*out, params->act_min, params->act_max);
        }
        out = end;
    }
}
