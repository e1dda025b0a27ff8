/* SPDX-License-Identifier: Apache-2.0
 * Tokens of encodings 1 and 2: n < 0x80 is followed by n+1 literal bytes, n >= 0x80 stands for n - 0x7E times `fill`. */
#ifndef HIL_WIRE_RUNS_H
#define HIL_WIRE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the `n` bytes of tokens stand for exactly `size` bytes. Reads nothing behind them. */
bool runs_fit(const uint8_t *tokens, uint32_t n, uint32_t size);

/* Decodes into `to`. Only for what runs_fit() has passed. */
void runs_decode(const uint8_t *tokens, uint32_t n, uint8_t fill, uint8_t *to);

#endif
