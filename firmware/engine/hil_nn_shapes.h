/* SPDX-License-Identifier: Apache-2.0
 * Shapes that kernels of several types share. hil_nn.h has the contract. */
#ifndef HIL_NN_SHAPES_H
#define HIL_NN_SHAPES_H

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

typedef struct {
    uint32_t elements;
} hil_nn_elementwise_params;

typedef struct {
    uint32_t outer, axis, inner; /* in [outer][axis][inner], out [outer][inner] */
    uint32_t least;              /* 1: index of the least value instead of the greatest */
} hil_nn_arg_max_params;

#endif
