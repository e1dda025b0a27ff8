/* SPDX-License-Identifier: Apache-2.0
 * Operators that move elements without changing them. */
#include "nn_internal.h"

typedef struct {
    const uint8_t *in;
    uint8_t *out;
} place;

static void fill(const hil_nn_copy_params *params, void *out)
{
    if (params->width == 4) {
        int32_t *words = out;
        for (uint32_t i = 0; i < params->fill_elements; ++i) {
            words[i] = params->fill;
        }
    } else {
        int8_t *bytes = out;
        for (uint32_t i = 0; i < params->fill_elements; ++i) {
            bytes[i] = (int8_t)params->fill;
        }
    }
}

/* The innermost axis. */
static void copy_row(const hil_nn_copy_params *params, place at)
{
    const uint32_t n = params->extent[HIL_NN_COPY_AXES - 1];
    const int32_t in_step = params->in_step[HIL_NN_COPY_AXES - 1];
    const int32_t out_step = params->out_step[HIL_NN_COPY_AXES - 1];
    if (params->width == 4) {
        const int32_t *from = (const int32_t *)(const void *)at.in;
        int32_t *to = (int32_t *)(void *)at.out;
        for (uint32_t i = 0; i < n; ++i) {
            to[(int32_t)i * out_step] = from[(int32_t)i * in_step];
        }
    } else {
        for (uint32_t i = 0; i < n; ++i) {
            at.out[(int32_t)i * out_step] = at.in[(int32_t)i * in_step];
        }
    }
}

void hil_nn_copy(const hil_nn_copy_params *params, const void *in, void *out)
{
    const int32_t width = (int32_t)params->width;
    uint32_t index[HIL_NN_COPY_AXES - 1] = {0};
    place at = {(const uint8_t *)in + params->in_start * width, (uint8_t *)out + params->out_start * width};
    fill(params, out);
    for (;;) {
        copy_row(params, at);
        int axis = HIL_NN_COPY_AXES - 2;
        for (; axis >= 0; --axis) { /* counts like an odometer */
            at.in += params->in_step[axis] * width;
            at.out += params->out_step[axis] * width;
            if (++index[axis] < params->extent[axis]) {
                break;
            }
            at.in -= (int32_t)params->extent[axis] * params->in_step[axis] * width;
            at.out -= (int32_t)params->extent[axis] * params->out_step[axis] * width;
            index[axis] = 0;
        }
        if (axis < 0) {
            return;
        }
    }
}

void hil_nn_concat(const hil_nn_concat_params *params, const void *const *in, const int32_t *bytes, void *out)
{
    uint8_t *to = out;
    for (uint32_t row = 0; row < params->rows; ++row) {
        for (uint32_t i = 0; i < params->inputs; ++i) {
            const uint8_t *from = (const uint8_t *)in[i] + (int32_t)row * bytes[i];
            for (int32_t b = 0; b < bytes[i]; ++b) {
                *to++ = from[b];
            }
        }
    }
}
