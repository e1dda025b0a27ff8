/* SPDX-License-Identifier: Apache-2.0
 * Kernels of int16 data with int8 weights. hil_nn.h has the contract. */
#ifndef HIL_NN_S16_H
#define HIL_NN_S16_H

#include "hil_nn_shapes.h"
#include "hil_nn_s8.h"

typedef struct {
    hil_nn_window window;
    uint32_t groups;    /* of hil_nn_conv_s16 alone, as the next: the input's channels where depthwise */
    uint32_t depthwise; /* weights [k_h][k_w][out_c] */
    int32_t act_min, act_max;
} hil_nn_conv_s16_params;

/* Convolution, grouped or depthwise. acc is int64: below 2^46 in magnitude. rescale: by
 * the upper 15 bits of the multiplier, rounded once; shift below 8. bias [out_c] of 64 bits, the lower word first; may be null. */
void hil_nn_conv_s16(const hil_nn_conv_s16_params *params, const int16_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int16_t *out);

typedef struct {
    uint16_t rows, inputs, outputs;
    int32_t act_min, act_max;
} hil_nn_dense_s16_params;

/* Fully connected: the nearest integer to acc * scale, halves away from zero. scales [outputs] are doubles and bias is as above, each
 * as two words, the lower one first. */
void hil_nn_dense_s16(const hil_nn_dense_s16_params *params, const int16_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *scales, int16_t *out);

/* As the int8 forms. */
void hil_nn_maxpool_s16(const hil_nn_conv_s16_params *params, const int16_t *in, int16_t *out);
void hil_nn_avgpool_s16(const hil_nn_conv_s16_params *params, const int16_t *in, int16_t *out);

/* As the int8 forms with offsets of 0; a sum at 15 fractional bits. In place as these. */
void hil_nn_add_s16(const hil_nn_add_s8_params *params, const int16_t *a, const int16_t *b, int16_t *out);
void hil_nn_mul_s16(const hil_nn_mul_s8_params *params, const int16_t *a, const int16_t *b, int16_t *out);

/* A function by its values at 512 places over all of int16 and at the end, with interpolation. In place is allowed. */
void hil_nn_lut_s16(const hil_nn_elementwise_params *params, const int16_t *in, const int16_t *table, int16_t *out);

typedef struct {
    uint32_t elements;
    int32_t multiplier, shift; /* from the input's scale to 3 * 2^-14: (x * multiplier + half) >> shift; multiplier below 2^16 */
} hil_nn_sigmoid_s16_params;

/* The logistic function and tanh to Q0.15, by a table of 256 values of the first at i / 24 in Q0.16. */
void hil_nn_logistic_s16(const hil_nn_sigmoid_s16_params *params, const int16_t *in, const uint16_t *table, int16_t *out);
void hil_nn_tanh_s16(const hil_nn_sigmoid_s16_params *params, const int16_t *in, const uint16_t *table, int16_t *out);

/* Softmax to Q0.15. tables: 513 values of e^x over -10..0, then 513 of 1 / (1 + x) over 0..1. left_shift may be negative. */
void hil_nn_softmax_s16(const hil_nn_softmax_s8_params *params, const int16_t *in, const int16_t *tables, int16_t *out);

#endif
