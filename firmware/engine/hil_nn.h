/* SPDX-License-Identifier: Apache-2.0
 * The built-in engine's kernels. Generated model.c calls these and nothing else.
 *
 * Common contract
 * - C99, freestanding: no libc, no heap, no state and no scratch memory unless a kernel says so.
 * - Images are HWC (batch 1), element 0 first; a conv's weights are [out_c][k_h][k_w][in_c], a depthwise conv's
 *   [k_h][k_w][out_c], a dense layer's [outputs][inputs]: all as in the .tflite.
 * - Output never overlaps input unless the kernel says "in place".
 * - int8: real = scale * (raw - zero_point). in_offset is -zero_point of the input, out_offset is +zero_point of the output.
 *   Results equal LiteRT's BUILTIN_REF kernels bit for bit. Accumulators are int32: sum(|x + in_offset| * |w|) + |bias| must stay
 *   below 2^30 for hil_nn_conv_s8 and hil_nn_dwconv_s8, and for all others within what the rescaling takes, which is nearly all of
 *   int32 (nn_rescale); the generator refuses a layer that could exceed it.
 * - float32: every sum is taken in the order of LiteRT's reference kernels (k_h, k_w, in_c, then bias), with each product and
 *   sum rounded on its own. Compile with -ffp-contract=off or results differ in the last bits.
 * - Blocking several output channels together changes no result: each accumulator keeps its own order.
 */
#ifndef HIL_NN_H
#define HIL_NN_H

#include <stdint.h>

/* Geometry of a window sliding over an HWC image. pad_* is what lies before the image; taps outside of it are skipped. */
typedef struct {
    uint16_t in_h, in_w, in_c;
    uint16_t out_h, out_w, out_c;
    uint16_t k_h, k_w;
    uint8_t stride_h, stride_w;
    uint8_t dilation_h, dilation_w;
    uint16_t pad_top, pad_left;
} hil_nn_window;

/* ---- shapes of operators that walk over several axes ------------------------------------------------------------------ */

/* Axes that can be walked as one are merged by the generator, so that few remain; unused ones stand first with extent 1. Extents
 * are numbers of elements, steps the distance in elements between neighbours along that axis, 0 to read the same again. */
enum { HIL_NN_AXES = 4, HIL_NN_COPY_AXES = 6 };

typedef struct {
    uint32_t extent[HIL_NN_AXES]; /* of the output, which lies in this order without gaps */
    int32_t step_a[HIL_NN_AXES], step_b[HIL_NN_AXES];
} hil_nn_pairs;

typedef struct {
    uint32_t kept[HIL_NN_AXES]; /* of the output, which lies in this order without gaps */
    int32_t kept_step[HIL_NN_AXES];
    uint32_t reduced[HIL_NN_AXES]; /* at least one element */
    int32_t reduced_step[HIL_NN_AXES];
} hil_nn_reduction;

/* The type of elements, where a kernel takes several. A bool is a byte, 0 or 1. */
enum hil_nn_type { HIL_NN_F32 = 0, HIL_NN_S8 = 1, HIL_NN_U8 = 2, HIL_NN_S16 = 3, HIL_NN_S32 = 4, HIL_NN_BOOL = 5 };

/* ---- any type -------------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t width;         /* bytes of an element: 1 or 4; 2 in hil_nn_copy_s16 */
    uint32_t fill_elements; /* so many elements of the output are set to fill first; 0 where all are copied */
    int32_t fill;           /* the bits of one element */
    int32_t in_start, out_start; /* the first element copied */
    uint32_t extent[HIL_NN_COPY_AXES];
    int32_t in_step[HIL_NN_COPY_AXES], out_step[HIL_NN_COPY_AXES];
} hil_nn_copy_params;

/* Moves elements: padding, slicing, splitting, transposing. Both pointers are aligned to the width. */
void hil_nn_copy(const hil_nn_copy_params *params, const void *in, void *out);

/* The same of elements of two bytes. */
void hil_nn_copy_s16(const hil_nn_copy_params *params, const void *in, void *out);

typedef struct {
    uint32_t inputs;
    uint32_t rows; /* how often one piece of each input follows the other */
} hil_nn_concat_params;

/* out = rows times: bytes[0] of in[0], bytes[1] of in[1], ... */
void hil_nn_concat(const hil_nn_concat_params *params, const void *const *in, const int32_t *bytes, void *out);

typedef struct {
    uint32_t bytes; /* moved at once */
    uint32_t extent[4]; /* of the output, in such pieces */
} hil_nn_spread_params;

/* out[i][j][k][l] = the piece at in + t0[i] + t1[j] + t2[k] + t3[l] bytes; offsets holds t0, t1, t2 and t3 one after the other. */
void hil_nn_spread(const hil_nn_spread_params *params, const void *in, const int32_t *offsets, void *out);

typedef struct {
    uint32_t bytes; /* of a row */
    uint32_t rows;
    int32_t fill; /* of every byte of a row that comes from nowhere */
} hil_nn_rows_params;

/* Row r of the output is the one at in + offsets[r] bytes, or filled where that is negative. */
void hil_nn_rows(const hil_nn_rows_params *params, const void *in, const int32_t *offsets, void *out);

typedef struct {
    uint32_t bytes; /* of a piece */
    uint32_t outer, axis, count;
} hil_nn_gather_params;

/* in [outer][axis] pieces, out [outer][count]: out[o][i] = in[o][indices[i]]. An index beyond the ends takes the piece there. */
void hil_nn_gather(const hil_nn_gather_params *params, const void *in, const int32_t *indices, void *out);

typedef struct {
    uint32_t elements;
    uint32_t in_type, out_type; /* enum hil_nn_type */
} hil_nn_cast_params;

/* Numbers to another type: floats towards zero, integers by their low bits, anything but 0 to a bool of 1. */
void hil_nn_cast(const hil_nn_cast_params *params, const void *in, void *out);

typedef struct {
    hil_nn_pairs pairs;
    uint32_t greatest; /* else the least */
} hil_nn_extreme_params;

/* The greater, or the lesser, of each pair, broadcast; raw values of one scale. The second one where they are not comparable. */
void hil_nn_extreme_s8(const hil_nn_extreme_params *params, const int8_t *a, const int8_t *b, int8_t *out);
void hil_nn_extreme_s16(const hil_nn_extreme_params *params, const int16_t *a, const int16_t *b, int16_t *out);
void hil_nn_extreme_s32(const hil_nn_extreme_params *params, const int32_t *a, const int32_t *b, int32_t *out);
void hil_nn_extreme_f32(const hil_nn_extreme_params *params, const float *a, const float *b, float *out);

/* a or b (`greatest`), a and b, of bools. */
void hil_nn_logical(const hil_nn_extreme_params *params, const uint8_t *a, const uint8_t *b, uint8_t *out);

typedef struct {
    hil_nn_pairs pairs;
    uint32_t relation;               /* 1 less, 2 equal, 4 greater, 8 not comparable: those that give 1 */
    int32_t a_offset, b_offset;      /* of the int8 and int16 forms alone: minus the zero point */
    int32_t a_multiplier, a_shift;   /* the scale, below 1; shift <= 0 */
    int32_t b_multiplier, b_shift;
} hil_nn_compare_params;

/* Whether the relation holds for each pair, broadcast. int8 and int16 are compared as rescale((x + offset) * 2^8). */
void hil_nn_compare_s8(const hil_nn_compare_params *params, const int8_t *a, const int8_t *b, uint8_t *out);
void hil_nn_compare_s16(const hil_nn_compare_params *params, const int16_t *a, const int16_t *b, uint8_t *out);
void hil_nn_compare_u8(const hil_nn_compare_params *params, const uint8_t *a, const uint8_t *b, uint8_t *out);
void hil_nn_compare_s32(const hil_nn_compare_params *params, const int32_t *a, const int32_t *b, uint8_t *out);
void hil_nn_compare_f32(const hil_nn_compare_params *params, const float *a, const float *b, uint8_t *out);

typedef struct {
    uint32_t width; /* bytes of an element of a, b and out */
    uint32_t extent[HIL_NN_AXES];
    int32_t step_condition[HIL_NN_AXES], step_a[HIL_NN_AXES], step_b[HIL_NN_AXES];
} hil_nn_select_params;

/* a where the condition holds, else b; all broadcast. */
void hil_nn_select(const hil_nn_select_params *params, const uint8_t *condition, const void *a, const void *b, void *out);

typedef struct {
    hil_nn_reduction reduction;
    uint32_t greatest; /* of hil_nn_reduce_extreme alone: else the least */
} hil_nn_reduce_params;

/* The greatest or the least element; raw values of one scale. */
void hil_nn_reduce_extreme_s8(const hil_nn_reduce_params *params, const int8_t *in, int8_t *out);
void hil_nn_reduce_extreme_u8(const hil_nn_reduce_params *params, const uint8_t *in, uint8_t *out);
void hil_nn_reduce_extreme_s16(const hil_nn_reduce_params *params, const int16_t *in, int16_t *out);
void hil_nn_reduce_extreme_s32(const hil_nn_reduce_params *params, const int32_t *in, int32_t *out);
void hil_nn_reduce_extreme_f32(const hil_nn_reduce_params *params, const float *in, float *out);

/* Sum and product in the order of the axes; integers wrap around. */
void hil_nn_sum_s32(const hil_nn_reduce_params *params, const int32_t *in, int32_t *out);
void hil_nn_prod_s32(const hil_nn_reduce_params *params, const int32_t *in, int32_t *out);
void hil_nn_sum_f32(const hil_nn_reduce_params *params, const float *in, float *out);
void hil_nn_prod_f32(const hil_nn_reduce_params *params, const float *in, float *out);

typedef struct {
    hil_nn_pairs pairs;
    int32_t b_sign; /* hil_nn_add_s32: 1 adds, -1 subtracts */
    int32_t act_min, act_max;
} hil_nn_binary_s32_params;

/* Plain integers, which wrap around. A quotient by 0 is 0. */
void hil_nn_add_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out);
void hil_nn_mul_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out);
void hil_nn_floor_div_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out);
void hil_nn_floor_mod_s32(const hil_nn_binary_s32_params *params, const int32_t *a, const int32_t *b, int32_t *out);

typedef struct {
    uint32_t elements, inputs;
} hil_nn_add_n_params;

/* The sum of all inputs, in their order; integers wrap around. */
void hil_nn_add_n_f32(const hil_nn_add_n_params *params, const void *const *in, float *out);
void hil_nn_add_n_s32(const hil_nn_add_n_params *params, const void *const *in, int32_t *out);

typedef struct {
    uint16_t out_h, out_w, channels;
} hil_nn_resize_params;

/* Bilinear: output (y, x) lies between the rows at lines[2y] and lines[2y + 1] (offsets in elements) and the columns at the next
 * 2 * out_w offsets; shares has the second one's share for each row, then for each column: in int8 of 1024. */
void hil_nn_resize_bilinear_f32(const hil_nn_resize_params *params, const float *in, const int32_t *lines, const float *shares, float *out);
void hil_nn_resize_bilinear_s8(const hil_nn_resize_params *params, const int8_t *in, const int32_t *lines, const int32_t *shares,
                               int8_t *out);

typedef struct {
    hil_nn_pairs batches; /* steps from matrix to matrix, in elements; 0 to take the same again */
    int32_t rows, columns, depth;
    int32_t a_row, a_depth, b_depth, b_column; /* steps in elements: either may be transposed */
    int32_t a_offset, b_offset, out_offset;    /* int8 alone, as the next */
    int32_t multiplier, shift;                 /* a's scale * b's / the output's; sums stay within what the rescaling takes */
} hil_nn_matmul_params;

/* out[rows][columns] = sum over depth of a * b, for each batch; sums in order. */
void hil_nn_matmul_f32(const hil_nn_matmul_params *params, const float *a, const float *b, float *out);
void hil_nn_matmul_s8(const hil_nn_matmul_params *params, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    uint32_t rows, values; /* values per row */
    uint32_t few;          /* of hil_nn_top_*: how many are taken of each row, 1..values */
    int32_t in_offset;     /* of hil_nn_l2_norm_s8: minus the zero point */
} hil_nn_rowwise_params;

/* Each row divided by its length, at least 1e-6 in float32. The int8 output has scale 1/128 and zero point 0. */
void hil_nn_l2_norm_f32(const hil_nn_rowwise_params *params, const float *in, float *out);
void hil_nn_l2_norm_s8(const hil_nn_rowwise_params *params, const int8_t *in, int8_t *out);

/* x - max - ln(sum of e^(x - max)) for each row. */
void hil_nn_log_softmax_f32(const hil_nn_rowwise_params *params, const float *in, float *out);

/* The greatest few of each row, falling, and their places; of equals the first comes first. */
void hil_nn_top_values_f32(const hil_nn_rowwise_params *params, const float *in, float *out);
void hil_nn_top_values_s8(const hil_nn_rowwise_params *params, const int8_t *in, int8_t *out);
void hil_nn_top_places_f32(const hil_nn_rowwise_params *params, const float *in, int32_t *out);
void hil_nn_top_places_s8(const hil_nn_rowwise_params *params, const int8_t *in, int32_t *out);

typedef struct {
    uint32_t outer, axis, inner;
    uint32_t exclusive, reverse; /* without the element itself; from the end on */
} hil_nn_cumsum_params;

/* Running sums along an axis. Integers wrap around. */
void hil_nn_cumsum_f32(const hil_nn_cumsum_params *params, const float *in, float *out);
void hil_nn_cumsum_s32(const hil_nn_cumsum_params *params, const int32_t *in, int32_t *out);

/* a, or a * b where a is below 0, broadcast. */
void hil_nn_prelu_f32(const hil_nn_extreme_params *params, const float *a, const float *b, float *out);

/* ---- int8 ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    hil_nn_window window;
    int32_t in_offset, out_offset;
    int32_t act_min, act_max; /* raw output range, the fused activation included; within -128..127 */
    uint16_t block; /* hil_nn_conv_s8 alone: how many output pixels its scratch memory holds at once; even, at least 2 */
} hil_nn_conv_s8_params;

/* Bytes of scratch memory for hil_nn_conv_s8: `block` patches and four filters as int16, and a patch as int8, each filled up to a
 * multiple of four values. One size for all kernel sets, so that a generated model fits each. */
#define HIL_NN_CONV_S8_SCRATCH_BYTES(k_h, k_w, in_c, block) ((((k_h) * (k_w) * (in_c) + 3) / 4 * 4) * (2 * (block) + 9))

/* 2-D convolution. acc = bias[o] + sum (x + in_offset) * w; out = clamp(rescale(acc, multiplier[o], shift[o]) + out_offset).
 * rescale: acc * multiplier * 2^(shift - 31), multiplier in [2^30, 2^31), rounded twice (gemmlowp: doubling high
 * multiplication, then rounding shift). weights are symmetric (zero point 0). bias may be null.
 * scratch: HIL_NN_CONV_S8_SCRATCH_BYTES, 4-byte aligned, contents lost. */
void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out);

/* Depthwise convolution: output channel o reads input channel o / (out_c / in_c). Arithmetic as hil_nn_conv_s8. */
void hil_nn_dwconv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *multiplier, const int8_t *shift, int8_t *out);

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

/* Greatest value of each window and channel; input and output share scale and zero point. */
void hil_nn_maxpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out);

/* Mean of each window and channel over the taps inside the image, rounded half away from zero. Scales as maxpool. */
void hil_nn_avgpool_s8(const hil_nn_pool_s8_params *params, const int8_t *in, int8_t *out);

typedef struct {
    uint32_t elements;
} hil_nn_elementwise_params;

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

/* The same of int16, whose zero points are 0. */
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


typedef struct {
    uint32_t outer, axis, inner; /* in [outer][axis][inner], out [outer][inner] */
    uint32_t least;              /* 1: index of the least value instead of the greatest */
} hil_nn_arg_max_params;

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

/* ---- int16 data, int8 weights ------------------------------------------------------------------------------------------ */

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

/* As the int8 forms with offsets of 0; a sum at 15 fractional bits. */
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

/* ---- float32 --------------------------------------------------------------------------------------------------------- */

typedef struct {
    hil_nn_window window;
    float act_min, act_max; /* the fused activation; lowest and greatest finite float for none */
} hil_nn_conv_f32_params;

/* 2-D convolution and its depthwise form. bias may be null. */
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

/* tanh(x), absolute error below 1.2e-7. The same bits on every IEEE-754 machine. */
float hil_nn_tanhf(float x);

/* e^x, within 1 ulp where the result is normal; 0 below -87.34, +inf above 88.73. The same bits on every IEEE-754 machine, which is
 * why the target's libm is not used. */
float hil_nn_expf(float x);

#endif
