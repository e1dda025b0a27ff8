/* SPDX-License-Identifier: Apache-2.0
 * Kernels of int8. hil_nn.h has the contract. */
#ifndef HIL_NN_S8_H
#define HIL_NN_S8_H

#include "hil_nn_shapes.h"

typedef struct {
    hil_nn_window window;
    int32_t in_offset, out_offset;
    int32_t act_min, act_max; /* raw output range, the fused activation included; within -128..127 */
    /* How many output pixels the scratch memory serves at once. hil_nn_conv_s8: even, at least 2. hil_nn_dwconv_s8: at most a row of
     * them, or rows. */
    uint16_t block;
} hil_nn_conv_s8_params;

/* Bytes of scratch memory for hil_nn_conv_s8: `block` patches and, but for a block of 2, four filters as int16, and a patch as int8,
 * each filled up to a multiple of four values. One size for all kernel sets, so that a generated model fits each. */
#define HIL_NN_CONV_S8_SCRATCH_BYTES(k_h, k_w, in_c, block) \
    ((((k_h) * (k_w) * (in_c) + 3) / 4 * 4) * ((block) == 2 ? 5 : 2 * (block) + 9))

/* 2-D convolution. acc = bias[o] + sum (x + in_offset) * w; out = clamp(rescale(acc, multiplier[o], shift[o]) + out_offset).
 * rescale: acc * multiplier * 2^(shift - 31), multiplier in [2^30, 2^31), rounded twice (gemmlowp: doubling high
 * multiplication, then rounding shift). weights are symmetric (zero point 0). bias may be null.
 * scratch: HIL_NN_CONV_S8_SCRATCH_BYTES, 4-byte aligned, contents lost. Pixel by pixel. */
void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out);

/* Bytes of scratch memory for hil_nn_dwconv_s8 with `rows` x `columns` output pixels at once: four channels of what they read. */
#define HIL_NN_DWCONV_S8_SCRATCH_BYTES(window, rows, columns)                                       \
    (4 * (((rows) - 1) * (window)->stride_h + ((window)->k_h - 1) * (window)->dilation_h + 1) *     \
     (((columns) - 1) * (window)->stride_w + ((window)->k_w - 1) * (window)->dilation_w + 1))

/* Depthwise convolution: output channel o reads input channel o / (out_c / in_c). Arithmetic as hil_nn_conv_s8.
 * scratch: HIL_NN_DWCONV_S8_SCRATCH_BYTES, 4-byte aligned, contents lost. Where out_c == in_c, pixel by pixel at a distance of whole
 * pixels: a value then lies over none of another channel, and channels need not take turns at each pixel. */
void hil_nn_dwconv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *multiplier, const int8_t *shift, int8_t *scratch, int8_t *out);

typedef struct {
    hil_nn_conv_s8_params conv;
    uint32_t groups; /* divides in_c and out_c */
} hil_nn_grouped_conv_s8_params;

/* Convolution in groups: output channel o reads the in_c / groups input channels of group o / (out_c / groups).
 * weights [out_c][k_h][k_w][in_c / groups]; arithmetic as hil_nn_conv_s8. */
void hil_nn_grouped_conv_s8(const hil_nn_grouped_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                            const int32_t *multiplier, const int8_t *shift, int8_t *out);

/* Transposed convolution: input pixel (y, x) reaches the k_h x k_w outputs from (y * stride_h - pad_top, x * stride_w - pad_left)
 * on; dilation 1. weights [out_c][k_h][k_w][in_c]; arithmetic as hil_nn_conv_s8. */
void hil_nn_transpose_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                              const int32_t *multiplier, const int8_t *shift, int8_t *out);

typedef struct {
    uint16_t rows; /* independent input vectors */
    uint16_t inputs, outputs;
    uint8_t rounding; /* enum hil_nn_rounding */
    int32_t in_offset, out_offset;
    int32_t act_min, act_max;
} hil_nn_dense_s8_params;

/* How a dense layer's accumulator is rescaled. LiteRT from 1.3.0 on rounds once, TFLM and CMSIS-NN twice: <= 1 LSB apart. */
enum hil_nn_rounding { HIL_NN_ROUND_ONCE = 0, HIL_NN_ROUND_TWICE = 1 };

/* Fully connected: in [rows][inputs], out [rows][outputs]; arithmetic as hil_nn_conv_s8 but for `rounding`. bias may be null. */
void hil_nn_dense_s8(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int8_t *out);

typedef struct {
    hil_nn_window window; /* out_c == in_c, dilation 1 */
    int8_t act_min, act_max;
} hil_nn_pool_s8_params;

/* Greatest value of each window and channel; input and output share scale and zero point. Pixel by pixel. */
void hil_nn_maxpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out);

/* Mean of each window and channel over the taps inside the image, rounded half away from zero. Scales as maxpool. Pixel by pixel. */
void hil_nn_avgpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out);

/* out[i] = table[in[i] + 128]: any function of one int8 (logistic, relu, rescaling), tabulated by the generator.
 * In place is allowed. */
void hil_nn_lut_s8(const hil_nn_elementwise_params *params, const int8_t *in, const int8_t *table, int8_t *out);

typedef struct {
    hil_nn_pairs pairs;
    int32_t a_offset, b_offset, out_offset; /* minus, minus, plus the zero point */
    int32_t a_multiplier, a_shift;          /* a's scale / (2 * the greater scale); shift <= 0 as for the others here */
    int32_t b_multiplier, b_shift, b_sign;  /* b_sign -1 subtracts */
    int32_t out_multiplier, out_shift;      /* 2 * the greater scale / (2^20 * the output's scale) */
    int32_t act_min, act_max;
} hil_nn_add_s8_params;

/* Sum or difference, broadcast: each operand is brought to 20 fractional bits of a common scale, then the sum to the output's.
 * In place is allowed on an operand that is not broadcast. */
void hil_nn_add_s8(const hil_nn_add_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    hil_nn_pairs pairs;
    int32_t a_offset, b_offset, out_offset;
    int32_t multiplier, shift; /* a's scale * b's / the output's */
    int32_t act_min, act_max;
} hil_nn_mul_s8_params;

/* Product, broadcast. In place as hil_nn_add_s8. */
void hil_nn_mul_s8(const hil_nn_mul_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    hil_nn_reduction reduction;
    int32_t in_offset, out_offset; /* minus, plus the zero point */
    int32_t multiplier, shift;     /* input scale / output scale / number of elements reduced; the multiplier may be below 2^30 */
} hil_nn_mean_s8_params;

/* Mean over some axes; fewer than 2^22 elements each. */
void hil_nn_mean_s8(const hil_nn_mean_s8_params *params, const int8_t *in, int8_t *out);

/* The product of some axes' elements in their order; multiplier and shift are input scale / output scale^(1 / number of elements). */
void hil_nn_prod_s8(const hil_nn_mean_s8_params *params, const int8_t *in, int8_t *out);
void hil_nn_prod_s16(const hil_nn_mean_s8_params *params, const int16_t *in, int16_t *out);

/* The mean of int16, whose zero points are 0. */
void hil_nn_mean_s16(const hil_nn_mean_s8_params *params, const int16_t *in, int16_t *out);

typedef struct {
    hil_nn_pairs pairs;
    int32_t in_offset, alpha_offset, out_offset; /* minus, minus, plus the zero point */
    int32_t multiplier, shift;                   /* input scale / output scale */
    int32_t alpha_multiplier, alpha_shift;       /* input scale * alpha's / output scale */
} hil_nn_prelu_s8_params;

/* As hil_nn_prelu_f32. */
void hil_nn_prelu_s8(const hil_nn_prelu_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    hil_nn_pairs pairs;
    int32_t a_offset, b_offset, out_offset;
    int32_t a_multiplier, a_shift, b_multiplier, b_shift; /* scale / (2 * the greater scale); shift <= 0 as for the next */
    int32_t out_multiplier, out_shift;                    /* (2 * the greater scale)^2 / (2^14 * the output's scale) */
} hil_nn_squared_difference_s8_params;

/* (a - b)^2, broadcast, both brought to 7 fractional bits of a common scale. */
void hil_nn_squared_difference_s8(const hil_nn_squared_difference_s8_params *params, const int8_t *a, const int8_t *b, int8_t *out);


/* Index along the axis of the greatest (or least) value, the first of equals. */
void hil_nn_arg_max_s8(const hil_nn_arg_max_params *params, const int8_t *in, int32_t *out);

typedef struct {
    uint16_t rows, classes;
    int32_t multiplier; /* beta * input scale * 2^26 as multiplier * 2^(left_shift - 31) */
    int32_t left_shift;
    int32_t diff_min; /* differences to the row's maximum below this count as exp() == 0 */
} hil_nn_softmax_s8_params;

/* Softmax of each row; output scale 1/256, zero point -128. Fixed point after gemmlowp: exp in Q5.26, sum in Q12.19, Newton's
 * reciprocal. At most 511 classes: beyond, the reference's own shift exceeds 31. */
void hil_nn_softmax_s8(const hil_nn_softmax_s8_params *params, const int8_t *in, int8_t *out);

typedef struct {
    uint32_t rows, classes;
    int32_t multiplier, left_shift, diff_min; /* as in hil_nn_softmax_s8_params, with beta 1 */
    int32_t inverse_multiplier, inverse_shift; /* 2^-26 / input scale */
} hil_nn_log_softmax_s8_params;

/* x - max - ln(sum of e^(x - max)) for each row of fewer than 2^12; output scale 1/16, zero point 127. */
void hil_nn_log_softmax_s8(const hil_nn_log_softmax_s8_params *params, const int8_t *in, int8_t *out);

typedef struct {
    uint16_t steps, inputs, cells;
    int32_t multiplier[4], shift[4];                     /* input scale * weight scale * 2^12, by gate */
    int32_t recurrent_multiplier[4], recurrent_shift[4]; /* output scale * weight scale * 2^12 */
    int32_t cell_integer_bits;                           /* of the cell state, 0..6 */
    int32_t cell_shift;                                  /* 15 + the cell state's integer bits */
    int32_t cell_min, cell_max;                          /* the clip, or all of int16 */
    int32_t out_multiplier, out_shift;                   /* 2^-30 / output scale; shift <= 0 */
    int32_t out_offset;
} hil_nn_lstm_s8_params;

/* Long short-term memory over a sequence, from zero state: in [steps][inputs], out [steps][cells]. Gates in the order input, forget,
 * cell, output: weights [4][cells][inputs], recurrent [4][cells][cells], both biases [4][cells] with the zero point's share
 * in them. Gates are Q3.12 before and Q0.15 after their logistic or tanh (16-bit fixed point after gemmlowp), the cell state is
 * int16. Per gate |acc| < 2^30, and < 2^31 after a left shift. cell: scratch [cells], contents lost. */
void hil_nn_lstm_s8(const hil_nn_lstm_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int8_t *recurrent, const int32_t *recurrent_bias, int16_t *cell, int8_t *out);

typedef struct {
    uint32_t elements;
    float scale; /* > 0 */
    int32_t zero_point;
} hil_nn_quantize_params;

/* raw = clamp(round_half_away(x / scale) + zero_point) to the type's range, in float32. NaN gives its lowest value. */
void hil_nn_quantize_f32_s8(const hil_nn_quantize_params *params, const float *in, int8_t *out);
void hil_nn_quantize_f32_u8(const hil_nn_quantize_params *params, const float *in, uint8_t *out);
void hil_nn_quantize_f32_s16(const hil_nn_quantize_params *params, const float *in, int16_t *out);

/* x = scale * (raw - zero_point), in float32. */
void hil_nn_dequantize_s8_f32(const hil_nn_quantize_params *params, const int8_t *in, float *out);
void hil_nn_dequantize_u8_f32(const hil_nn_quantize_params *params, const uint8_t *in, float *out);
void hil_nn_dequantize_s16_f32(const hil_nn_quantize_params *params, const int16_t *in, float *out);

typedef struct {
    uint32_t elements;
    uint32_t in_type, out_type; /* enum hil_nn_type; any but float32 */
    int32_t in_offset, out_offset;
    int32_t multiplier, shift; /* input scale / output scale */
    int32_t low, high;         /* of the output's type */
} hil_nn_requantize_params;

/* raw values of one scale and type to another: clamp(rescale(x + in_offset) + out_offset, low, high) */
void hil_nn_requantize(const hil_nn_requantize_params *params, const void *in, void *out);

#endif
