/* SPDX-License-Identifier: Apache-2.0
 * See uart.h and board.h. */
#include "uart.h"

#include "board.h"
#include "config.h"
#include "cortex_m.h"

static uint8_t rx_bytes[HIL_RX_RING];
static uint8_t tx_bytes[HIL_TX_RING];
fifo uart_rx, uart_tx;
volatile uint32_t uart_overruns;

void uart_rings_start(void) {
    fifo_init(&uart_rx, rx_bytes, sizeof rx_bytes);
    fifo_init(&uart_tx, tx_bytes, sizeof tx_bytes);
}

void uart_rings_drain(void) {
    while (fifo_used(&uart_tx) != 0) {
        /* at the line's speed, by interrupt */
    }
}

uint32_t board_rx_read(uint8_t *to, uint32_t max) {
    return fifo_read(&uart_rx, to, max);
}

uint32_t board_rx_overruns(void) {
    return uart_overruns;
}

/* Sleeps unless the answer is already there. Looking and sleeping with interrupts masked closes the gap between the two;
 * a pending interrupt still ends WFI, and runs as soon as they are allowed again. */
static void sleep_while_full(void) {
    uint32_t primask = irq_mask();
    if (fifo_free(&uart_tx) == 0) {
        wait_for_interrupt();
    }
    irq_restore(primask);
}

void board_tx_write(const uint8_t *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        while (!fifo_push(&uart_tx, from[i])) {
            sleep_while_full();
        }
        uart_send_enable();
    }
}

void board_idle(void) {
    uint32_t primask = irq_mask();
    if (fifo_used(&uart_rx) == 0 && !board_alarm_due()) {
        wait_for_interrupt();
    }
    irq_restore(primask);
}
