/* SPDX-License-Identifier: Apache-2.0
 * Frames to the host: one at a time, numbered. */
#ifndef HIL_LINK_H
#define HIL_LINK_H

#include <stdint.h>

#include "wire/frame.h"

/* The next frame has number 0 again. */
void link_restart(void);

/* Begins a frame; the caller puts the body and then ends it. */
frame_encoder *link_begin(uint8_t type);
void link_end(void);

#endif
