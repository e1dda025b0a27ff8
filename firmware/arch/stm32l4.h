/* SPDX-License-Identifier: Apache-2.0
 * What boards with an STM32L4 or L4+ have in common: the steps to a PLL clock, USART2, why the chip started. For a board.c
 * alone, which includes it once and adds what differs: board_init() with its clock's figures, and uart_pins(). Register
 * layouts and sequences from RM0351 (L4) and RM0432 (L4+), alike in all that is used here; chapters are theirs. */
#ifndef HIL_ARCH_STM32L4_H
#define HIL_ARCH_STM32L4_H

#include "board.h"

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "cortex_m.h"
#include "uart.h"
#include "wire/messages.h"

/* RCC */
#define RCC_CR REG32(0x40021000u)
#define RCC_CFGR REG32(0x40021008u)
#define RCC_PLLCFGR REG32(0x4002100Cu)
#define RCC_AHB1ENR REG32(0x40021048u)
#define RCC_AHB2ENR REG32(0x4002104Cu)
#define RCC_APB1ENR1 REG32(0x40021058u)
#define RCC_CCIPR REG32(0x40021088u)
#define RCC_CSR REG32(0x40021094u)
/* PWR */
#define PWR_CR1 REG32(0x40007000u)
#define PWR_SR2 REG32(0x40007014u)
/* FLASH */
#define FLASH_ACR REG32(0x40022000u)
/* USART2 */
#define USART2_CR1 REG32(0x40004400u)
#define USART2_BRR REG32(0x4000440Cu)
#define USART2_ISR REG32(0x4000441Cu)
#define USART2_ICR REG32(0x40004420u)
#define USART2_RDR REG32(0x40004424u)
#define USART2_TDR REG32(0x40004428u)
#define USART2_IRQ 38u
#define usart2_handler irq_38_handler /* the name that arch/startup.c has for it */

enum { ISR_ORE = 1u << 3, ISR_RXNE = 1u << 5, ISR_TC = 1u << 6, ISR_TXE = 1u << 7 };
enum { CR1_UE = 1u << 0, CR1_RE = 1u << 2, CR1_TE = 1u << 3, CR1_RXNEIE = 1u << 5, CR1_TXEIE = 1u << 7 };

/* Device electronic signature: 96 bits */
#define UNIQUE_ID 0x1FFF7590u

#define HSI_HZ 16000000u
#define MSI_HZ 4000000u
enum { SW_HSI = 1u, SWS_HSI = 1u << 2, SW_PLL = 3u, SWS_PLL = 3u << 2, SWS = 3u << 2, HPRE_DIV2 = 8u << 4 };
enum { PLLCFGR_HSI = 2u, PLLCFGR_PLLREN = 1u << 24 };
#define PLLCFGR_M(m) (((m) - 1u) << 4)
#define PLLCFGR_N(n) ((uint32_t)(n) << 8)

static uint32_t core_hz = MSI_HZ; /* the reset state; PCLK1 is the same */
static uint8_t reset_cause;

void usart2_handler(void);

/* Supplied by the board: the clocks of the port and the pins of USART2 as its alternate function. */
static void uart_pins(void);

/* Leaves the core on HSI16 in voltage range 1, from where the PLL may start (chapters RCC and PWR). False when a step did
 * not come: the core is then on MSI or HSI16, and core_hz says which. */
static bool clock_to_hsi16(void) {
    enum { HSION = 1u << 8, HSIRDY = 1u << 10, VOS_RANGE_1 = 1u << 9, VOS_MASK = 3u << 9, VOSF = 1u << 10 };

    RCC_CR |= HSION;
    if (!comes(&RCC_CR, HSIRDY, HSIRDY)) {
        return false;
    }
    RCC_CFGR = SW_HSI;
    if (!comes(&RCC_CFGR, SWS, SWS_HSI)) {
        RCC_CFGR = 0;
        return false;
    }
    core_hz = HSI_HZ;
    RCC_APB1ENR1 |= 1u << 28; /* PWR */
    (void)RCC_APB1ENR1;
    PWR_CR1 = (PWR_CR1 & ~(uint32_t)VOS_MASK) | VOS_RANGE_1;
    return comes(&PWR_SR2, VOSF, 0);
}

/* Locks the PLL (`pllcfgr` without PLLREN), sets the flash's wait states and puts the core on the PLL, divided by
 * `prescaler` (a value of HPRE). False leaves it on HSI16. */
static bool clock_to_pll(uint32_t pllcfgr, uint32_t wait_states, uint32_t prescaler) {
    enum { PLLON = 1u << 24, PLLRDY = 1u << 25, CACHES = 7u << 8 };

    RCC_PLLCFGR = pllcfgr;
    RCC_CR |= PLLON;
    if (!comes(&RCC_CR, PLLRDY, PLLRDY)) {
        return false;
    }
    RCC_PLLCFGR |= PLLCFGR_PLLREN;
    FLASH_ACR = wait_states | CACHES;
    if (!comes(&FLASH_ACR, 0xFu, wait_states)) {
        return false;
    }
    RCC_CFGR = prescaler | SW_PLL;
    if (!comes(&RCC_CFGR, SWS, SWS_PLL)) {
        RCC_CFGR = SW_HSI;
        return false;
    }
    return true;
}

/* Oversampling by 16: BRR is the divider itself, rounded to the nearest. Writable only while the USART is off. */
static void set_divider(uint32_t baud) {
    USART2_BRR = (core_hz + baud / 2u) / baud;
}

static void uart_start(void) {
    uart_rings_start();
    uart_pins();
#ifdef HIL_NEEDS_CRC_CLOCK /* ST's libraries ask the CRC unit whether this is one of ST's parts */
    RCC_AHB1ENR |= 1u << 12; /* CRC */
#endif
    RCC_APB1ENR1 |= 1u << 17; /* USART2 */
    (void)RCC_APB1ENR1;
    RCC_CCIPR &= ~(3u << 2); /* from PCLK1, which is the core's clock here */
    set_divider(HIL_BAUD);
    USART2_CR1 = CR1_UE | CR1_RE | CR1_TE | CR1_RXNEIE;
    NVIC_IPR(USART2_IRQ) = PRIORITY_UART;
    NVIC_ISER(USART2_IRQ) = 1u << (USART2_IRQ % 32u);
}

/* The pin is set with every reset, so it is the cause only when nothing else is. */
static uint8_t take_reset_cause(void) {
    uint32_t csr = RCC_CSR;
    RCC_CSR = csr | 1u << 23; /* RMVF */
    if ((csr & (1u << 29 | 1u << 30)) != 0) {
        return HIL_RESET_WATCHDOG;
    }
    if ((csr & 1u << 28) != 0) {
        return HIL_RESET_SOFTWARE;
    }
    if ((csr & 1u << 27) != 0) {
        return HIL_RESET_POWER;
    }
    return (csr & 1u << 26) != 0 ? HIL_RESET_PIN : HIL_RESET_UNKNOWN;
}

/* Reading RDR clears RXNE; ORE needs its own clear. */
void usart2_handler(void) {
    uint32_t status = USART2_ISR;
    if ((status & ISR_ORE) != 0) {
        USART2_ICR = ISR_ORE;
        uart_overruns++;
    }
    if ((status & ISR_RXNE) != 0) {
        uart_received((uint8_t)USART2_RDR);
    }
    if ((status & ISR_TXE) != 0 && (USART2_CR1 & CR1_TXEIE) != 0) {
        uint8_t byte;
        if (fifo_pop(&uart_tx, &byte)) {
            USART2_TDR = byte;
        } else {
            USART2_CR1 &= ~(uint32_t)CR1_TXEIE;
        }
    }
}

void uart_send_enable(void) {
    USART2_CR1 |= CR1_TXEIE;
}

void board_set_baud(uint32_t baud) {
    uart_rings_drain();
    (void)comes(&USART2_ISR, ISR_TC, ISR_TC); /* the last byte has left the shift register: 87 us at 115200 */
    USART2_CR1 &= ~(uint32_t)CR1_UE;
    set_divider(baud);
    USART2_CR1 |= CR1_UE;
}

uint32_t board_clock_hz(void) {
    return core_hz;
}

uint8_t board_clock_source(void) {
    return HIL_CLOCK_INTERNAL;
}

uint32_t board_chip_id(uint8_t *to) {
    return peek(to, UNIQUE_ID, 12);
}

uint8_t board_reset_cause(void) {
    return reset_cause;
}

#endif
