/* SPDX-License-Identifier: Apache-2.0
 * Printing: text to the host that damages no frame. It stands in serial.log, and a test reads it with dut.expect(). */
#ifndef HIL_LOG_H
#define HIL_LOG_H

#include <stdint.h>

/* Sends the text, any length, in LOG frames of its own. Lines end in "\n"; what has none yet is shown when more comes.
 * From the main loop alone (start-up behind board_init(), the engine, whatever those call): never from an interrupt, and never
 * from board_tx_write(), since a frame may be under way there. Waits when the send queue is full, so it costs time where
 * it is called: within the engine's run it is in that run's cycles. */
void hil_log(const char *text);

/* The same for `n` bytes of UTF-8: what a C library's _write() is given. */
void hil_log_bytes(const char *text, uint32_t n);

#endif
