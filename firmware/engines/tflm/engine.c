/* SPDX-License-Identifier: Apache-2.0
 * The struct of the seam in C: C++ before 20 has no designated initializers. */
#include "adapter.h"

const hil_engine hil_engine_active =
    EXTERNAL_ENGINE(HIL_CAP_LAYER_OUT | HIL_CAP_LAYER_CYCLES, tflm_init, tflm_run, tflm_arena_used);
