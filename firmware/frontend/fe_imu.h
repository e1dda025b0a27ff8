/* SPDX-License-Identifier: Apache-2.0
 * The IMU's scaling; harness/data/features/imu.py says what it computes. */
#ifndef HIL_FE_IMU_H
#define HIL_FE_IMU_H

#include "hil_frontend.h"

enum { FE_IMU_INSTANTS = 400, FE_IMU_AXES = 6, FE_IMU_GROUP = 3 };

typedef struct {
    uint8_t channels_first; /* else last */
} fe_imu_tables;

typedef struct {
    float range[4]; /* least and greatest of the accelerations, of the turn rates */
} fe_imu_state;

void fe_imu_reset(void *state);
void fe_imu_compute(const hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context);
void fe_imu_encode(const hil_frontend *self, const void *row, const hil_tensor *tensor, void *out);

#endif
