/* SPDX-License-Identifier: Apache-2.0
 * Kernels that take elements of several types, or of any. hil_nn.h has the contract. */
#ifndef HIL_NN_ANY_H
#define HIL_NN_ANY_H

#include "hil_nn_shapes.h"

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
    uint32_t batches, outer, axis, count;
} hil_nn_gather_params;

/* in [batches][outer][axis] pieces, indices [batches][count], out [batches][outer][count]: out[b][o][i] = in[b][o][indices[b][i]].
 * An index beyond the ends takes the piece there. */
void hil_nn_gather(const hil_nn_gather_params *params, const void *in, const int32_t *indices, void *out);

typedef struct {
    uint32_t bytes; /* of an element */
    uint32_t elements, rank;
    uint32_t extent[HIL_NN_COPY_AXES], whole[HIL_NN_COPY_AXES]; /* of the update, of all; the first axes of fewer than these are 1 */
} hil_nn_update_params;

/* out = in with the update in it from start[rank] on, held so that all of the update is inside. */
void hil_nn_update(const hil_nn_update_params *params, const void *in, const void *update, const int32_t *start, void *out);

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

/* Plain integers, which wrap around. A quotient by 0 is 0. In place as the others. */
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

#endif
