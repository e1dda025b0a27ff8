/* SPDX-License-Identifier: Apache-2.0 */
#include "fe_imu.h"

#include "fe_tap.h"

enum { STAGE_RANGE, STAGE_ROW };

void fe_imu_reset(void *state)
{
    (void)state; /* nothing is kept */
}

static void range(const float *samples, float *ends)
{
    float least = samples[0], greatest = samples[0];
    for (const float *x = samples; x < samples + FE_IMU_INSTANTS * FE_IMU_AXES; x += FE_IMU_AXES) {
        for (uint32_t axis = 0; axis < FE_IMU_GROUP; ++axis) {
            least = x[axis] < least ? x[axis] : least;
            greatest = x[axis] > greatest ? x[axis] : greatest;
        }
    }
    ends[0] = least;
    ends[1] = greatest;
}

/* One group of axes; `step` from an instant's value to the next one's, `apart` from axis to axis. */
static void scaled(const float *samples, const float *ends, float *out, uint32_t step, uint32_t apart)
{
    const float least = ends[0], span = ends[1] - ends[0];
    for (uint32_t i = 0; i < FE_IMU_INSTANTS; ++i, samples += FE_IMU_AXES, out += step) {
        for (uint32_t axis = 0; axis < FE_IMU_GROUP; ++axis) {
            /* A true division: the product with 1 / span has other bits. */
            out[axis * apart] = span > 0.0f ? (samples[axis] - least) / span : 0.0f;
        }
    }
}

void fe_imu_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context)
{
    const fe_imu_tables *const tables = self->tables;
    fe_imu_state *const s = state;
    const float *const samples = window;
    float *const out = row;
    const uint32_t step = tables->channels_first ? 1 : FE_IMU_AXES, apart = tables->channels_first ? FE_IMU_INSTANTS : 1;
    range(samples, s->range);
    range(samples + FE_IMU_GROUP, s->range + 2);
    fe_tap(tap, context, STAGE_RANGE, s->range, sizeof s->range);
    scaled(samples, s->range, out, step, apart);
    scaled(samples + FE_IMU_GROUP, s->range + 2, out + FE_IMU_GROUP * apart, step, apart);
    fe_tap(tap, context, STAGE_ROW, row, FE_IMU_INSTANTS * FE_IMU_AXES * sizeof *out);
}

void fe_imu_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out)
{
    fe_put_reals(out, row, self->values, tensor);
}
