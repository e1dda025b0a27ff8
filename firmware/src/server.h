/* SPDX-License-Identifier: Apache-2.0
 * The board's side of the wire: bytes in, answers out, one sample computed at a time. */
#ifndef HIL_SERVER_H
#define HIL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the engine and tells the host that the board is there. `lost_sample` is what kept_start() returned. */
void server_start(uint32_t lost_sample);

/* Takes received bytes, any number, good or bad. */
void server_receive(const uint8_t *bytes, uint32_t n);

/* Does one piece of work, at most one sample. False when there was nothing to do. */
bool server_poll(void);

#endif
