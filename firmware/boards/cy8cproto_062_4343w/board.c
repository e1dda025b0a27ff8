/* SPDX-License-Identifier: Apache-2.0
 * CY8CPROTO-062-4343W: the CM4 at 100 MHz from the FLL, SCB5 on P5_0/P5_1 (the KitProg3's virtual COM port). Registers and
 * fields as Infineon's SVD has them (psoc6_02); a test holds every one of them against it.
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

/* Peripheral clocks */
#define PERI_DIV_CMD REG32(0x40000400u)
#define PERI_DIV_CMD_TYPE_SEL_16 (1u << 8)
#define PERI_DIV_CMD_PA_DIV_SEL (0xFFu << 16) /* all ones with PA_TYPE_SEL: no phase alignment */
#define PERI_DIV_CMD_PA_TYPE_SEL (3u << 24)
#define PERI_DIV_CMD_DISABLE (1u << 30)
#define PERI_DIV_CMD_ENABLE (1u << 31)
#define PERI_CLOCK_CTL5 REG32(0x40000C14u) /* SCB5's */
#define PERI_CLOCK_CTL5_TYPE_SEL_16 (1u << 8)
#define PERI_DIV_16_CTL0 REG32(0x40001400u)
#define PERI_DIV_16_CTL0_INT16_DIV (0xFFFFu << 8)
/* Cores */
#define CPUSS_CM4_CLOCK_CTL REG32(0x40200008u)
#define CPUSS_CM4_VECTOR_TABLE_BASE_AT 0x40200200
#define CPUSS_CM0_CLOCK_CTL REG32(0x40201008u)
#define CPUSS_CM4_PWR_CTL_AT 0x40201200
#define CPUSS_CM4_PWR_CTL_ENABLED_WITH_KEY 0x05FA0003
#define CPUSS_SYSTICK_CTL REG32(0x40201600u)
#define CPUSS_SYSTICK_CTL_CLOCK_SOURCE_IMO (1u << 24)
/* Flash */
#define FLASHC_FLASH_CTL REG32(0x40240000u)
#define FLASHC_FLASH_CTL_MAIN_WS (0xFu << 0)
#define ROM_NMI_HANDLER 0x0000000Du
/* Where the die came from: DIE_LOT (3 bytes), WAFER, X, Y, SORT, MINOR, DAY, MONTH, YEAR in a row, PDL's unique id */
#define SFLASH_DIE_LOT0_AT 0x16000600u
/* System resources */
#define SRSS_WDT_CTL REG32(0x40260180u)
#define SRSS_WDT_CTL_WDT_EN (1u << 0)
#define SRSS_WDT_CTL_WDT_LOCK (3u << 30)
#define SRSS_WDT_CTL_WDT_LOCK_CLR0 (1u << 30)
#define SRSS_WDT_CTL_WDT_LOCK_CLR1 (2u << 30)
#define SRSS_CLK_PATH_SELECT0 REG32(0x40260340u)
#define SRSS_CLK_PATH_SELECT0_PATH_MUX_IMO (0u << 0)
#define SRSS_CLK_ROOT_SELECT0 REG32(0x40260380u)
#define SRSS_CLK_ROOT_SELECT0_ROOT_MUX (0xFu << 0)
#define SRSS_CLK_ROOT_SELECT0_ROOT_DIV (3u << 4)
#define SRSS_CLK_FLL_CONFIG REG32(0x40260580u)
#define SRSS_CLK_FLL_CONFIG_FLL_MULT (0x3FFFFu << 0)
#define SRSS_CLK_FLL_CONFIG_FLL_OUTPUT_DIV (1u << 24)
#define SRSS_CLK_FLL_CONFIG_FLL_ENABLE (1u << 31)
#define SRSS_CLK_FLL_CONFIG2 REG32(0x40260584u)
#define SRSS_CLK_FLL_CONFIG2_FLL_REF_DIV (0x1FFFu << 0)
#define SRSS_CLK_FLL_CONFIG2_LOCK_TOL (0x1FFu << 16)
#define SRSS_CLK_FLL_CONFIG3 REG32(0x40260588u)
#define SRSS_CLK_FLL_CONFIG3_FLL_LF_IGAIN (0xFu << 0)
#define SRSS_CLK_FLL_CONFIG3_FLL_LF_PGAIN (0xFu << 4)
#define SRSS_CLK_FLL_CONFIG3_SETTLING_COUNT (0x1FFFu << 8)
#define SRSS_CLK_FLL_CONFIG3_BYPASS_SEL (3u << 28)
#define SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF (2u << 28)
#define SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_OUT (3u << 28)
#define SRSS_CLK_FLL_CONFIG4 REG32(0x4026058Cu)
#define SRSS_CLK_FLL_CONFIG4_CCO_LIMIT (0xFFu << 0)
#define SRSS_CLK_FLL_CONFIG4_CCO_RANGE (7u << 8)
#define SRSS_CLK_FLL_CONFIG4_CCO_FREQ (0x1FFu << 16)
#define SRSS_CLK_FLL_CONFIG4_CCO_ENABLE (1u << 31)
#define SRSS_CLK_FLL_STATUS REG32(0x40260590u)
#define SRSS_CLK_FLL_STATUS_LOCKED (1u << 0)
#define SRSS_CLK_FLL_STATUS_CCO_READY (1u << 2)
#define SRSS_RES_CAUSE REG32(0x40260800u)
#define SRSS_RES_CAUSE_RESET_WDT (1u << 0)
#define SRSS_RES_CAUSE_RESET_SOFT (1u << 4)
#define SRSS_RES_CAUSE_RESET_MCWDT0 (1u << 5)
#define SRSS_RES_CAUSE_RESET_MCWDT1 (1u << 6)
#define SRSS_RES_CAUSE_RESET_MCWDT2 (1u << 7)
#define SRSS_RES_CAUSE_RESET_MCWDT3 (1u << 8)
/* Pins */
#define HSIOM_PRT5_PORT_SEL0 REG32(0x40300050u)
#define HSIOM_PRT5_PORT_SEL0_IO0_SEL (0x1Fu << 0)
#define HSIOM_PRT5_PORT_SEL0_IO1_SEL (0x1Fu << 8)
#define GPIO_PRT5_CFG REG32(0x403102C4u)
#define GPIO_PRT5_CFG_DRIVE_MODE0 (7u << 0)
#define GPIO_PRT5_CFG_IN_EN0 (1u << 3)
#define GPIO_PRT5_CFG_DRIVE_MODE1 (7u << 4)
#define GPIO_PRT5_CFG_IN_EN1 (1u << 7)
/* SCB5 */
#define SCB5_CTRL REG32(0x40650000u)
#define SCB5_CTRL_OVS (0xFu << 0)
#define SCB5_CTRL_BYTE_MODE (1u << 11)
#define SCB5_CTRL_MODE_UART (2u << 24)
#define SCB5_CTRL_ENABLED (1u << 31)
#define SCB5_UART_CTRL REG32(0x40650040u)
#define SCB5_UART_TX_CTRL REG32(0x40650044u)
#define SCB5_UART_TX_CTRL_STOP_BITS_1 (1u << 0)
#define SCB5_UART_RX_CTRL REG32(0x40650048u)
#define SCB5_UART_RX_CTRL_STOP_BITS_1 (1u << 0)
#define SCB5_TX_CTRL REG32(0x40650200u)
#define SCB5_TX_CTRL_DATA_WIDTH_8 (7u << 0)
#define SCB5_TX_FIFO_CTRL REG32(0x40650204u)
#define SCB5_TX_FIFO_STATUS REG32(0x40650208u)
#define SCB5_TX_FIFO_STATUS_USED (0x1FFu << 0)
#define SCB5_TX_FIFO_STATUS_SR_VALID (1u << 15) /* the shifter is loaded */
#define SCB5_TX_FIFO_WR REG32(0x40650240u)
#define SCB5_RX_CTRL REG32(0x40650300u)
#define SCB5_RX_CTRL_DATA_WIDTH_8 (7u << 0)
#define SCB5_RX_FIFO_CTRL REG32(0x40650304u)
#define SCB5_RX_FIFO_STATUS REG32(0x40650308u)
#define SCB5_RX_FIFO_STATUS_USED (0x1FFu << 0)
#define SCB5_RX_FIFO_RD REG32(0x40650340u)
#define SCB5_INTR_TX REG32(0x40650F80u)
#define SCB5_INTR_TX_NOT_FULL (1u << 1)
#define SCB5_INTR_TX_UART_DONE (1u << 9)
#define SCB5_INTR_TX_MASK REG32(0x40650F88u)
#define SCB5_INTR_TX_MASK_NOT_FULL (1u << 1)
#define SCB5_INTR_RX REG32(0x40650FC0u)
#define SCB5_INTR_RX_NOT_EMPTY (1u << 2)
#define SCB5_INTR_RX_OVERFLOW (1u << 5)
#define SCB5_INTR_RX_MASK REG32(0x40650FC8u)
#define SCB5_INTR_RX_MASK_NOT_EMPTY (1u << 2)
#define SCB5_INTR_RX_MASK_OVERFLOW (1u << 5)
#define SCB5_IRQ 44u
#define scb5_handler irq_44_handler /* the name that arch/startup.c has for it */

#define FIFO_ENTRIES 128u /* in byte mode; half of it otherwise */
#define ACT_6 18u /* the pins' selection for SCB5's UART */
#define STRONG 6u /* drive mode: both ways */

#define IMO_HZ 8000000u
#define FLL_HZ 100000000u

static uint32_t core_hz = IMO_HZ; /* and CLK_PERI: the dividers between stay at 1 */
static uint8_t reset_cause;

void scb5_handler(void);
void cm0_start(void);
extern uint32_t __vectors[], __ram_begin[];

/* The CM0+'s program, at the start of flash. Thumb-1 only, no stack: the CM4's vectors, its power, then sleep for ever. */
__attribute__((section(".boot.code"), naked, used)) void cm0_start(void) {
    __asm volatile(
        "ldr r0, =" TEXT(CPUSS_CM4_VECTOR_TABLE_BASE_AT) "\n\tldr r1, =__vectors\n\tstr r1, [r0]\n\t"
        "ldr r0, =" TEXT(CPUSS_CM4_PWR_CTL_AT) "\n\tldr r1, =" TEXT(CPUSS_CM4_PWR_CTL_ENABLED_WITH_KEY) "\n\tstr r1, [r0]\n"
        "1:\twfi\n\tb 1b\n\t.ltorg");
}

static void cm0_fault(void) __attribute__((section(".boot.code"), naked, used));
static void cm0_fault(void) {
    __asm volatile("1:\tb 1b");
}

/* Flash is programmed by system calls, and they reach the ROM through the CM0+'s NMI: with another handler than the ROM's
 * here, a debugger that keeps the core's vectors can program this chip once and never again. */
__attribute__((section(".boot"), used)) static const struct {
    uint32_t *stack;
    void (*reset)(void);
    uintptr_t nmi;
    void (*hard_fault)(void);
    uint32_t none[12];
} cm0_vectors = {__ram_begin, cm0_start, ROM_NMI_HANDLER, cm0_fault, {0}};

/* It runs from power-up and would reset the chip after some seconds. Its lock comes off in two steps. */
static void watchdog_off(void) {
    change(&SRSS_WDT_CTL, SRSS_WDT_CTL_WDT_LOCK, SRSS_WDT_CTL_WDT_LOCK_CLR0);
    change(&SRSS_WDT_CTL, SRSS_WDT_CTL_WDT_LOCK, SRSS_WDT_CTL_WDT_LOCK_CLR1);
    SRSS_WDT_CTL &= ~(SRSS_WDT_CTL_WDT_LOCK | SRSS_WDT_CTL_WDT_EN);
    SRSS_WDT_CTL |= SRSS_WDT_CTL_WDT_LOCK;
}

/* The boot code leaves the FLL on and the root divided, and a reset need not change either: everything back to the IMO, at
 * 1, before it is set up anew. The switch takes seven cycles of the IMO, 132 of a core at 150 MHz. */
static void clock_to_imo(void) {
    change(&SRSS_CLK_FLL_CONFIG3, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF);
    (void)SRSS_CLK_FLL_CONFIG3; /* the write has arrived */
    spin(200);
    SRSS_CLK_FLL_CONFIG &= ~SRSS_CLK_FLL_CONFIG_FLL_ENABLE;
    SRSS_CLK_FLL_CONFIG4 &= ~SRSS_CLK_FLL_CONFIG4_CCO_ENABLE;
    SRSS_CLK_PATH_SELECT0 = SRSS_CLK_PATH_SELECT0_PATH_MUX_IMO;
    SRSS_CLK_ROOT_SELECT0 &= ~(SRSS_CLK_ROOT_SELECT0_ROOT_MUX | SRSS_CLK_ROOT_SELECT0_ROOT_DIV);
    CPUSS_CM4_CLOCK_CTL = 0; /* the dividers to the cores and to CLK_PERI at 1 */
    CPUSS_CM0_CLOCK_CTL = 0;
}

/* FLL = IMO / 20 * 500 / 2, the numbers that Infineon's configurator gives for 100 MHz; three flash wait states up to that.
 * False leaves the cores on the IMO: the FLL's output is used only once it is locked. */
static bool clock_to_100_mhz(void) {
    change(&FLASHC_FLASH_CTL, FLASHC_FLASH_CTL_MAIN_WS, PUT(FLASHC_FLASH_CTL_MAIN_WS, 3u));
    clock_to_imo();
    SRSS_CLK_FLL_CONFIG = SRSS_CLK_FLL_CONFIG_FLL_OUTPUT_DIV | PUT(SRSS_CLK_FLL_CONFIG_FLL_MULT, 500u);
    SRSS_CLK_FLL_CONFIG2 = PUT(SRSS_CLK_FLL_CONFIG2_LOCK_TOL, 10u) | PUT(SRSS_CLK_FLL_CONFIG2_FLL_REF_DIV, 20u);
    SRSS_CLK_FLL_CONFIG3 = SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF | PUT(SRSS_CLK_FLL_CONFIG3_SETTLING_COUNT, 8u) |
                           PUT(SRSS_CLK_FLL_CONFIG3_FLL_LF_PGAIN, 5u) | PUT(SRSS_CLK_FLL_CONFIG3_FLL_LF_IGAIN, 9u);
    SRSS_CLK_FLL_CONFIG4 = PUT(SRSS_CLK_FLL_CONFIG4_CCO_FREQ, 355u) | PUT(SRSS_CLK_FLL_CONFIG4_CCO_RANGE, 4u) |
                           SRSS_CLK_FLL_CONFIG4_CCO_LIMIT;
    SRSS_CLK_FLL_CONFIG4 |= SRSS_CLK_FLL_CONFIG4_CCO_ENABLE;
    if (!comes(&SRSS_CLK_FLL_STATUS, SRSS_CLK_FLL_STATUS_CCO_READY, SRSS_CLK_FLL_STATUS_CCO_READY)) {
        return false;
    }
    SRSS_CLK_FLL_CONFIG |= SRSS_CLK_FLL_CONFIG_FLL_ENABLE;
    if (!comes(&SRSS_CLK_FLL_STATUS, SRSS_CLK_FLL_STATUS_LOCKED, SRSS_CLK_FLL_STATUS_LOCKED)) {
        SRSS_CLK_FLL_CONFIG &= ~SRSS_CLK_FLL_CONFIG_FLL_ENABLE;
        return false;
    }
    change(&SRSS_CLK_FLL_CONFIG3, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_OUT);
    return true;
}

/* Bits per second are CLK_PERI / divider / oversampling: of the allowed oversamplings (8 to 16) the one that comes nearest.
 * At 100 MHz that is 0.01 % for 115200 and 0.5 % for 921600. */
static void set_divider(uint32_t baud) {
    uint32_t best = UINT32_MAX, ovs = 16, divider = 1;
    for (uint32_t o = 8; o <= 16; o++) {
        uint32_t d = (core_hz + baud * o / 2u) / (baud * o);
        uint32_t got = d == 0 ? 0 : core_hz / (d * o);
        uint32_t off = got > baud ? got - baud : baud - got;
        if (d != 0 && off < best) {
            best = off, ovs = o, divider = d;
        }
    }
    const uint32_t no_phase = PERI_DIV_CMD_PA_TYPE_SEL | PERI_DIV_CMD_PA_DIV_SEL;
    PERI_DIV_CMD = PERI_DIV_CMD_DISABLE | no_phase | PERI_DIV_CMD_TYPE_SEL_16;
    PERI_DIV_16_CTL0 = PUT(PERI_DIV_16_CTL0_INT16_DIV, divider - 1u);
    PERI_DIV_CMD = PERI_DIV_CMD_ENABLE | no_phase | PERI_DIV_CMD_TYPE_SEL_16;
    PERI_CLOCK_CTL5 = PERI_CLOCK_CTL5_TYPE_SEL_16;
    change(&SCB5_CTRL, SCB5_CTRL_OVS, PUT(SCB5_CTRL_OVS, ovs - 1u));
}

static void uart_start(void) {
    uart_rings_start();
    change(&HSIOM_PRT5_PORT_SEL0, HSIOM_PRT5_PORT_SEL0_IO0_SEL | HSIOM_PRT5_PORT_SEL0_IO1_SEL,
           PUT(HSIOM_PRT5_PORT_SEL0_IO0_SEL, ACT_6) | PUT(HSIOM_PRT5_PORT_SEL0_IO1_SEL, ACT_6));
    /* RX is an input only, TX is driven both ways. */
    change(&GPIO_PRT5_CFG, GPIO_PRT5_CFG_DRIVE_MODE0 | GPIO_PRT5_CFG_IN_EN0, GPIO_PRT5_CFG_IN_EN0);
    change(&GPIO_PRT5_CFG, GPIO_PRT5_CFG_DRIVE_MODE1 | GPIO_PRT5_CFG_IN_EN1, PUT(GPIO_PRT5_CFG_DRIVE_MODE1, STRONG));
    SCB5_CTRL = SCB5_CTRL_MODE_UART | SCB5_CTRL_BYTE_MODE;
    SCB5_UART_CTRL = 0;
    SCB5_UART_TX_CTRL = SCB5_UART_TX_CTRL_STOP_BITS_1; /* no parity */
    SCB5_UART_RX_CTRL = SCB5_UART_RX_CTRL_STOP_BITS_1;
    SCB5_TX_CTRL = SCB5_TX_CTRL_DATA_WIDTH_8; /* the lowest bit first */
    SCB5_RX_CTRL = SCB5_RX_CTRL_DATA_WIDTH_8;
    SCB5_TX_FIFO_CTRL = 0;
    SCB5_RX_FIFO_CTRL = 0;
    set_divider(HIL_BAUD);
    SCB5_INTR_TX_MASK = 0;
    SCB5_INTR_RX_MASK = SCB5_INTR_RX_MASK_NOT_EMPTY | SCB5_INTR_RX_MASK_OVERFLOW;
    SCB5_CTRL |= SCB5_CTRL_ENABLED;
    nvic_enable(SCB5_IRQ, PRIORITY_UART);
}

/* Power and the reset pin leave no bit behind, so they cannot be told apart. */
static uint8_t take_reset_cause(void) {
    const uint32_t watchdogs = SRSS_RES_CAUSE_RESET_WDT | SRSS_RES_CAUSE_RESET_MCWDT0 | SRSS_RES_CAUSE_RESET_MCWDT1 |
                               SRSS_RES_CAUSE_RESET_MCWDT2 | SRSS_RES_CAUSE_RESET_MCWDT3;
    uint32_t cause = SRSS_RES_CAUSE;
    SRSS_RES_CAUSE = cause;
    if ((cause & watchdogs) != 0) {
        return HIL_RESET_WATCHDOG;
    }
    return (cause & SRSS_RES_CAUSE_RESET_SOFT) != 0 ? HIL_RESET_SOFTWARE : HIL_RESET_UNKNOWN;
}

void board_init(void) {
    watchdog_off();
    reset_cause = take_reset_cause();
    if (clock_to_100_mhz()) {
        core_hz = FLL_HZ;
    }
    /* From reset on it is the 32 kHz oscillator, of no known accuracy. */
    CPUSS_SYSTICK_CTL = CPUSS_SYSTICK_CTL_CLOCK_SOURCE_IMO;
    cortex_time_start(IMO_HZ);
    uart_start();
}

/* A request is cleared after its cause, or it comes again. */
void scb5_handler(void) {
    for (uint32_t left = SCB5_RX_FIFO_STATUS & SCB5_RX_FIFO_STATUS_USED; left != 0; left--) {
        uart_received((uint8_t)SCB5_RX_FIFO_RD);
    }
    uint32_t received = SCB5_INTR_RX & (SCB5_INTR_RX_NOT_EMPTY | SCB5_INTR_RX_OVERFLOW);
    if ((received & SCB5_INTR_RX_OVERFLOW) != 0) {
        uart_overruns++;
    }
    SCB5_INTR_RX = received;
    if (SCB5_INTR_TX_MASK != 0) {
        uint8_t byte;
        if (fifo_used(&uart_tx) != 0) {
            SCB5_INTR_TX = SCB5_INTR_TX_UART_DONE; /* before the bytes that it will come for again */
        }
        uint32_t room = FIFO_ENTRIES - (SCB5_TX_FIFO_STATUS & SCB5_TX_FIFO_STATUS_USED);
        while (room != 0 && fifo_pop(&uart_tx, &byte)) {
            SCB5_TX_FIFO_WR = byte;
            room--;
        }
        if (room != 0) {
            SCB5_INTR_TX_MASK = 0; /* the ring is empty */
        }
        SCB5_INTR_TX = SCB5_INTR_TX_NOT_FULL;
    }
}

void uart_send_enable(void) {
    SCB5_INTR_TX_MASK = SCB5_INTR_TX_MASK_NOT_FULL;
}

void board_set_baud(uint32_t baud) {
    uart_rings_drain();
    (void)comes(&SCB5_TX_FIFO_STATUS, SCB5_TX_FIFO_STATUS_USED | SCB5_TX_FIFO_STATUS_SR_VALID, 0);
    /* The last byte has left the shift register. */
    (void)comes(&SCB5_INTR_TX, SCB5_INTR_TX_UART_DONE, SCB5_INTR_TX_UART_DONE);
    SCB5_CTRL &= ~SCB5_CTRL_ENABLED;
    set_divider(baud);
    SCB5_CTRL |= SCB5_CTRL_ENABLED;
}

uint32_t board_clock_hz(void) {
    return core_hz;
}

uint8_t board_clock_source(void) {
    return HIL_CLOCK_INTERNAL;
}

uint32_t board_chip_id(uint8_t *to) {
    return peek(to, SFLASH_DIE_LOT0_AT, 11);
}

uint8_t board_reset_cause(void) {
    return reset_cause;
}
