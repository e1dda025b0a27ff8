/* SPDX-License-Identifier: Apache-2.0
 * Encoding 3: `stride:u16`, a width of 0 to 8 bits for every 8 bytes (two widths a byte, the lower half first), then each
 * block's differences in that many bits, the lowest first; a block begins at a byte. A byte's difference is that to the byte
 * `stride` before it (to the one just before it among the first `stride`; to 0 at the very first), zig-zag: 0 -1 1 -2 2... */
#ifndef HIL_WIRE_DIFFERENCES_H
#define HIL_WIRE_DIFFERENCES_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the `n` encoded bytes stand for exactly `size` bytes (65,535 at most). Reads nothing behind them. */
bool differences_fit(const uint8_t *encoded, uint32_t n, uint32_t size);

/* Decodes `size` bytes into `to`. Only for what differences_fit() has passed with that size. */
void differences_decode(const uint8_t *encoded, uint32_t size, uint8_t *to);

#endif
