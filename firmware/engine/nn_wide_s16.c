/* SPDX-License-Identifier: Apache-2.0
 * int16 data, symmetric (zero point 0), with int8 weights: "16x8". Accumulators are int64, rescaled by the upper 15 bits of the
 * multiplier alone, as the reference does it. */
#include "nn_walk.h"

/* A bias of 64 bits is kept as two words, the lower one first: nothing else in flash is wider than a word. */
NN_INLINE int64_t bias_at(const int32_t *bias, int32_t o)
{
    return bias ? (int64_t)((uint64_t)(uint32_t)bias[2 * o] | (uint64_t)(uint32_t)bias[2 * o + 1] << 32) : 0;
}

void hil_nn_conv_s16(const hil_nn_conv_s16_params *params, const int16_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int16_t *out)
{
    const hil_nn_window *w = &params->window;
    const int32_t groups = (int32_t)params->groups, depth = w->in_c / groups, per_group = w->out_c / groups;
    const int32_t filter_step = params->depthwise ? 1 : w->k_h * w->k_w * depth, tap_step = params->depthwise ? w->out_c : depth;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                int64_t sum = bias_at(bias, o);
                for (int32_t i = rows.first, iy = rows.start; i < rows.end; ++i, iy += w->dilation_h) {
                    for (int32_t j = columns.first, ix = columns.start; j < columns.end; ++j, ix += w->dilation_w) {
                        const int16_t *value = in + (iy * w->in_w + ix) * w->in_c + o / per_group * depth;
                        const int8_t *weight = weights + o * filter_step + (i * w->k_w + j) * tap_step;
                        for (int32_t c = 0; c < depth; ++c) {
                            sum += value[c] * weight[c];
                        }
                    }
                }
                *out++ = (int16_t)nn_clamp_s32(nn_rescale_wide(sum, multiplier[o], shift[o]), params->act_min, params->act_max);
            }
        }
    }
}

/* The nearest integer to x * scale, halves away from zero, in double: the reference's dense layer has no multiplier. `words` holds the
 * bits of the double, the lower ones first. */
NN_INLINE int32_t scaled_once(int64_t x, const int32_t *words)
{
    const uint64_t bits = (uint64_t)(uint32_t)words[0] | (uint64_t)(uint32_t)words[1] << 32;
    double scale;
    __builtin_memcpy(&scale, &bits, sizeof scale);
    const double value = (double)x * scale;
    if (value > 1.0e9 || value < -1.0e9) {
        return value > 0.0 ? 1000000000 : -1000000000; /* beyond what is clamped to */
    }
    const int32_t whole = (int32_t)value;
    const double fraction = value - whole;
    return whole + (fraction >= 0.5) - (fraction <= -0.5);
}

void hil_nn_dense_s16(const hil_nn_dense_s16_params *params, const int16_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *scales, int16_t *out)
{
    const int32_t n = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row, in += n) {
        const int8_t *w = weights;
        for (int32_t o = 0; o < params->outputs; ++o, w += n) {
            int64_t sum = bias_at(bias, o);
            for (int32_t i = 0; i < n; ++i) {
                sum += in[i] * w[i];
            }
            *out++ = (int16_t)nn_clamp_s32(scaled_once(sum, scales + 2 * o), params->act_min, params->act_max);
        }
    }
}

/* Pooling of int16, all taps inside the image. */
typedef struct {
    const int16_t *in;
    int32_t rows, columns, row_step, column_step;
} area;

NN_INLINE area area_at(const hil_nn_window *w, nn_taps rows, int32_t x, const int16_t *in)
{
    const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, 1, w->k_w, w->in_w);
    const area a = {in + (rows.start * w->in_w + columns.start) * w->in_c, rows.end - rows.first, columns.end - columns.first,
                    w->in_w * w->in_c, w->in_c};
    return a;
}

NN_INLINE int32_t greatest_of(const area *a, int32_t c)
{
    int32_t best = INT16_MIN;
    for (int32_t i = 0; i < a->rows; ++i) {
        for (int32_t j = 0; j < a->columns; ++j) {
            const int32_t x = a->in[i * a->row_step + j * a->column_step + c];
            best = x > best ? x : best;
        }
    }
    return best;
}

NN_INLINE int32_t mean_of(const area *a, int32_t c)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < a->rows; ++i) {
        for (int32_t j = 0; j < a->columns; ++j) {
            sum += a->in[i * a->row_step + j * a->column_step + c];
        }
    }
    const int32_t count = a->rows * a->columns;
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

/* The body of a pooling kernel: VALUE of each area and channel. */
#define FOR_AREAS(VALUE)                                                                                     \
    do {                                                                                                     \
        const hil_nn_window *w = &params->window;                                                            \
        for (int32_t y = 0; y < w->out_h; ++y) {                                                             \
            const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, 1, w->k_h, w->in_h);                    \
            for (int32_t x = 0; x < w->out_w; ++x) {                                                         \
                const area a = area_at(w, rows, x, in);                                                      \
                for (int32_t c = 0; c < w->in_c; ++c) {                                                      \
                    *out++ = (int16_t)nn_clamp_s32(VALUE, params->act_min, params->act_max);                 \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    } while (0)

void hil_nn_maxpool_s16(const hil_nn_conv_s16_params *params, const int16_t *in, int16_t *out)
{
    FOR_AREAS(greatest_of(&a, c));
}

void hil_nn_avgpool_s16(const hil_nn_conv_s16_params *params, const int16_t *in, int16_t *out)
{
    FOR_AREAS(mean_of(&a, c));
}

NN_INLINE int32_t sum_of(const hil_nn_add_s8_params *p, int32_t x, int32_t y)
{
    const int32_t scaled_x = nn_rescale(x * (1 << 15), p->a_multiplier, p->a_shift);
    const int32_t scaled_y = nn_rescale(y * (1 << 15), p->b_multiplier, p->b_shift);
    return nn_rescale(scaled_x + p->b_sign * scaled_y, p->out_multiplier, p->out_shift);
}

/* The body of a kernel on pairs: RESULT of each pair's x and y. */
#define FOR_PAIRS(RESULT)                                                                                    \
    do {                                                                                                     \
        const hil_nn_pairs *pairs = &params->pairs;                                                          \
        const int32_t n = (int32_t)pairs->extent[HIL_NN_AXES - 1];                                           \
        nn_row row = {0};                                                                                    \
        do {                                                                                                 \
            for (int32_t i = 0; i < n; ++i) {                                                                \
                const int32_t x = a[row.a + i * pairs->step_a[HIL_NN_AXES - 1]];                             \
                const int32_t y = b[row.b + i * pairs->step_b[HIL_NN_AXES - 1]];                             \
                *out++ = (int16_t)nn_clamp_s32(RESULT, params->act_min, params->act_max);                    \
            }                                                                                                \
        } while (nn_next_row(pairs, &row));                                                                  \
    } while (0)

void hil_nn_add_s16(const hil_nn_add_s8_params *params, const int16_t *a, const int16_t *b, int16_t *out)
{
    FOR_PAIRS(sum_of(params, x, y));
}

void hil_nn_mul_s16(const hil_nn_mul_s8_params *params, const int16_t *a, const int16_t *b, int16_t *out)
{
    FOR_PAIRS(nn_rescale(x * y, params->multiplier, params->shift));
}
