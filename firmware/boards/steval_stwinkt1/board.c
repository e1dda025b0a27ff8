/* SPDX-License-Identifier: Apache-2.0
 * STEVAL-STWINKT1: 120 MHz from the internal oscillator, USART2 on PD5/PD6. Register layouts and sequences from RM0432;
 * chapters are its.
 *
 * Which UART: the kit's own console is USB CDC, which needs a USB stack. USART2 on PD5/PD6 goes to the programming
 * connector, where an STLINK-V3MINI is a virtual COM port. Not checked on a board: if your kit differs, this file and the
 * pins in harness/virtual/soc/stm32l4r9zi.py are what changes. */
#include "stm32l4.h"

#define PWR_CR5 REG32(0x40007080u)
#define GPIOD_MODER REG32(0x48000C00u)
#define GPIOD_PUPDR REG32(0x48000C0Cu)
#define GPIOD_AFRL REG32(0x48000C20u)

/* HSI16 / 4 * 60 / 2 (PLLR 0). Over 80 MHz needs range 1 boost mode, five wait states, and a microsecond at half the speed
 * on the way up (chapters PWR, "dynamic voltage scaling", and RCC, "system clock selection"). */
static bool clock_to_120_mhz(void) {
    enum { R1MODE_NORMAL = 1u << 8 };

    if (!clock_to_hsi16()) {
        return false;
    }
    PWR_CR5 &= ~(uint32_t)R1MODE_NORMAL;
    if (!clock_to_pll(PLLCFGR_HSI | PLLCFGR_M(4u) | PLLCFGR_N(60u), 5u, HPRE_DIV2)) {
        return false;
    }
    (void)comes(&RCC_CFGR, 0, 1u); /* never true: 100 000 reads at 60 MHz are the microsecond, many times over */
    RCC_CFGR = SW_PLL;
    return true;
}

static void port_pins(void) {
    RCC_AHB2ENR |= 1u << 3; /* GPIOD */
    (void)RCC_AHB2ENR;
    GPIOD_AFRL = (GPIOD_AFRL & ~(0xFFu << 20)) | 0x77u << 20; /* PD5, PD6: AF7 */
    GPIOD_PUPDR = (GPIOD_PUPDR & ~(0xFu << 10)) | 0x4u << 10; /* PD6 pulled up: an open line is an idle one */
    GPIOD_MODER = (GPIOD_MODER & ~(0xFu << 10)) | 0xAu << 10; /* alternate function */
}

void board_init(void) {
    reset_cause = take_reset_cause();
    if (clock_to_120_mhz()) {
        core_hz = 120000000u;
    }
    cortex_time_start(core_hz / 8u); /* SysTick's reference clock is HCLK / 8 */
    uart_start();
}
