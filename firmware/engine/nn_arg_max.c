/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_internal.h"

/* The first of the extreme values of in[0], in[inner], ...; `sign` -1 looks for the least. */
void hil_nn_arg_max_s8(const hil_nn_arg_max_params *params, const int8_t *in, int32_t *out)
{
    const int32_t sign = params->least ? -1 : 1;
    for (uint32_t row = 0; row < params->outer; ++row, in += params->axis * params->inner) {
        for (uint32_t column = 0; column < params->inner; ++column) {
            int32_t best = 0;
            for (uint32_t i = 1; i < params->axis; ++i) {
                if (sign * in[i * params->inner + column] > sign * in[(uint32_t)best * params->inner + column]) {
                    best = (int32_t)i;
                }
            }
            *out++ = best;
        }
    }
}

void hil_nn_arg_max_f32(const hil_nn_arg_max_params *params, const float *in, int32_t *out)
{
    const float sign = params->least ? -1.0f : 1.0f;
    for (uint32_t row = 0; row < params->outer; ++row, in += params->axis * params->inner) {
        for (uint32_t column = 0; column < params->inner; ++column) {
            int32_t best = 0;
            for (uint32_t i = 1; i < params->axis; ++i) {
                if (sign * in[i * params->inner + column] > sign * in[(uint32_t)best * params->inner + column]) {
                    best = (int32_t)i;
                }
            }
            *out++ = best;
        }
    }
}
