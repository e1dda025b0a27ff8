/* SPDX-License-Identifier: Apache-2.0
 * Each output pixel's patch is gathered once, widened and centred, with zeros outside the image; every filter then is one dot
 * product over contiguous memory. Integer sums do not depend on their order, so the reference's results are kept. */
#include "nn_internal.h"

typedef struct {
    nn_taps rows, columns;
} field;

NN_INLINE int16_t *zeros(int16_t *to, int32_t n)
{
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        to[i] = 0;
    }
    return to + n;
}

NN_INLINE int16_t *centred(int16_t *to, const int8_t *from, int32_t n, int32_t offset)
{
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        to[i] = (int16_t)(from[i] + offset);
    }
    return to + n;
}

/* patch[k_h][k_w][in_c] = in + in_offset at the taps inside the image, 0 at the others. */
static NN_NOINLINE void gather(const hil_nn_conv_s8_params *params, const field *f, const int8_t *in, int16_t *patch)
{
    const hil_nn_window *w = &params->window;
    const int32_t channels = w->in_c;
    const int32_t columns = f->columns.end - f->columns.first;
    const int32_t before = f->columns.first * channels;
    const int32_t after = (w->k_w - f->columns.end) * channels;
    patch = zeros(patch, f->rows.first * w->k_w * channels);
    const int8_t *row = in + (f->rows.start * w->in_w + f->columns.start) * channels;
    for (int32_t i = f->rows.first; i < f->rows.end; ++i, row += w->dilation_h * w->in_w * channels) {
        patch = zeros(patch, before);
        if (w->dilation_w == 1) { /* neighbouring taps are neighbours in memory */
            patch = centred(patch, row, columns * channels, params->in_offset);
        } else {
            for (int32_t j = 0; j < columns; ++j) {
                patch = centred(patch, row + j * w->dilation_w * channels, channels, params->in_offset);
            }
        }
        patch = zeros(patch, after);
    }
    zeros(patch, (w->k_h - f->rows.end) * w->k_w * channels);
}

/* acc[lane] = bias[lane] + patch . filter[lane] for four filters of n taps. A function of its own: all it needs is in registers. */
static NN_NOINLINE void dot4(const int16_t *patch, const int8_t *filter, int32_t n, const int32_t *bias, int32_t acc[NN_LANES])
{
    const int8_t *w0 = filter;
    const int8_t *w1 = w0 + n;
    const int8_t *w2 = w1 + n;
    const int8_t *w3 = w2 + n;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    if (bias) {
        a0 = bias[0];
        a1 = bias[1];
        a2 = bias[2];
        a3 = bias[3];
    }
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        const int32_t value = patch[i];
        a0 += value * w0[i];
        a1 += value * w1[i];
        a2 += value * w2[i];
        a3 += value * w3[i];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static NN_NOINLINE int32_t dot1(const int16_t *patch, const int8_t *filter, int32_t n, int32_t acc)
{
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        acc += patch[i] * filter[i];
    }
    return acc;
}

NN_INLINE int8_t finished(const hil_nn_conv_s8_params *params, int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t scaled = nn_rescale(acc, multiplier, shift) + params->out_offset;
    return (int8_t)nn_clamp_s32(scaled, params->act_min, params->act_max);
}

/* All output channels of one pixel. */
NN_INLINE void pixel(const hil_nn_conv_s8_params *params, const int16_t *patch, int32_t n, const int8_t *filter,
                     const int32_t *bias, const int32_t *multiplier, const int8_t *shift, int8_t *out)
{
    const int32_t channels = params->window.out_c;
    int32_t o = 0;
    for (; o + NN_LANES <= channels; o += NN_LANES) {
        int32_t acc[NN_LANES];
        dot4(patch, filter, n, bias ? bias + o : bias, acc);
        filter += NN_LANES * n;
        NN_ROLLED
        for (int32_t lane = 0; lane < NN_LANES; ++lane) {
            out[o + lane] = finished(params, acc[lane], multiplier[o + lane], shift[o + lane]);
        }
    }
    for (; o < channels; ++o) {
        out[o] = finished(params, dot1(patch, filter, n, bias ? bias[o] : 0), multiplier[o], shift[o]);
        filter += n;
    }
}

void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t n = w->k_h * w->k_w * w->in_c;
    for (int32_t y = 0; y < w->out_h; ++y) {
        field f;
        f.rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            f.columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            gather(params, &f, in, scratch);
            pixel(params, scratch, n, weights, bias, multiplier, shift, out);
            out += w->out_c;
        }
    }
}
