/* SPDX-License-Identifier: Apache-2.0
 * STEVAL-STWINKT1: 120 MHz from the internal oscillator, USART2 on PD5/PD6. Register layouts and sequences from RM0432;
 * chapters are its.
 *
 * Which UART: the kit's own console is USB CDC, which needs a USB stack. USART2 on PD5/PD6 goes to the programming
 * connector, where an STLINK-V3MINI is a virtual COM port. Not checked on a board: if your kit differs, this file and the
 * pins in harness/virtual/soc/stm32l4r9zi.py are what changes. */
#include "stm32l4.h"

#define PWR_CR5 REG32(0x40007080u)
#define PWR_CR5_R1MODE (1u << 8)
#define GPIOD_MODER REG32(0x48000C00u)
#define GPIOD_MODER_MODER5 (3u << 10)
#define GPIOD_MODER_MODER6 (3u << 12)
#define GPIOD_PUPDR REG32(0x48000C0Cu)
#define GPIOD_PUPDR_PUPDR5 (3u << 10)
#define GPIOD_PUPDR_PUPDR6 (3u << 12)
#define GPIOD_AFRL REG32(0x48000C20u)
#define GPIOD_AFRL_AFRL5 (0xFu << 20)
#define GPIOD_AFRL_AFRL6 (0xFu << 24)
#define RCC_AHB2ENR_GPIODEN (1u << 3)

/* HSI16 / 4 * 60 / 2 (PLLR 0). Over 80 MHz needs range 1 boost mode, five wait states, and a microsecond at half the speed
 * on the way up (chapters PWR, "dynamic voltage scaling", and RCC, "system clock selection"). */
static bool clock_to_120_mhz(void) {
    if (!clock_to_hsi16()) {
        return false;
    }
    PWR_CR5 &= ~PWR_CR5_R1MODE; /* 0 is boost */
    if (!clock_to_pll(PLL_FROM_HSI(4u, 60u), 5u, RCC_CFGR_HPRE_DIV2)) {
        return false;
    }
    spin(120); /* two microseconds at 60 MHz */
    RCC_CFGR = RCC_CFGR_SW_PLL;
    return true;
}

static void port_pins(void) {
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIODEN;
    (void)RCC_AHB2ENR;
    GPIOD_AFRL = (GPIOD_AFRL & ~(GPIOD_AFRL_AFRL5 | GPIOD_AFRL_AFRL6)) | PUT(GPIOD_AFRL_AFRL5, AF7) | PUT(GPIOD_AFRL_AFRL6, AF7);
    GPIOD_PUPDR = (GPIOD_PUPDR & ~(GPIOD_PUPDR_PUPDR5 | GPIOD_PUPDR_PUPDR6)) | PUT(GPIOD_PUPDR_PUPDR6, PULLED_UP); /* an open line is an idle one */
    GPIOD_MODER = (GPIOD_MODER & ~(GPIOD_MODER_MODER5 | GPIOD_MODER_MODER6)) | PUT(GPIOD_MODER_MODER5, ALTERNATE) | PUT(GPIOD_MODER_MODER6, ALTERNATE);
}

void board_init(void) {
    reset_cause = take_reset_cause();
    if (clock_to_120_mhz()) {
        core_hz = 120000000u;
    }
    cortex_time_start(core_hz / 8u); /* SysTick's reference clock is HCLK / 8 */
    uart_start();
}
