/* SPDX-License-Identifier: Apache-2.0
 * The built-in engine's kernels. Generated model.c calls these and nothing else.
 *
 * Common contract
 * - C99, freestanding: no libc, no heap, no state and no scratch memory unless a kernel says so.
 * - Images are HWC (batch 1), element 0 first; a conv's weights are [out_c][k_h][k_w][in_c], a depthwise conv's
 *   [k_h][k_w][out_c], a dense layer's [outputs][inputs]: all as in the .tflite.
 * - Output overlaps no input unless the kernel says so. "In place": the output may lie where an input of its shape does. "Pixel by
 *   pixel": it may lie over an input that is not needed afterwards, if it begins so far below that the place of each pixel (all its
 *   channels) ends before the first byte that this or a later pixel reads. Kernels of others promise neither: for them a model
 *   is generated without it.
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

#include "hil_nn_any.h"
#include "hil_nn_f32.h"
#include "hil_nn_s16.h"
#include "hil_nn_s8.h"
#include "hil_nn_shapes.h"

#endif
