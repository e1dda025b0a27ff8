/* SPDX-License-Identifier: Apache-2.0
 * STEVAL-STWINKT1: 120 MHz from the internal oscillator, USART2 on PD5/PD6. Register layouts and sequences from RM0432;
 * chapters are its.
 *
 * Which UART: the kit's own console is USB CDC, which needs a USB stack. USART2 on PD5/PD6 goes to the programming
 * connector, where an STLINK-V3MINI is a virtual COM port. Not checked on a board: if your kit differs, this file and the
 * pins in harness/virtual/soc/stm32l4r9zi.py are what changes. */
#include "board.h"

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "cortex_m.h"
#include "fifo.h"
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
#define PWR_CR5 REG32(0x40007080u)
/* FLASH */
#define FLASH_ACR REG32(0x40022000u)
/* GPIOD */
#define GPIOD_MODER REG32(0x48000C00u)
#define GPIOD_PUPDR REG32(0x48000C0Cu)
#define GPIOD_AFRL REG32(0x48000C20u)
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

#define HSI_HZ 16000000u
#define MSI_HZ 4000000u
#define PLL_HZ 120000000u

static uint32_t core_hz = MSI_HZ; /* the reset state */
static uint32_t uart_hz = MSI_HZ;
static uint8_t reset_cause;

static uint8_t rx_bytes[HIL_RX_RING];
static uint8_t tx_bytes[HIL_TX_RING];
static fifo rx, tx;
static volatile uint32_t overruns;

void usart2_handler(void);

/* A flag that never comes must not hang a board: every wait for hardware ends. 100 000 reads are over 2 ms at 120 MHz
 * and far more at 4; the slowest flag (PLL lock) takes 40 us. */
static bool comes(volatile const uint32_t *reg, uint32_t mask, uint32_t value) {
    for (uint32_t i = 0; i < 100000u; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

/* PLL = HSI16 / 4 * 60 / 2. Over 80 MHz needs range 1 boost mode, five wait states, and a microsecond at half the speed
 * on the way up (chapters PWR, "dynamic voltage scaling", and RCC, "system clock selection"). False leaves the core on
 * the clock that it had: MSI, or HSI16 when that came up. */
static bool clock_to_120_mhz(void) {
    enum { HSION = 1u << 8, HSIRDY = 1u << 10, PLLON = 1u << 24, PLLRDY = 1u << 25 };
    enum { VOS_RANGE_1 = 1u << 9, VOS_MASK = 3u << 9, VOSF = 1u << 10, R1MODE_NORMAL = 1u << 8 };
    enum { LATENCY_5 = 5u, CACHES = 7u << 8, SW_HSI = 1u, SWS_HSI = 1u << 2, SW_PLL = 3u, SWS_PLL = 3u << 2, SWS = 3u << 2 };
    enum { HPRE_DIV2 = 8u << 4, PLL_HSI = 2u, PLLM_4 = 3u << 4, PLLN_60 = 60u << 8, PLLREN = 1u << 24 }; /* PLLR 0: /2 */

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
    uart_hz = HSI_HZ;
    RCC_APB1ENR1 |= 1u << 28; /* PWR */
    (void)RCC_APB1ENR1;
    PWR_CR1 = (PWR_CR1 & ~(uint32_t)VOS_MASK) | VOS_RANGE_1;
    if (!comes(&PWR_SR2, VOSF, 0)) {
        return false;
    }
    PWR_CR5 &= ~(uint32_t)R1MODE_NORMAL;
    RCC_PLLCFGR = PLL_HSI | PLLM_4 | PLLN_60;
    RCC_CR |= PLLON;
    if (!comes(&RCC_CR, PLLRDY, PLLRDY)) {
        return false;
    }
    RCC_PLLCFGR |= PLLREN;
    FLASH_ACR = LATENCY_5 | CACHES;
    if (!comes(&FLASH_ACR, 0xFu, LATENCY_5)) {
        return false;
    }
    RCC_CFGR = HPRE_DIV2 | SW_PLL;
    if (!comes(&RCC_CFGR, SWS, SWS_PLL)) {
        RCC_CFGR = SW_HSI;
        return false;
    }
    (void)comes(&RCC_CFGR, 0, 1u); /* never true: 100 000 reads at 60 MHz are the microsecond, many times over */
    RCC_CFGR = SW_PLL;
    return true;
}

/* Oversampling by 16: BRR is the divider itself, rounded to the nearest. Writable only while the USART is off. */
static void set_divider(uint32_t baud) {
    USART2_BRR = (uart_hz + baud / 2u) / baud;
}

static void uart_start(void) {
    fifo_init(&rx, rx_bytes, sizeof rx_bytes);
    fifo_init(&tx, tx_bytes, sizeof tx_bytes);
    RCC_AHB2ENR |= 1u << 3;   /* GPIOD */
#ifdef HIL_NEEDS_CRC_CLOCK /* ST's libraries ask the CRC unit whether this is one of ST's parts */
    RCC_AHB1ENR |= 1u << 12; /* CRC */
#endif
    RCC_APB1ENR1 |= 1u << 17; /* USART2 */
    (void)RCC_APB1ENR1;
    RCC_CCIPR &= ~(3u << 2);                                      /* from PCLK1, which is the core's clock here */
    GPIOD_AFRL = (GPIOD_AFRL & ~(0xFFu << 20)) | 0x77u << 20;     /* PD5, PD6: AF7 */
    GPIOD_PUPDR = (GPIOD_PUPDR & ~(0xFu << 10)) | 0x4u << 10;     /* PD6 pulled up: an open line is an idle one */
    GPIOD_MODER = (GPIOD_MODER & ~(0xFu << 10)) | 0xAu << 10;     /* alternate function */
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

void board_init(void) {
    reset_cause = take_reset_cause();
    if (clock_to_120_mhz()) {
        core_hz = PLL_HZ;
        uart_hz = PLL_HZ;
    }
    cortex_time_start(core_hz);
    uart_start();
}

/* Only moves bytes: what they mean is the main loop's business. Reading RDR clears RXNE; ORE needs its own clear. */
void usart2_handler(void) {
    uint32_t status = USART2_ISR;
    if ((status & ISR_ORE) != 0) {
        USART2_ICR = ISR_ORE;
        overruns++;
    }
    if ((status & ISR_RXNE) != 0 && !fifo_push(&rx, (uint8_t)USART2_RDR)) {
        overruns++;
    }
    if ((status & ISR_TXE) != 0 && (USART2_CR1 & CR1_TXEIE) != 0) {
        uint8_t byte;
        if (fifo_pop(&tx, &byte)) {
            USART2_TDR = byte;
        } else {
            USART2_CR1 &= ~(uint32_t)CR1_TXEIE;
        }
    }
}

uint32_t board_rx_read(uint8_t *to, uint32_t max) {
    return fifo_read(&rx, to, max);
}

uint32_t board_rx_overruns(void) {
    return overruns;
}

/* Sleeps unless the answer is already there. Looking and sleeping with interrupts masked closes the gap between the two;
 * a pending interrupt still ends WFI, and runs as soon as they are allowed again. */
static void sleep_while_full(void) {
    uint32_t primask = irq_mask();
    if (fifo_free(&tx) == 0) {
        wait_for_interrupt();
    }
    irq_restore(primask);
}

void board_tx_write(const uint8_t *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        while (!fifo_push(&tx, from[i])) {
            sleep_while_full();
        }
        /* The handler only ever clears it, and only when the ring was empty: set after each push it cannot get lost. */
        USART2_CR1 |= CR1_TXEIE;
    }
}

void board_idle(void) {
    uint32_t primask = irq_mask();
    if (fifo_used(&rx) == 0 && !board_alarm_due()) {
        wait_for_interrupt();
    }
    irq_restore(primask);
}

void board_set_baud(uint32_t baud) {
    while (fifo_used(&tx) != 0) {
        /* drains at the line's speed, by interrupt */
    }
    (void)comes(&USART2_ISR, ISR_TC, ISR_TC); /* the last byte has left the shift register: 87 us at 115200 */
    USART2_CR1 &= ~(uint32_t)CR1_UE;
    set_divider(baud);
    USART2_CR1 |= CR1_UE;
}

uint32_t board_clock_hz(void) {
    return core_hz;
}

uint8_t board_reset_cause(void) {
    return reset_cause;
}
