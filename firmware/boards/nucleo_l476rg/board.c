/* SPDX-License-Identifier: Apache-2.0
 * NUCLEO-L476RG: 80 MHz from the internal oscillator, USART2 on PA2/PA3 (the ST-LINK's virtual COM port). Register layouts
 * from RM0351. */
#include "stm32l4.h"

#define GPIOA_MODER REG32(0x48000000u)
#define GPIOA_PUPDR REG32(0x4800000Cu)
#define GPIOA_AFRL REG32(0x48000020u)

static void port_pins(void) {
    RCC_AHB2ENR |= 1u << 0; /* GPIOA */
    (void)RCC_AHB2ENR;
    GPIOA_AFRL = (GPIOA_AFRL & ~(0xFFu << 8)) | 0x77u << 8; /* PA2, PA3: AF7 */
    GPIOA_PUPDR = (GPIOA_PUPDR & ~(0xFu << 4)) | 0x4u << 4; /* PA3 pulled up: an open line is an idle one */
    GPIOA_MODER = (GPIOA_MODER & ~(0xFu << 4)) | 0xAu << 4; /* alternate function */
}

void board_init(void) {
    reset_cause = take_reset_cause();
    /* HSI16 / 2 * 20 / 2 (PLLR 0), four wait states in range 1 (chapter FLASH). */
    if (clock_to_hsi16() && clock_to_pll(PLLCFGR_HSI | PLLCFGR_M(2u) | PLLCFGR_N(20u), 4u, 0)) {
        core_hz = 80000000u;
    }
    cortex_time_start(core_hz / 8u); /* SysTick's reference clock is HCLK / 8 */
    uart_start();
}
