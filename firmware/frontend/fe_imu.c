/* SPDX-License-Identifier: Apache-2.0 */
#include "fe_imu.h"

#include "fe_tap.h"
#include "nn_internal.h"

enum { STAGE_RANGE, STAGE_ROW };

void fe_imu_reset(void *state)
{
    (void)state; /* nothing is kept */
}

static NN_NOINLINE void range(const float *samples, float *ends)
{
    float least = samples[0], greatest = samples[0];
    NN_ROLLED
    for (const float *x = samples; x < samples + FE_IMU_INSTANTS * FE_IMU_AXES; x += FE_IMU_AXES) {
        const float a = x[0], b = x[1], c = x[2];
        least = a < least ? a : least;
        greatest = a > greatest ? a : greatest;
        least = b < least ? b : least;
        greatest = b > greatest ? b : greatest;
        least = c < least ? c : least;
        greatest = c > greatest ? c : greatest;
    }
    ends[0] = least + 0.0f; /* 0 for -0: which of them came first is not to be seen in the row */
    ends[1] = greatest + 0.0f;
}

/* One group of axes; `step` from an instant's value to the next one's, `apart` from axis to axis. */
static NN_NOINLINE void scaled(const float *samples, const float *ends, float *out, uint32_t step, uint32_t apart)
{
    const float least = ends[0], span = ends[1] - ends[0];
    float *const first = out, *const second = out + apart, *const third = out + 2 * apart;
    const uint32_t moves = span > 0.0f;
    NN_ROLLED
    for (uint32_t at = 0; at < FE_IMU_INSTANTS * step; at += step, samples += FE_IMU_AXES) {
        /* A true division: the product with 1 / span has other bits. */
        first[at] = moves ? (samples[0] - least) / span : 0.0f;
        second[at] = moves ? (samples[1] - least) / span : 0.0f;
        third[at] = moves ? (samples[2] - least) / span : 0.0f;
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
