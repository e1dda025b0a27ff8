/* SPDX-License-Identifier: Apache-2.0
 * What boards with an STM32 have in common once their clocks run: USART2 behind the rings, and why the chip started. For one
 * board.c, which includes it once, after the family's names (stm32l4.h has those of the L4 and L4+):
 *
 *   USART2_CR1, USART2_BRR, USART2_STATUS, USART2_RECEIVED, USART2_TO_SEND   registers
 *   USART2_CR1_UE, RCC_CSR_RMVF, RESET_BY_POWER                              the bits that lie elsewhere in each family
 *   RCC_CSR, UNIQUE_ID_AT                                                    a register; the address of the chip's id
 *   UART_HZ, core_hz, CLOCK_SOURCE                                           what clocks USART2 and the core now, and from where
 *   uart_pins(), clear_overrun()                                             see below */
#ifndef HIL_ARCH_STM32_H
#define HIL_ARCH_STM32_H

#include "board.h"

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "cortex_m.h"
#include "uart.h"
#include "wire/messages.h"

#define USART2_IRQ 38u
#define usart2_handler irq_38_handler /* the name that arch/startup.c has for it */

/* Of pins: USART2 among the alternate functions; their modes. */
#define AF7 7u
#define ALTERNATE 2u
#define PULLED_UP 1u

#define USART2_STATUS_ORE (1u << 3)
#define USART2_STATUS_RXNE (1u << 5)
#define USART2_STATUS_TC (1u << 6)
#define USART2_STATUS_TXE (1u << 7)
#define USART2_CR1_RE (1u << 2)
#define USART2_CR1_TE (1u << 3)
#define USART2_CR1_RXNEIE (1u << 5)
#define USART2_CR1_TXEIE (1u << 7)
#define RCC_CSR_PINRSTF (1u << 26)
#define RCC_CSR_SFTRSTF (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

static uint8_t reset_cause;
static volatile bool sending; /* TXEIE, known without a read over the bus for every byte */

void usart2_handler(void);

/* Supplied before. The clocks of the port and of USART2, and its pins as their alternate function. */
static void uart_pins(void);

/* Supplied before. Ends the overrun that `status` shows; a byte that it also shows is read afterwards. */
static inline void clear_overrun(uint32_t status);

/* Oversampling by 16: BRR is the divider itself, rounded to the nearest. Writable only while the USART is off. */
static void set_divider(uint32_t baud) {
    USART2_BRR = (UART_HZ + baud / 2u) / baud;
}

static void uart_start(void) {
    uart_rings_start();
    uart_pins();
    set_divider(HIL_BAUD);
    USART2_CR1 = USART2_CR1_UE | USART2_CR1_RE | USART2_CR1_TE | USART2_CR1_RXNEIE;
    nvic_enable(USART2_IRQ, PRIORITY_UART);
}

/* The pin is set with every reset, so it is the cause only when nothing else is. */
static uint8_t take_reset_cause(void) {
    uint32_t csr = RCC_CSR;
    RCC_CSR = csr | RCC_CSR_RMVF;
    if ((csr & (RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0) {
        return HIL_RESET_WATCHDOG;
    }
    if ((csr & RCC_CSR_SFTRSTF) != 0) {
        return HIL_RESET_SOFTWARE;
    }
    if ((csr & RESET_BY_POWER) != 0) {
        return HIL_RESET_POWER;
    }
    return (csr & RCC_CSR_PINRSTF) != 0 ? HIL_RESET_PIN : HIL_RESET_UNKNOWN;
}

/* It must take each byte before the next one is there: the USART holds one beside the one that it receives. At 921600 baud
 * and 180 MHz that is 10.85 us or 1953 cycles. Taking a byte is 43 instructions (disassembly, zig 0.15 -O2), some 115 cycles
 * by the manual's timings with entry, exit and three reads over APB1 (not measured): 6 % of the core at full load. Nothing
 * but a fault has a higher priority, and interrupts are masked for some ten instructions at most, so a byte waits for less
 * than a tenth of its time, whatever the engine does. The ring holds all that the host may send while it computes.
 *
 * It stays as long as there is something to take or to give: on a chip that is one byte, at most two to give. An emulator has
 * more of them ready, and entering and leaving the handler is what costs it most. */
void usart2_handler(void) {
    uint32_t status = USART2_STATUS;
    for (;;) {
        if ((status & USART2_STATUS_ORE) != 0) {
            clear_overrun(status);
            uart_overruns++;
        }
        if ((status & USART2_STATUS_RXNE) == 0) {
            break;
        }
        uart_received((uint8_t)USART2_RECEIVED);
        status = USART2_STATUS;
    }
    while (sending && (status & USART2_STATUS_TXE) != 0) {
        uint8_t byte;
        if (fifo_pop(&uart_tx, &byte)) {
            USART2_TO_SEND = byte;
            status = USART2_STATUS;
        } else {
            USART2_CR1 &= ~USART2_CR1_TXEIE;
            sending = false;
        }
    }
}

/* Flag and bit change together, or the handler could be asked for what it does not do, without end. */
void uart_send_enable(void) {
    if (!sending) {
        uint32_t primask = irq_mask();
        sending = true;
        USART2_CR1 |= USART2_CR1_TXEIE;
        irq_restore(primask);
    }
}

void board_set_baud(uint32_t baud) {
    uart_rings_drain();
    /* The last byte has left the shift register: 87 us at 115200. */
    (void)comes(&USART2_STATUS, USART2_STATUS_TC, USART2_STATUS_TC);
    USART2_CR1 &= ~USART2_CR1_UE;
    set_divider(baud);
    USART2_CR1 |= USART2_CR1_UE;
}

uint32_t board_clock_hz(void) {
    return core_hz;
}

uint8_t board_clock_source(void) {
    return CLOCK_SOURCE;
}

uint32_t board_chip_id(uint8_t *to) {
    return peek(to, UNIQUE_ID_AT, 12);
}

uint8_t board_reset_cause(void) {
    return reset_cause;
}

#endif
