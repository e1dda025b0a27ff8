/* SPDX-License-Identifier: Apache-2.0
 * CMSIS-NN (5 and later) under our kernel functions: the same network, the same bits, its inner loops. A dense layer that rounds
 * once (LiteRT's way) stays ours, the fast one, since CMSIS-NN rounds twice: generate with twice-rounding to have it computed here. */
#include <stddef.h>
#include <string.h>

#include "arm_nnfunctions.h"
#include "hil_nn.h"

/* Patches of a convolution, widened; CMSIS-NN says how much a layer needs. */
#ifndef HIL_CMSIS_NN_SCRATCH_BYTES
#define HIL_CMSIS_NN_SCRATCH_BYTES 16384
#endif
/* Channels of a layer: shifts are bytes in the weights section and words there. */
#ifndef HIL_CMSIS_NN_CHANNELS
#define HIL_CMSIS_NN_CHANNELS 1024
#endif

static int32_t scratch_memory[HIL_CMSIS_NN_SCRATCH_BYTES / 4];
static int32_t wide_shift[HIL_CMSIS_NN_CHANNELS];

/* Too little memory, or a refusal: the crash report then names this function and its caller. */
static void check(int right) {
    if (!right) {
        __builtin_trap();
    }
}

static cmsis_nn_context context_of(int32_t bytes) {
    check(bytes <= (int32_t)sizeof scratch_memory);
    return (cmsis_nn_context){.buf = scratch_memory, .size = bytes};
}

static int32_t *widened(const int8_t *shift, uint32_t n) {
    check(n <= HIL_CMSIS_NN_CHANNELS);
    for (uint32_t i = 0; i < n; i++) {
        wide_shift[i] = shift[i];
    }
    return wide_shift;
}

/* CMSIS-NN declares tables that it only reads as writable. */
static int32_t *unconst(const int32_t *table) {
    int32_t *writable;
    memcpy(&writable, &table, sizeof writable);
    return writable;
}

void hil_nn_conv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int32_t *multiplier, const int8_t *shift, int16_t *scratch, int8_t *out) {
    const hil_nn_window *w = &params->window;
    const cmsis_nn_conv_params conv = {
        .input_offset = params->in_offset,
        .output_offset = params->out_offset,
        .stride = {.w = w->stride_w, .h = w->stride_h},
        .padding = {.w = w->pad_left, .h = w->pad_top},
        .dilation = {.w = w->dilation_w, .h = w->dilation_h},
        .activation = {.min = params->act_min, .max = params->act_max},
    };
    const cmsis_nn_per_channel_quant_params quant = {unconst(multiplier), widened(shift, w->out_c)};
    const cmsis_nn_dims input = {1, w->in_h, w->in_w, w->in_c};
    const cmsis_nn_dims filter = {w->out_c, w->k_h, w->k_w, w->in_c};
    const cmsis_nn_dims channels = {1, 1, 1, w->out_c};
    const cmsis_nn_dims output = {1, w->out_h, w->out_w, w->out_c};
    const cmsis_nn_context ctx = context_of(arm_convolve_wrapper_s8_get_buffer_size(&conv, &input, &filter, &output));
    (void)scratch;
    check(arm_convolve_wrapper_s8(&ctx, &conv, &quant, &input, in, &filter, weights, &channels, bias, &output, out) ==
          ARM_CMSIS_NN_SUCCESS);
}

void hil_nn_dwconv_s8(const hil_nn_conv_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                      const int32_t *multiplier, const int8_t *shift, int8_t *scratch, int8_t *out) {
    const hil_nn_window *w = &params->window;
    const cmsis_nn_dw_conv_params conv = {
        .input_offset = params->in_offset,
        .output_offset = params->out_offset,
        .ch_mult = w->out_c / w->in_c,
        .stride = {.w = w->stride_w, .h = w->stride_h},
        .padding = {.w = w->pad_left, .h = w->pad_top},
        .dilation = {.w = w->dilation_w, .h = w->dilation_h},
        .activation = {.min = params->act_min, .max = params->act_max},
    };
    const cmsis_nn_per_channel_quant_params quant = {unconst(multiplier), widened(shift, w->out_c)};
    const cmsis_nn_dims input = {1, w->in_h, w->in_w, w->in_c};
    const cmsis_nn_dims filter = {1, w->k_h, w->k_w, w->out_c};
    const cmsis_nn_dims channels = {1, 1, 1, w->out_c};
    const cmsis_nn_dims output = {1, w->out_h, w->out_w, w->out_c};
    const cmsis_nn_context ctx =
        context_of(arm_depthwise_conv_wrapper_s8_get_buffer_size(&conv, &input, &filter, &output));
    (void)scratch;
    check(arm_depthwise_conv_wrapper_s8(&ctx, &conv, &quant, &input, in, &filter, weights, &channels, bias, &output, out) ==
          ARM_CMSIS_NN_SUCCESS);
}

#ifndef HIL_CMSIS_NN_ALONE /* for networks all of whose dense layers round twice */
/* Our fast kernel under another name, for layers that round once. */
#define hil_nn_dense_s8 own_dense_s8
void own_dense_s8(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                  const int32_t *multiplier, const int8_t *shift, int8_t *out);
#include "fast/nn_dense_s8.c"
#undef hil_nn_dense_s8
#else
#define own_dense_s8(...) check(0)
#endif

void hil_nn_dense_s8(const hil_nn_dense_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                     const int32_t *multiplier, const int8_t *shift, int8_t *out) {
    if (params->rounding != HIL_NN_ROUND_TWICE) {
        own_dense_s8(params, in, weights, bias, multiplier, shift, out);
        return;
    }
    const cmsis_nn_fc_params fc = {
        .input_offset = params->in_offset,
        .filter_offset = 0,
        .output_offset = params->out_offset,
        .activation = {.min = params->act_min, .max = params->act_max},
    };
    const cmsis_nn_quant_params quant = {unconst(multiplier), widened(shift, params->outputs), 1};
    const cmsis_nn_dims input = {params->rows, 1, 1, params->inputs};
    const cmsis_nn_dims filter = {params->inputs, 1, 1, params->outputs};
    const cmsis_nn_dims channels = {1, 1, 1, params->outputs};
    const cmsis_nn_dims output = {params->rows, 1, 1, params->outputs};
    const cmsis_nn_context ctx = context_of(arm_fully_connected_s8_get_buffer_size(&filter));
    check(arm_fully_connected_wrapper_s8(&ctx, &fc, &quant, &input, in, &filter, weights, &channels, bias, &output, out) ==
          ARM_CMSIS_NN_SUCCESS);
}
