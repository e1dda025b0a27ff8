/* SPDX-License-Identifier: Apache-2.0
 * The plain convolution, four output channels at a time by nn_dot4_f32. */
#include "nn_vfp.h"

typedef struct {
    const float *in;      /* first tap inside the image */
    const float *weights; /* the same tap of output channel 0 */
    int32_t rows;         /* kernel rows inside the image */
    int32_t in_row_step;
    int32_t weight_row_step;
    int32_t spans;        /* runs of taps that lie side by side in memory, per row */
    int32_t span_length;
    int32_t in_span_step;
} patch;

/* Where output pixel (y, x) reads. Without dilation a kernel row is one run of k_w * in_c values. */
NN_INLINE patch patch_at(const hil_nn_window *w, nn_taps rows, int32_t x, const float *in, const float *weights)
{
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
    const int32_t n_columns = columns.end - columns.first;
    patch p;
    p.in = in + (rows.start * w->in_w + columns.start) * w->in_c;
    p.weights = weights + (rows.first * w->k_w + columns.first) * w->in_c;
    p.rows = n_columns > 0 ? rows.end - rows.first : 0;
    p.in_row_step = w->dilation_h * w->in_w * w->in_c;
    p.weight_row_step = w->k_w * w->in_c;
    p.in_span_step = w->dilation_w * w->in_c;
    p.spans = w->dilation_w == 1 ? 1 : n_columns;
    p.span_length = w->dilation_w == 1 ? n_columns * w->in_c : w->in_c;
    return p;
}

static NN_NOINLINE void channels4(const hil_nn_conv_f32_params *params, const patch *p, int32_t filter_size, const float *weights,
                                  const float *bias, float *out)
{
    nn_floats sums = {0.0f, 0.0f, 0.0f, 0.0f};
    const float *in_row = p->in;
    for (int32_t row = p->rows; row > 0; --row, in_row += p->in_row_step, weights += p->weight_row_step) {
        const float *span = in_row, *w = weights;
        for (int32_t s = p->spans; s > 0; --s, span += p->in_span_step, w += p->span_length) {
            nn_dot4_f32(span, w, filter_size, p->span_length, &sums);
        }
    }
    nn_store4_f32(&sums, bias, params->act_min, params->act_max, out);
}

static NN_NOINLINE void channel(const hil_nn_conv_f32_params *params, const patch *p, const float *weights, float bias, float *out)
{
    float acc = 0.0f;
    const float *in_row = p->in;
    for (int32_t row = p->rows; row > 0; --row, in_row += p->in_row_step, weights += p->weight_row_step) {
        const float *span = in_row, *w = weights;
        for (int32_t s = p->spans; s > 0; --s, span += p->in_span_step, w += p->span_length) {
            NN_ROLLED
            for (int32_t i = 0; i < p->span_length; ++i) {
                acc += span[i] * w[i];
            }
        }
    }
    *out = nn_clamp_f32(acc + bias, params->act_min, params->act_max);
}

void hil_nn_conv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias, float *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t filter_size = w->k_h * w->k_w * w->in_c;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const patch p = patch_at(w, rows, x, in, weights);
            const float *filter = p.weights;
            int32_t o = 0;
            for (; o + NN_LANES <= w->out_c; o += NN_LANES) {
                channels4(params, &p, filter_size, filter, bias ? bias + o : bias, out + o);
                filter += NN_LANES * filter_size;
            }
            for (; o < w->out_c; ++o) {
                channel(params, &p, filter, bias ? bias[o] : 0.0f, out + o);
                filter += filter_size;
            }
            out += w->out_c;
        }
    }
}
