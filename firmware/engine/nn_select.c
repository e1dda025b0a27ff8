/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_reduce.h"

NN_INLINE void copy_one(const uint8_t *from, uint8_t *to, uint32_t width)
{
    for (uint32_t i = 0; i < width; ++i) {
        to[i] = from[i];
    }
}

void hil_nn_select(const hil_nn_select_params *params, const uint8_t *condition, const void *a, const void *b, void *out)
{
    nn_place of_condition = {0}, of_a = {0}, of_b = {0};
    const int32_t width = (int32_t)params->width;
    uint8_t *to = out;
    int more;
    do {
        const uint8_t *from = condition[of_condition.offset] ? (const uint8_t *)a + of_a.offset * width
                                                             : (const uint8_t *)b + of_b.offset * width;
        copy_one(from, to, params->width);
        to += width;
        more = nn_next_place(params->extent, params->step_condition, &of_condition);
        nn_next_place(params->extent, params->step_a, &of_a);
        nn_next_place(params->extent, params->step_b, &of_b);
    } while (more);
}
