/* SPDX-License-Identifier: Apache-2.0
 * CY8CPROTO-062-4343W: the CM4 at 100 MHz from the FLL, SCB5 on P5_0/P5_1 (the KitProg3's virtual COM port). Registers from
 * the PSoC 62 TRM (002-24529), as remembered and as Infineon's PDL names them.
 *
 * How it starts: power-up and every reset start the CM0+ alone. Its boot code in ROM looks for a vector table at the start
 * of flash, so that is what this image begins with (.boot below): a handful of Thumb-1 instructions that point the CM4 at
 * its own vectors, release it, and sleep. No CM0+ image of anyone else's is needed.
 * Proved on the virtual board only. On a chip it rests on: an empty table of contents in SFLASH (as shipped), which lets
 * the boot code start an application that carries no signature; its default, which leaves the debug ports open; and
 * the CM4 being allowed to write SRSS, PERI, CPUSS, HSIOM and GPIO, as it is before any protection unit is set up. */
#include "board.h"

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "cortex_m.h"
#include "uart.h"
#include "wire/messages.h"

#define PERI_DIV_CMD REG32(0x40000400u)
#define PERI_CLOCK_CTL_SCB5 REG32(0x40000C14u)
#define PERI_DIV_16_CTL0 REG32(0x40001400u)
#define CPUSS_SYSTICK_CTL REG32(0x40201600u)
#define FLASHC_FLASH_CTL REG32(0x40240000u)
#define SRSS_WDT_CTL REG32(0x40260180u)
#define SRSS_FLL_CONFIG REG32(0x40260530u)
#define SRSS_FLL_CONFIG2 REG32(0x40260534u)
#define SRSS_FLL_CONFIG3 REG32(0x40260538u)
#define SRSS_FLL_CONFIG4 REG32(0x4026053Cu)
#define SRSS_FLL_STATUS REG32(0x40260540u)
#define SRSS_RES_CAUSE REG32(0x40260800u)
#define HSIOM_PRT5_SEL0 REG32(0x40300050u)
#define GPIO_PRT5_CFG REG32(0x403102C4u)
/* SCB5 */
#define SCB_CTRL REG32(0x40650000u)
#define SCB_UART_CTRL REG32(0x40650040u)
#define SCB_UART_TX_CTRL REG32(0x40650044u)
#define SCB_UART_RX_CTRL REG32(0x40650048u)
#define SCB_TX_CTRL REG32(0x40650200u)
#define SCB_TX_FIFO_CTRL REG32(0x40650204u)
#define SCB_TX_FIFO_STATUS REG32(0x40650208u)
#define SCB_TX_FIFO_WR REG32(0x40650240u)
#define SCB_RX_CTRL REG32(0x40650300u)
#define SCB_RX_FIFO_CTRL REG32(0x40650304u)
#define SCB_RX_FIFO_STATUS REG32(0x40650308u)
#define SCB_RX_FIFO_RD REG32(0x40650340u)
#define SCB_INTR_TX REG32(0x40650F80u)
#define SCB_INTR_TX_MASK REG32(0x40650F88u)
#define SCB_INTR_RX REG32(0x40650FC0u)
#define SCB_INTR_RX_MASK REG32(0x40650FC8u)
/* Where the die came from: DIE_LOT (3 bytes), WAFER, X, Y, SORT, MINOR, DAY, MONTH, YEAR in a row, PDL's unique id */
#define SFLASH_DIE 0x16000600u
#define SCB5_IRQ 44u
#define scb5_handler irq_44_handler /* the name that arch/startup.c has for it */

#define SYSTICK_FROM_IMO (1u << 24)
#define CTRL_ENABLED (1u << 31)
enum { TX_NOT_FULL = 1u << 1, TX_DONE = 1u << 9, RX_NOT_EMPTY = 1u << 2, RX_OVERFLOW = 1u << 5 };
enum { FIFO_ENTRIES = 128u, FIFO_USED = 0x1FFu, FIFO_BUSY = FIFO_USED | 1u << 15 }; /* 15: the shifter is loaded */

#define IMO_HZ 8000000u
#define FLL_HZ 100000000u

static uint32_t core_hz = IMO_HZ; /* and CLK_PERI: the dividers between stay at 1 */
static uint8_t reset_cause;

void scb5_handler(void);
void cm0_start(void);
extern uint32_t __vectors[];

/* The CM0+'s program, at the start of flash. Thumb-1 only, no stack: CM4_VECTOR_TABLE_BASE, then CM4_PWR_CTL = enabled
 * with its key, then sleep for ever. */
__attribute__((section(".boot.code"), naked, used)) void cm0_start(void) {
    __asm volatile(
        "ldr r0, =0x40200200\n\tldr r1, =__vectors\n\tstr r1, [r0]\n\t"
        "ldr r0, =0x40201200\n\tldr r1, =0x05FA0003\n\tstr r1, [r0]\n"
        "1:\twfi\n\tb 1b\n\t.ltorg");
}

static void cm0_fault(void) __attribute__((section(".boot.code"), naked, used));
static void cm0_fault(void) {
    __asm volatile("1:\tb 1b");
}

__attribute__((section(".boot"), used)) static const struct {
    uint32_t stack;
    void (*reset)(void), (*nmi)(void), (*hard_fault)(void);
    uint32_t none[12];
} cm0_vectors = {0x08002000u, cm0_start, cm0_fault, cm0_fault, {0}};

/* It runs from power-up and would reset the chip after some seconds. Its lock comes off in two steps. */
static void watchdog_off(void) {
    SRSS_WDT_CTL = (SRSS_WDT_CTL & 0x3FFFFFFFu) | 1u << 30;
    SRSS_WDT_CTL = (SRSS_WDT_CTL & 0x3FFFFFFFu) | 2u << 30;
    SRSS_WDT_CTL &= 0x3FFFFFFEu;
    SRSS_WDT_CTL |= 3u << 30;
}

/* FLL = IMO / 20 * 500 / 2, the numbers that PDL's configurator gives for 100 MHz; three flash wait states up to 120 MHz.
 * False leaves the cores on the IMO: the FLL's output is used only once it is locked. */
static bool clock_to_100_mhz(void) {
    enum { MAIN_WS = 0xFu, LOCKED = 1u << 0, CCO_READY = 1u << 2 };
    const uint32_t cco_enable = 1u << 31, fll_enable = 1u << 31, output_div = 1u << 24;
    const uint32_t use_reference = 2u << 28, use_output = 3u << 28, bypass = 3u << 28;

    FLASHC_FLASH_CTL = (FLASHC_FLASH_CTL & ~(uint32_t)MAIN_WS) | 3u;
    SRSS_FLL_CONFIG = output_div | 500u;
    SRSS_FLL_CONFIG2 = 10u << 16 | 20u;                          /* lock tolerance, reference divider */
    SRSS_FLL_CONFIG3 = use_reference | 8u << 8 | 5u << 4 | 9u;   /* settling count, proportional and integral gain */
    SRSS_FLL_CONFIG4 = 355u << 16 | 4u << 8 | 0xFFu;             /* start frequency and range of the oscillator, its limit */
    SRSS_FLL_CONFIG4 |= cco_enable;
    if (!comes(&SRSS_FLL_STATUS, CCO_READY, CCO_READY)) {
        return false;
    }
    SRSS_FLL_CONFIG |= fll_enable;
    if (!comes(&SRSS_FLL_STATUS, LOCKED, LOCKED)) {
        SRSS_FLL_CONFIG &= ~fll_enable;
        return false;
    }
    SRSS_FLL_CONFIG3 = (SRSS_FLL_CONFIG3 & ~bypass) | use_output;
    return true;
}

/* Bits per second are CLK_PERI / divider / oversampling: of the allowed oversamplings (8 to 16) the one that comes nearest.
 * At 100 MHz that is 0.01 % for 115200 and 0.5 % for 921600. */
static void set_divider(uint32_t baud) {
    uint32_t best = 0xFFFFFFFFu, ovs = 16, divider = 1;
    for (uint32_t o = 8; o <= 16; o++) {
        uint32_t d = (core_hz + baud * o / 2u) / (baud * o);
        uint32_t got = d == 0 ? 0 : core_hz / (d * o);
        uint32_t off = got > baud ? got - baud : baud - got;
        if (d != 0 && off < best) {
            best = off, ovs = o, divider = d;
        }
    }
    const uint32_t disable = 1u << 30, enable = 1u << 31, divider_16_0 = 1u << 8, no_phase = 0x3FFu << 16;
    PERI_DIV_CMD = disable | no_phase | divider_16_0;
    PERI_DIV_16_CTL0 = (divider - 1u) << 8;
    PERI_DIV_CMD = enable | no_phase | divider_16_0;
    PERI_CLOCK_CTL_SCB5 = divider_16_0;
    SCB_CTRL = (SCB_CTRL & ~0xFu) | (ovs - 1u);
}

static void uart_start(void) {
    uart_rings_start();
    HSIOM_PRT5_SEL0 = (HSIOM_PRT5_SEL0 & ~0x1F1Fu) | 18u << 8 | 18u; /* P5_0, P5_1: SCB5's UART */
    GPIO_PRT5_CFG = (GPIO_PRT5_CFG & ~0xFFu) | 0x68u;                /* RX: input only; TX: driven both ways */
    SCB_CTRL = 2u << 24;                                             /* UART */
    SCB_UART_CTRL = 0;
    SCB_UART_TX_CTRL = 1;   /* one stop bit, no parity */
    SCB_UART_RX_CTRL = 1;
    SCB_TX_CTRL = 7u;       /* 8 bits, the lowest first */
    SCB_RX_CTRL = 7u;
    SCB_TX_FIFO_CTRL = 0;
    SCB_RX_FIFO_CTRL = 0;
    set_divider(HIL_BAUD);
    SCB_INTR_TX_MASK = 0;
    SCB_INTR_RX_MASK = RX_NOT_EMPTY | RX_OVERFLOW;
    SCB_CTRL |= CTRL_ENABLED;
    NVIC_IPR(SCB5_IRQ) = PRIORITY_UART;
    NVIC_ISER(SCB5_IRQ) = 1u << (SCB5_IRQ % 32u);
}

/* Power and the reset pin leave no bit behind, so they cannot be told apart. */
static uint8_t take_reset_cause(void) {
    uint32_t cause = SRSS_RES_CAUSE;
    SRSS_RES_CAUSE = cause;
    if ((cause & (1u << 0 | 0xFu << 5)) != 0) {
        return HIL_RESET_WATCHDOG;
    }
    return (cause & 1u << 4) != 0 ? HIL_RESET_SOFTWARE : HIL_RESET_UNKNOWN;
}

void board_init(void) {
    watchdog_off();
    reset_cause = take_reset_cause();
    if (clock_to_100_mhz()) {
        core_hz = FLL_HZ;
    }
    CPUSS_SYSTICK_CTL = SYSTICK_FROM_IMO; /* from reset on it is the 32 kHz oscillator, of no known accuracy */
    cortex_time_start(IMO_HZ);
    uart_start();
}

/* A request is cleared after its cause, or it comes again. */
void scb5_handler(void) {
    for (uint32_t left = SCB_RX_FIFO_STATUS & FIFO_USED; left != 0; left--) {
        uart_received((uint8_t)SCB_RX_FIFO_RD);
    }
    uint32_t received = SCB_INTR_RX & (RX_NOT_EMPTY | RX_OVERFLOW);
    if ((received & RX_OVERFLOW) != 0) {
        uart_overruns++;
    }
    SCB_INTR_RX = received;
    if (SCB_INTR_TX_MASK != 0) {
        uint8_t byte;
        if (fifo_used(&uart_tx) != 0) {
            SCB_INTR_TX = TX_DONE; /* before the bytes that it will come for again */
        }
        uint32_t room = FIFO_ENTRIES - (SCB_TX_FIFO_STATUS & FIFO_USED);
        while (room != 0 && fifo_pop(&uart_tx, &byte)) {
            SCB_TX_FIFO_WR = byte;
            room--;
        }
        if (room != 0) {
            SCB_INTR_TX_MASK = 0; /* the ring is empty */
        }
        SCB_INTR_TX = TX_NOT_FULL;
    }
}

void uart_send_enable(void) {
    SCB_INTR_TX_MASK = TX_NOT_FULL;
}

void board_set_baud(uint32_t baud) {
    uart_rings_drain();
    (void)comes(&SCB_TX_FIFO_STATUS, FIFO_BUSY, 0);
    (void)comes(&SCB_INTR_TX, TX_DONE, TX_DONE); /* the last byte has left the shift register */
    SCB_CTRL &= ~CTRL_ENABLED;
    set_divider(baud);
    SCB_CTRL |= CTRL_ENABLED;
}

uint32_t board_clock_hz(void) {
    return core_hz;
}

uint8_t board_clock_source(void) {
    return HIL_CLOCK_INTERNAL;
}

uint32_t board_chip_id(uint8_t *to) {
    return peek(to, SFLASH_DIE, 11);
}

uint8_t board_reset_cause(void) {
    return reset_cause;
}
