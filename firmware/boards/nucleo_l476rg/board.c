/* SPDX-License-Identifier: Apache-2.0
 * NUCLEO-L476RG: 80 MHz from the internal oscillator, USART2 on PA2/PA3 (the ST-LINK's virtual COM port). Register layouts
 * from RM0351. */
#include "stm32l4.h"

#define GPIOA_MODER REG32(0x48000000u)
#define GPIOA_MODER_MODER2 (3u << 4)
#define GPIOA_MODER_MODER3 (3u << 6)
#define GPIOA_PUPDR REG32(0x4800000Cu)
#define GPIOA_PUPDR_PUPDR2 (3u << 4)
#define GPIOA_PUPDR_PUPDR3 (3u << 6)
#define GPIOA_AFRL REG32(0x48000020u)
#define GPIOA_AFRL_AFRL2 (0xFu << 8)
#define GPIOA_AFRL_AFRL3 (0xFu << 12)
#define RCC_AHB2ENR_GPIOAEN (1u << 0)

static void port_pins(void) {
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIOAEN;
    (void)RCC_AHB2ENR;
    GPIOA_AFRL = (GPIOA_AFRL & ~(GPIOA_AFRL_AFRL2 | GPIOA_AFRL_AFRL3)) | PUT(GPIOA_AFRL_AFRL2, AF7) | PUT(GPIOA_AFRL_AFRL3, AF7);
    GPIOA_PUPDR = (GPIOA_PUPDR & ~(GPIOA_PUPDR_PUPDR2 | GPIOA_PUPDR_PUPDR3)) | PUT(GPIOA_PUPDR_PUPDR3, PULLED_UP); /* an open line is an idle one */
    GPIOA_MODER = (GPIOA_MODER & ~(GPIOA_MODER_MODER2 | GPIOA_MODER_MODER3)) | PUT(GPIOA_MODER_MODER2, ALTERNATE) | PUT(GPIOA_MODER_MODER3, ALTERNATE);
}

void board_init(void) {
    reset_cause = take_reset_cause();
    /* HSI16 / 2 * 20 / 2 (PLLR 0), four wait states in range 1 (chapter FLASH). */
    if (clock_to_hsi16() && clock_to_pll(PLL_FROM_HSI(2u, 20u), 4u, 0)) {
        core_hz = 80000000u;
    }
    cortex_time_start(core_hz / 8u); /* SysTick's reference clock is HCLK / 8 */
    uart_start();
}
