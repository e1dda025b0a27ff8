/* SPDX-License-Identifier: Apache-2.0
 * int8 weights on float32 data ("dynamic range"): the data is quantised for the time of one layer by the range that it has, the
 * sums are integers, and what comes out is float32 again. Every rounding is where the reference has it. */
#include "nn_internal.h"

typedef struct {
    float scale;
    int32_t zero_point;
} range;

/* Half is added in float32 and the rest cut off, as LiteRT does it: what lies next to a tie may become one. */
NN_INLINE int32_t nearest(float x)
{
    return (int32_t)(x < 0.0f ? x - 0.5f : x + 0.5f);
}

/* Beyond what int8 holds with any zero point, whatever a sum has become. */
NN_INLINE int32_t steps_of(float x)
{
    return x > 500.0f ? 500 : x > -500.0f ? nearest(x) : -500;
}

typedef struct {
    float low, high;
} extremes;

static extremes extremes_of(const float *in, int32_t n)
{
    extremes e = {in[0], in[0]};
    for (int32_t i = 1; i < n; ++i) {
        e.low = in[i] < e.low ? in[i] : e.low;
        e.high = in[i] > e.high ? in[i] : e.high;
    }
    return e;
}

static range to_symmetric(const float *in, int32_t n, int8_t *out)
{
    const extremes e = extremes_of(in, n);
    const float low = e.low < 0.0f ? -e.low : e.low, high = e.high < 0.0f ? -e.high : e.high;
    const float reach = low < high ? high : low;
    range result = {1.0f, 0};
    if (reach > 0.0f) {
        result.scale = reach / 127.0f;
        const float inverse = 127.0f / reach;
        for (int32_t i = 0; i < n; ++i) {
            out[i] = (int8_t)nn_clamp_s32(steps_of(in[i] * inverse), -127, 127);
        }
    } else {
        for (int32_t i = 0; i < n; ++i) {
            out[i] = 0;
        }
    }
    return result;
}

NN_INLINE float size_of(float x)
{
    return x < 0.0f ? -x : x;
}

static range to_asymmetric(const float *in, int32_t n, int8_t *out)
{
    const extremes e = extremes_of(in, n);
    const float low = e.low < 0.0f ? e.low : 0.0f, high = e.high > 0.0f ? e.high : 0.0f;
    range result = {1.0f, 0};
    if (!(low < high)) {
        for (int32_t i = 0; i < n; ++i) {
            out[i] = 0;
        }
        return result;
    }
    const float scale = (high - low) / 255.0f;
    const float from_low = -128.0f - low / scale, from_high = 127.0f - high / scale;
    const float zero = 128.0f + size_of(low / scale) < 127.0f + size_of(high / scale) ? from_low : from_high;
    result.zero_point = zero <= -128.0f ? -128 : zero >= 127.0f ? 127 : nearest(zero);
    result.scale = scale;
    const float inverse = 1.0f / result.scale;
    for (int32_t i = 0; i < n; ++i) {
        out[i] = (int8_t)nn_clamp_s32(steps_of(in[i] * inverse) + result.zero_point, -128, 127);
    }
    return result;
}

void hil_nn_hybrid_dense(const hil_nn_hybrid_dense_params *params, const float *in, const int8_t *weights, const float *bias,
                         const float *scales, int8_t *scratch, float *out)
{
    const int32_t n = params->dense.inputs;
    for (int32_t row = 0; row < params->dense.rows; ++row, in += n) {
        const range r = params->asymmetric ? to_asymmetric(in, n, scratch) : to_symmetric(in, n, scratch);
        const int8_t *w = weights;
        for (int32_t o = 0; o < params->dense.outputs; ++o, w += n) {
            int32_t sum = 0;
            NN_ROLLED
            for (int32_t i = 0; i < n; ++i) {
                sum += (scratch[i] - r.zero_point) * w[i];
            }
            const float scale = scales[params->per_channel ? o : 0] * r.scale;
            const float value = (bias ? bias[o] : 0.0f) + (float)sum * scale;
            *out++ = nn_clamp_f32(value, params->dense.act_min, params->dense.act_max);
        }
    }
}

void hil_nn_hybrid_conv(const hil_nn_hybrid_conv_params *params, const float *in, const int8_t *weights, const float *bias,
                        const float *scales, int8_t *scratch, float *out)
{
    const hil_nn_window *w = &params->conv.window;
    const int32_t n = w->in_h * w->in_w * w->in_c;
    const range r = params->asymmetric ? to_asymmetric(in, n, scratch) : to_symmetric(in, n, scratch);
    const int32_t groups = (int32_t)params->groups, depth = w->in_c / groups, per_group = w->out_c / groups;
    const int32_t filter_step = params->depthwise ? 1 : w->k_h * w->k_w * depth, tap_step = params->depthwise ? w->out_c : depth;
    for (int32_t y = 0; y < w->out_h; ++y) {
        const nn_taps rows = nn_clip(y, w->stride_h, w->pad_top, w->dilation_h, w->k_h, w->in_h);
        for (int32_t x = 0; x < w->out_w; ++x) {
            const nn_taps columns = nn_clip(x, w->stride_w, w->pad_left, w->dilation_w, w->k_w, w->in_w);
            for (int32_t o = 0; o < w->out_c; ++o) {
                int32_t sum = 0;
                for (int32_t i = rows.first, iy = rows.start; i < rows.end; ++i, iy += w->dilation_h) {
                    for (int32_t j = columns.first, ix = columns.start; j < columns.end; ++j, ix += w->dilation_w) {
                        const int8_t *value = scratch + (iy * w->in_w + ix) * w->in_c + o / per_group * depth;
                        const int8_t *weight = weights + o * filter_step + (i * w->k_w + j) * tap_step;
                        for (int32_t c = 0; c < depth; ++c) {
                            sum += (value[c] - r.zero_point) * weight[c];
                        }
                    }
                }
                const int at_once = params->depthwise || !params->asymmetric; /* is the product of the scales formed */
                const float scaled = at_once ? (float)sum * (scales[o] * r.scale) : (float)sum * scales[o] * r.scale;
                *out++ = nn_clamp_f32(bias ? scaled + bias[o] : scaled, params->conv.act_min, params->conv.act_max);
            }
        }
    }
}
