/* SPDX-License-Identifier: Apache-2.0
 * The C side of the TFLM adapter. */
#ifndef HIL_ENGINES_TFLM_ADAPTER_H
#define HIL_ENGINES_TFLM_ADAPTER_H

#include "external.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The model file, in flash, 16-byte aligned: generated from the .tflite. */
extern const uint8_t hil_model_file[];

int tflm_init(void *arena, uint32_t bytes);
int tflm_run(hil_layer_cb callback, void *context);
uint32_t tflm_arena_used(void);

#ifdef __cplusplus
}
#endif

#endif
