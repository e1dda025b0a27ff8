/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_reduce.h"

void hil_nn_mean_s8(const hil_nn_mean_s8_params *params, const int8_t *in, int8_t *out)
{
    const hil_nn_reduction *r = &params->reduction;
    nn_place kept = {0}, reduced = {0};
    do {
        const int8_t *from = in + kept.offset;
        int32_t sum = 0;
        do {
            sum += from[reduced.offset] + params->in_offset;
        } while (nn_next_place(r->reduced, r->reduced_step, &reduced));
        const int32_t mean = nn_rescale(sum, params->multiplier, params->shift) + params->out_offset;
        *out++ = (int8_t)nn_clamp_s32(mean, -128, 127);
    } while (nn_next_place(r->kept, r->kept_step, &kept));
}
