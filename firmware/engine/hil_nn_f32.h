/* SPDX-License-Identifier: Apache-2.0
 * Kernels of float32. hil_nn.h has the contract. */
#ifndef HIL_NN_F32_H
#define HIL_NN_F32_H

#include "hil_nn_shapes.h"

typedef struct {
    hil_nn_window window;
    float act_min, act_max; /* the fused activation; lowest and greatest finite float for none */
} hil_nn_conv_f32_params;

/* 2-D convolution and its depthwise form. bias may be null. Pixel by pixel. */
void hil_nn_conv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias, float *out);
void hil_nn_dwconv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias, float *out);

typedef struct {
    hil_nn_conv_f32_params conv;
    uint32_t groups;
} hil_nn_grouped_conv_f32_params;

/* As the int8 forms; a transposed convolution sums in the order of input rows, columns, channels. bias may be null. */
void hil_nn_grouped_conv_f32(const hil_nn_grouped_conv_f32_params *params, const float *in, const float *weights, const float *bias,
                             float *out);
void hil_nn_transpose_conv_f32(const hil_nn_conv_f32_params *params, const float *in, const float *weights, const float *bias,
                               float *out);

typedef struct {
    uint16_t rows, inputs, outputs;
    float act_min, act_max;
} hil_nn_dense_f32_params;

/* Fully connected. bias may be null. */
void hil_nn_dense_f32(const hil_nn_dense_f32_params *params, const float *in, const float *weights, const float *bias, float *out);

typedef struct {
    hil_nn_dense_f32_params dense;
    uint32_t asymmetric;  /* the row is quantised by its least and greatest value, else by its greatest magnitude */
    uint32_t per_channel; /* scales has one for each output, else one */
} hil_nn_hybrid_dense_params;

typedef struct {
    hil_nn_conv_f32_params conv;
    uint32_t groups; /* the input's channels where depthwise */
    uint32_t depthwise;
    uint32_t asymmetric; /* as in hil_nn_hybrid_dense_params */
} hil_nn_hybrid_conv_params;

/* int8 weights of these scales (zero point 0) on float32 data, which is quantised to int8 for the layer: each row of a dense layer,
 * the whole image of a convolution. Sums are int32 and must stay below 2^31. bias may be null. scratch: a row, the image. */
void hil_nn_hybrid_dense(const hil_nn_hybrid_dense_params *params, const float *in, const int8_t *weights, const float *bias,
                         const float *scales, int8_t *scratch, float *out);
void hil_nn_hybrid_conv(const hil_nn_hybrid_conv_params *params, const float *in, const int8_t *weights, const float *bias,
                        const float *scales, int8_t *scratch, float *out);

/* Pooling with the window of a hil_nn_conv_f32_params (out_c == in_c, dilation 1); the mean is over the taps inside. */
void hil_nn_maxpool_f32(const hil_nn_conv_f32_params *params, const float *in, float *out);
void hil_nn_avgpool_f32(const hil_nn_conv_f32_params *params, const float *in, float *out);

/* The root of the mean of the squares. */
void hil_nn_l2pool_f32(const hil_nn_conv_f32_params *params, const float *in, float *out);

typedef struct {
    uint32_t elements;
    float act_min, act_max;
} hil_nn_clamp_f32_params;

/* out = min(max(x, act_min), act_max). In place is allowed. */
void hil_nn_clamp_f32(const hil_nn_clamp_f32_params *params, const float *in, float *out);

/* 1 / (1 + exp(-x)); 1 above 16.619, exp(x) below -9 (where LiteRT's reference switches). In place is allowed. */
void hil_nn_logistic_f32(const hil_nn_elementwise_params *params, const float *in, float *out);

typedef struct {
    uint16_t rows, classes;
    float beta;
} hil_nn_softmax_f32_params;

/* exp(beta * (x - max)) / sum for each row. In place is allowed. */
void hil_nn_softmax_f32(const hil_nn_softmax_f32_params *params, const float *in, float *out);

typedef struct {
    hil_nn_pairs pairs;
    float b_sign; /* hil_nn_add_f32: 1 adds, -1 subtracts; not used by hil_nn_mul_f32 */
    float act_min, act_max;
} hil_nn_binary_f32_params;

/* Sum, difference and product, broadcast. In place is allowed on an operand that is not broadcast. */
void hil_nn_add_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out);
void hil_nn_mul_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out);

void hil_nn_div_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out);
void hil_nn_squared_difference_f32(const hil_nn_binary_f32_params *params, const float *a, const float *b, float *out);

/* Functions of one value; in place is allowed. abs, neg, square, sqrt, rsqrt, floor, ceil, round (to even) and relu_0_to_1 are exact
 * as IEEE 754 has them; exp, log, sin, cos, elu and gelu are our own and within 2.5e-7 of the true value (sin and cos up to
 * |x| = 1e5). */
void hil_nn_abs_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_neg_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_square_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_sqrt_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_rsqrt_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_exp_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_log_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_sin_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_cos_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_floor_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_ceil_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_round_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_elu_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_gelu_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_gelu_approximated_f32(const hil_nn_elementwise_params *params, const float *in, float *out);
void hil_nn_relu_0_to_1_f32(const hil_nn_elementwise_params *params, const float *in, float *out);

typedef struct {
    hil_nn_reduction reduction;
} hil_nn_mean_f32_params;

/* Sum in the order of the axes, divided by the number of elements. */
void hil_nn_mean_f32(const hil_nn_mean_f32_params *params, const float *in, float *out);

/* As hil_nn_arg_max_s8. */
void hil_nn_arg_max_f32(const hil_nn_arg_max_params *params, const float *in, int32_t *out);

/* In place is allowed. */
void hil_nn_tanh_f32(const hil_nn_elementwise_params *params, const float *in, float *out);

/* x * min(max(x + 3, 0), 6) / 6. In place is allowed. */
void hil_nn_hard_swish_f32(const hil_nn_elementwise_params *params, const float *in, float *out);

typedef struct {
    uint32_t elements;
    float alpha; /* factor of negative values */
} hil_nn_leaky_f32_params;

/* In place is allowed. */
void hil_nn_leaky_f32(const hil_nn_leaky_f32_params *params, const float *in, float *out);

typedef struct {
    int32_t inputs, filters, rank, memory;
    float act_min, act_max;
} hil_nn_svdf_f32_params;

typedef struct {
    int32_t inputs, filters, rank, memory;
    int32_t in_offset, out_offset;
    int32_t feature_multiplier, feature_shift; /* input scale * features' / state's */
    int32_t time_multiplier, time_shift;       /* state's scale * times' / output's */
} hil_nn_svdf_s8_params;

/* One step: features [filters][inputs] over the input, the result appended to the state [filters][memory], whose oldest value goes;
 * times [filters][memory] over that; `rank` neighbouring filters summed to one output. bias [filters / rank] may be null. The state is
 * float or int16 and kept from call to call. scratch [filters]. */
void hil_nn_svdf_f32(const hil_nn_svdf_f32_params *params, const float *in, const float *features, const float *times,
                     const float *bias, void *state, float *scratch, float *out);
void hil_nn_svdf_s8(const hil_nn_svdf_s8_params *params, const int8_t *in, const int8_t *features, const int16_t *times,
                    const int32_t *bias, void *state, int8_t *out);

typedef struct {
    uint16_t steps, inputs, cells;
    float cell_limit; /* the cell state is clipped to +-this; the greatest finite float for none */
} hil_nn_lstm_f32_params;

/* As hil_nn_lstm_s8, with one bias. */
void hil_nn_lstm_f32(const hil_nn_lstm_f32_params *params, const float *in, const float *weights, const float *bias,
                     const float *recurrent, float *cell, float *out);

typedef struct {
    uint32_t batches, steps, inputs, units;
    uint32_t tanh;          /* the activation; else the clamp that follows alone */
    float act_min, act_max;
} hil_nn_rnn_f32_params;

/* out[b][t] = activation(bias + weights [units][inputs] * in[b][t] + recurrent [units][units] * out[b][t - 1]); the state
 * [batches][units] is what stands before the first step, and then the last. */
void hil_nn_rnn_f32(const hil_nn_rnn_f32_params *params, const float *in, const float *weights, const float *recurrent,
                    const float *bias, void *state, float *out);

/* tanh(x), absolute error below 1.2e-7. The same bits on every IEEE-754 machine. */
float hil_nn_tanhf(float x);

/* e^x, within 1 ulp where the result is normal; 0 below -87.34, +inf above 88.73. The same bits on every IEEE-754 machine, which is
 * why the target's libm is not used. */
float hil_nn_expf(float x);

#endif
