/* SPDX-License-Identifier: Apache-2.0
 * What every board's UART has in common: two rings between its interrupt handler and the wire. uart.c implements the bytes'
 * side of board.h on them; a board.c supplies the handler, which only moves bytes between its registers and the rings, and
 * uart_send_enable(). What the bytes mean is the main loop's business. */
#ifndef HIL_ARCH_UART_H
#define HIL_ARCH_UART_H

#include <stdint.h>

#include "fifo.h"

extern fifo uart_rx; /* the handler pushes */
extern fifo uart_tx; /* the handler pops */
extern volatile uint32_t uart_overruns;

/* Supplied by the board. Makes the handler run while the UART has room: called after each byte that was queued. The handler
 * turns that off when it finds uart_tx empty, and nobody else does, so a byte that was queued is never left behind. */
void uart_send_enable(void);

/* Empties the rings. Before the interrupt is enabled. */
void uart_rings_start(void);

/* Returns when the handler has taken every queued byte. The last of them are still in the UART's own registers. */
void uart_rings_drain(void);

/* For the handler: a byte came. */
static inline void uart_received(uint8_t byte) {
    if (!fifo_push(&uart_rx, byte)) {
        uart_overruns++;
    }
}

#endif
