/* SPDX-License-Identifier: Apache-2.0
 * Bilinear resizing. Which two rows and columns meet at an output and with what share of the second is in tables. */
#include "nn_internal.h"

void hil_nn_resize_bilinear_f32(const hil_nn_resize_params *params, const float *in, const int32_t *lines, const float *shares, float *out)
{
    const int32_t channels = params->channels, *const columns = lines + 2 * params->out_h;
    const float *const of_columns = shares + params->out_h;
    for (int32_t y = 0; y < params->out_h; ++y) {
        const float *const above = in + lines[2 * y], *const below = in + lines[2 * y + 1];
        const float down = shares[y];
        for (int32_t x = 0; x < params->out_w; ++x) {
            const int32_t left = columns[2 * x], right = columns[2 * x + 1];
            const float across = of_columns[x];
            for (int32_t c = 0; c < channels; ++c) {
                *out++ = above[left + c] * (1.0f - down) * (1.0f - across) + below[left + c] * down * (1.0f - across) +
                         above[right + c] * (1.0f - down) * across + below[right + c] * down * across;
            }
        }
    }
}

void hil_nn_resize_bilinear_s8(const hil_nn_resize_params *params, const int8_t *in, const int32_t *lines, const int32_t *shares,
                               int8_t *out)
{
    const int32_t channels = params->channels, *const columns = lines + 2 * params->out_h;
    const int32_t *const of_columns = shares + params->out_h;
    for (int32_t y = 0; y < params->out_h; ++y) {
        const int8_t *const above = in + lines[2 * y], *const below = in + lines[2 * y + 1];
        const int32_t down = shares[y];
        for (int32_t x = 0; x < params->out_w; ++x) {
            const int32_t left = columns[2 * x], right = columns[2 * x + 1], across = of_columns[x];
            for (int32_t c = 0; c < channels; ++c) {
                const int32_t sum = above[left + c] * (1024 - down) * (1024 - across) + below[left + c] * down * (1024 - across) +
                                    above[right + c] * (1024 - down) * across + below[right + c] * down * across;
                *out++ = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
            }
        }
    }
}
