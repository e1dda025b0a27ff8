/* SPDX-License-Identifier: Apache-2.0
 * What the data of a CHUNK may be written in. Any bytes are safe: what does not fit is refused before anything is written. */
#ifndef HIL_WIRE_ENCODINGS_H
#define HIL_WIRE_ENCODINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

/* Of HELLO's capabilities: everything that encoding_decode() reads beside raw data. */
#define ENCODINGS_CAPABILITIES ((uint32_t)HIL_WIRE_CAP_ZERO_RUNS | HIL_WIRE_CAP_FILL_RUNS | HIL_WIRE_CAP_DIFFERENCES)

/* Whether there is such an encoding. */
bool encoding_known(uint8_t encoding);

/* Whether the `n` bytes of `data` stand for exactly `size` bytes in it. Reads nothing behind them. */
bool encoding_fits(uint8_t encoding, const uint8_t *data, uint32_t n, uint32_t size);

/* Writes the `size` bytes to `to`. Only for what encoding_fits() has passed with that size. */
void encoding_decode(uint8_t encoding, const uint8_t *data, uint32_t n, uint32_t size, uint8_t *to);

#endif
