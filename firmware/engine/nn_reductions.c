/* SPDX-License-Identifier: Apache-2.0
 * Reductions beside the mean. The first element starts, the others follow in the order of the axes. */
#include "nn_reduce.h"

/* The body of a kernel: `so_far` becomes FIRST of the first `x`, then NEXT of itself and each further `x`. */
#define FOR_REDUCED(IN_TYPE, SUM_TYPE, FIRST, NEXT, RESULT)                                       \
    do {                                                                                          \
        const hil_nn_reduction *r = &params->reduction;                                           \
        nn_place kept = {0}, reduced = {0};                                                       \
        do {                                                                                      \
            const IN_TYPE *from = in + kept.offset;                                               \
            IN_TYPE x = from[0];                                                                  \
            SUM_TYPE so_far = (FIRST);                                                            \
            while (nn_next_place(r->reduced, r->reduced_step, &reduced)) {                        \
                x = from[reduced.offset];                                                         \
                so_far = (NEXT);                                                                  \
            }                                                                                     \
            *out++ = (RESULT);                                                                    \
        } while (nn_next_place(r->kept, r->kept_step, &kept));                                    \
    } while (0)

#define EXTREME(SUFFIX, TYPE)                                                                                     \
    void hil_nn_reduce_extreme_##SUFFIX(const hil_nn_reduce_params *params, const TYPE *in, TYPE *out)            \
    {                                                                                                             \
        FOR_REDUCED(TYPE, TYPE, x, (params->greatest ? x > so_far : x < so_far) ? x : so_far, so_far);            \
    }

EXTREME(s8, int8_t)
EXTREME(u8, uint8_t)
EXTREME(s16, int16_t)
EXTREME(s32, int32_t)
EXTREME(f32, float)

void hil_nn_sum_f32(const hil_nn_reduce_params *params, const float *in, float *out)
{
    FOR_REDUCED(float, float, 0.0f + x, so_far + x, so_far);
}

void hil_nn_prod_f32(const hil_nn_reduce_params *params, const float *in, float *out)
{
    FOR_REDUCED(float, float, x, so_far *x, so_far);
}

void hil_nn_sum_s32(const hil_nn_reduce_params *params, const int32_t *in, int32_t *out)
{
    FOR_REDUCED(int32_t, uint32_t, (uint32_t)x, so_far + (uint32_t)x, (int32_t)so_far);
}

void hil_nn_prod_s32(const hil_nn_reduce_params *params, const int32_t *in, int32_t *out)
{
    FOR_REDUCED(int32_t, uint32_t, (uint32_t)x, so_far *(uint32_t)x, (int32_t)so_far);
}

void hil_nn_mean_s16(const hil_nn_mean_s8_params *params, const int16_t *in, int16_t *out)
{
    FOR_REDUCED(int16_t, int32_t, x, so_far + x, (int16_t)nn_clamp_s32(nn_rescale(so_far, params->multiplier, params->shift), -32768, 32767));
}

/* Each factor is rescaled as it is taken in; what leaves int32 wraps around, as in the reference. */
#define SCALED_PRODUCT(SUFFIX, TYPE, LEAST, MOST)                                                                                   \
    void hil_nn_prod_##SUFFIX(const hil_nn_mean_s8_params *params, const TYPE *in, TYPE *out)                                       \
    {                                                                                                                               \
        const int32_t multiplier = params->multiplier, shift = params->shift;                                                       \
        FOR_REDUCED(TYPE, int32_t, x + params->in_offset,                                                                           \
                    nn_rescale_wide((int64_t)so_far * (x + params->in_offset), multiplier, shift),                                  \
                    (TYPE)nn_clamp_s32((int32_t)((uint32_t)nn_rescale_wide(so_far, multiplier, shift) + (uint32_t)params->out_offset), \
                                       LEAST, MOST));                                                                               \
    }

SCALED_PRODUCT(s8, int8_t, -128, 127)
SCALED_PRODUCT(s16, int16_t, -32768, 32767)
