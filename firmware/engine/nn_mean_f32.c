/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_reduce.h"

void hil_nn_mean_f32(const hil_nn_mean_f32_params *params, const float *in, float *out)
{
    const hil_nn_reduction *r = &params->reduction;
    nn_place kept = {0}, reduced = {0};
    uint32_t count = 1;
    for (int axis = 0; axis < HIL_NN_AXES; ++axis) {
        count *= r->reduced[axis];
    }
    do {
        const float *from = in + kept.offset;
        float sum = 0.0f;
        do {
            sum += from[reduced.offset];
        } while (nn_next_place(r->reduced, r->reduced_step, &reduced));
        *out++ = sum / (float)count;
    } while (nn_next_place(r->kept, r->kept_step, &kept));
}
