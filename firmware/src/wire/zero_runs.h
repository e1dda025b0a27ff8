/* SPDX-License-Identifier: Apache-2.0
 * Encoding 1 of a chunk: n < 0x80 is followed by n+1 literal bytes, n >= 0x80 stands for n - 0x7E zero bytes. */
#ifndef HIL_WIRE_ZERO_RUNS_H
#define HIL_WIRE_ZERO_RUNS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the `n` encoded bytes stand for exactly `size` bytes. Reads nothing behind them. */
bool zero_runs_fit(const uint8_t *encoded, uint32_t n, uint32_t size);

/* Decodes into `to`. Only for what zero_runs_fit() has passed. */
void zero_runs_decode(const uint8_t *encoded, uint32_t n, uint8_t *to);

#endif
