/* SPDX-License-Identifier: Apache-2.0
 * What the firmware needs of a board. The first part is boards/<name>/board.c's, with the interrupt handler of its UART and
 * uart_send_enable() (arch/uart.h); the rest comes with arch/ for every Cortex-M. boards/native supplies it all. So a new
 * board is board.toml and board.c alone. */
#ifndef HIL_BOARD_H
#define HIL_BOARD_H

#include <stdint.h>

/* Called once, first. Clocks, UART at HIL_BAUD 8N1, cycle counter. */
void board_init(void);

/* Waits until everything queued has left at the old baud, then changes. `baud` is one of HIL_BAUDS. */
void board_set_baud(uint32_t baud);

/* What board_cycles() counts in a second. */
uint32_t board_clock_hz(void);

/* Where that clock comes from, HIL_CLOCK_*: as it runs now, not as it was meant to. */
uint8_t board_clock_source(void);

/* The chip's own unique id, in the order of its memory, HIL_WIRE_MAX_CHIP_ID bytes at most; returns how many. 0 where there is
 * none, or where it cannot be read. The harness reads the same bytes through the probe: board.toml says where. */
uint32_t board_chip_id(uint8_t *to);

/* Why the hardware says it started, HIL_RESET_*; UNKNOWN where it cannot say. */
uint8_t board_reset_cause(void);

/* ---- with the architecture ---- */

/* Takes at most `max` received bytes; returns how many, 0 when there are none. Never waits. */
uint32_t board_rx_read(uint8_t *to, uint32_t max);

/* Bytes lost on their way to board_rx_read since the start: line overruns, and a full ring. */
uint32_t board_rx_overruns(void);

/* Queues n bytes and returns; waits for room only when the queue is full. Sending goes on by itself. */
void board_tx_write(const uint8_t *from, uint32_t n);

/* A free running counter at board_clock_hz(). Only differences mean something, and it may stand still in board_idle(). */
uint64_t board_cycles(void);

/* One alarm, for time-outs that must end the sleep: due 500 ms or a little more after it was set. */
void board_alarm_set(void);
void board_alarm_stop(void);
int board_alarm_due(void);

/* Sleeps until a byte comes, the alarm is due or something else wakes the core. Must not miss a byte that comes
 * between the caller's last look and the sleep. */
void board_idle(void);

/* High-water mark and size of the stack in bytes. */
uint32_t stack_peak_bytes(void);
uint32_t stack_size_bytes(void);

#endif
