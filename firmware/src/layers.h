/* SPDX-License-Identifier: Apache-2.0
 * Per-layer mode: runs the sample that lies in the engine's inputs again and tells of its layers. */
#ifndef HIL_LAYERS_H
#define HIL_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

/* Takes a LAYERS_REQUEST or LAYER_DATA_REQUEST (`type`, whose body has its size). It is answered by layers_poll(); a newer
 * request takes the place of one that was not begun. Returns 0, or the HIL_ERR_* that refuses it. */
uint8_t layers_request(uint8_t type, uint16_t seq, const uint8_t *body);

/* Answers the request that waits. False when there is none. */
bool layers_poll(void);

/* Forgets it. */
void layers_reset(void);

#endif
