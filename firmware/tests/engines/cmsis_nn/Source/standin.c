/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see arm_nnfunctions.h. */
#include <stddef.h>

#include "arm_nnfunctions.h"

static int32_t divided(int64_t n, int32_t bits) {
    const int64_t d = (int64_t)1 << bits;
    return (int32_t)(n >= 0 ? (n + d / 2) / d : -((-n + d / 2) / d));
}

/* gemmlowp's: doubling high multiplication, then a rounding shift. */
static int32_t rescaled(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int64_t product = (int64_t)x * (1 << left) * multiplier;
    const int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
    return divided((product + nudge) / ((int64_t)1 << 31), left - shift);
}

static int8_t clamped(int32_t x, const cmsis_nn_activation *a) {
    return (int8_t)(x < a->min ? a->min : x > a->max ? a->max : x);
}

int32_t arm_convolve_wrapper_s8_get_buffer_size(const cmsis_nn_conv_params *conv_params, const cmsis_nn_dims *input_dims,
                                                const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims) {
    (void)conv_params;
    (void)input_dims;
    (void)output_dims;
    return 4 * filter_dims->h * filter_dims->w * filter_dims->c;
}

/* Sum over the taps inside the image for one output value; `step` input channels, the first `in_c`-th of them `from`. */
static int32_t window_sum(const cmsis_nn_tile *stride, const cmsis_nn_tile *padding, const cmsis_nn_tile *dilation,
                          int32_t offset, const cmsis_nn_dims *in, const int8_t *x, const cmsis_nn_dims *k, int32_t from,
                          int32_t channels, const int8_t *weights, int32_t tap_step, int32_t oy, int32_t ox) {
    int32_t sum = 0;
    for (int32_t i = 0; i < k->h; i++) {
        for (int32_t j = 0; j < k->w; j++) {
            const int32_t iy = oy * stride->h - padding->h + i * dilation->h;
            const int32_t ix = ox * stride->w - padding->w + j * dilation->w;
            for (int32_t c = 0; c < channels && iy >= 0 && iy < in->h && ix >= 0 && ix < in->w; c++) {
                sum += (x[(iy * in->w + ix) * in->c + from + c] + offset) * weights[(i * k->w + j) * tap_step + c];
            }
        }
    }
    return sum;
}

arm_cmsis_nn_status arm_convolve_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_conv_params *p,
                                            const cmsis_nn_per_channel_quant_params *quant, const cmsis_nn_dims *in,
                                            const int8_t *x, const cmsis_nn_dims *k, const int8_t *weights,
                                            const cmsis_nn_dims *bias_dims, const int32_t *bias, const cmsis_nn_dims *out,
                                            int8_t *y) {
    if (ctx->buf == NULL || bias_dims->c != out->c || k->c != in->c || k->n != out->c) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t at = 0; at < out->h * out->w; at++) {
        for (int32_t o = 0; o < out->c; o++) {
            int32_t sum = bias != NULL ? bias[o] : 0;
            sum += window_sum(&p->stride, &p->padding, &p->dilation, p->input_offset, in, x, k, 0, in->c,
                              &weights[o * k->h * k->w * in->c], in->c, at / out->w, at % out->w);
            *y++ = clamped(rescaled(sum, quant->multiplier[o], quant->shift[o]) + p->output_offset, &p->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

int32_t arm_depthwise_conv_wrapper_s8_get_buffer_size(const cmsis_nn_dw_conv_params *dw_conv_params,
                                                      const cmsis_nn_dims *input_dims, const cmsis_nn_dims *filter_dims,
                                                      const cmsis_nn_dims *output_dims) {
    (void)dw_conv_params;
    (void)input_dims;
    (void)output_dims;
    return 2 * filter_dims->h * filter_dims->w * filter_dims->c;
}

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_dw_conv_params *p,
                                                  const cmsis_nn_per_channel_quant_params *quant, const cmsis_nn_dims *in,
                                                  const int8_t *x, const cmsis_nn_dims *k, const int8_t *weights,
                                                  const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                  const cmsis_nn_dims *out, int8_t *y) {
    if (ctx->buf == NULL || bias_dims->c != out->c || k->c != out->c || in->c * p->ch_mult != out->c) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t at = 0; at < out->h * out->w; at++) {
        for (int32_t o = 0; o < out->c; o++) {
            int32_t sum = bias != NULL ? bias[o] : 0;
            sum += window_sum(&p->stride, &p->padding, &p->dilation, p->input_offset, in, x, k, o / p->ch_mult, 1, &weights[o],
                              out->c, at / out->w, at % out->w);
            *y++ = clamped(rescaled(sum, quant->multiplier[o], quant->shift[o]) + p->output_offset, &p->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

int32_t arm_fully_connected_s8_get_buffer_size(const cmsis_nn_dims *filter_dims) {
    return 4 * filter_dims->c;
}

arm_cmsis_nn_status arm_fully_connected_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *p,
                                                   const cmsis_nn_quant_params *quant, const cmsis_nn_dims *in, const int8_t *x,
                                                   const cmsis_nn_dims *k, const int8_t *weights,
                                                   const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                   const cmsis_nn_dims *out, int8_t *y) {
    if (ctx->buf == NULL || bias_dims->c != out->c || k->n != in->c || k->c != out->c || !quant->is_per_channel) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t row = 0; row < in->n; row++) {
        for (int32_t o = 0; o < out->c; o++) {
            int32_t sum = bias != NULL ? bias[o] : 0;
            for (int32_t i = 0; i < in->c; i++) {
                sum += (x[row * in->c + i] + p->input_offset) * (weights[o * in->c + i] + p->filter_offset);
            }
            *y++ = clamped(rescaled(sum, quant->multiplier[o], quant->shift[o]) + p->output_offset, &p->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}
