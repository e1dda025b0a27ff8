/* SPDX-License-Identifier: Apache-2.0
 * What boards with an STM32L4 or L4+ have in common: their registers' names and the steps to a PLL clock, beside what all
 * STM32 share (stm32.h). For a board.c alone, which includes it once and adds what differs: board_init() with its clock's
 * figures, and port_pins(). Register layouts and sequences from RM0351 (L4) and RM0432 (L4+), alike in all that is used
 * here; chapters are theirs. */
#ifndef HIL_ARCH_STM32L4_H
#define HIL_ARCH_STM32L4_H

#include <stdbool.h>
#include <stdint.h>

#include "cortex_m.h"

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
#define USART2_STATUS USART2_ISR
#define USART2_RECEIVED USART2_RDR
#define USART2_TO_SEND USART2_TDR

#define RCC_CR_HSION (1u << 8)
#define RCC_CR_HSIRDY (1u << 10)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_HSI (1u << 0)
#define RCC_CFGR_SW_PLL (3u << 0)
#define RCC_CFGR_SWS (3u << 2)
#define RCC_CFGR_SWS_HSI (1u << 2)
#define RCC_CFGR_SWS_PLL (3u << 2)
#define RCC_CFGR_HPRE_DIV2 (8u << 4)
#define RCC_PLLCFGR_PLLSRC_HSI (2u << 0)
#define RCC_PLLCFGR_PLLM_TO_8 (7u << 4) /* the bits that both families have; the L4+ has one more */
#define RCC_PLLCFGR_PLLN (0x7Fu << 8)
#define RCC_PLLCFGR_PLLREN (1u << 24)
#define RCC_AHB1ENR_CRCEN (1u << 12)
#define RCC_APB1ENR1_USART2EN (1u << 17)
#define RCC_APB1ENR1_PWREN (1u << 28)
#define RCC_CCIPR_USART2SEL (3u << 2)
#define RCC_CSR_RMVF (1u << 23)
#define RCC_CSR_BORRSTF (1u << 27)
#define RESET_BY_POWER RCC_CSR_BORRSTF /* power-on sets it */
#define PWR_CR1_VOS (3u << 9)
#define PWR_CR1_VOS_RANGE_1 (1u << 9)
#define PWR_SR2_VOSF (1u << 10)
#define FLASH_ACR_LATENCY_TO_7 (7u << 0) /* the bits that both families have; the L4+ has one more */
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)
#define USART2_CR1_UE (1u << 0)
#define USART2_ICR_ORECF (1u << 3)

/* Device electronic signature: 96 bits */
#define UNIQUE_ID_AT 0x1FFF7590u
#define UART_HZ core_hz
#define CLOCK_SOURCE HIL_CLOCK_INTERNAL

#define HSI_HZ 16000000u
#define MSI_HZ 4000000u

/* HSI16 / m * n / 2 (PLLR 0). */
#define PLL_FROM_HSI(m, n) (RCC_PLLCFGR_PLLSRC_HSI | PUT(RCC_PLLCFGR_PLLM_TO_8, (m) - 1u) | PUT(RCC_PLLCFGR_PLLN, n))

static uint32_t core_hz = MSI_HZ; /* the reset state; PCLK1 is the same */

#include "stm32.h"

/* Supplied by the board: the clock of the port and the pins of USART2 as its alternate function. */
static void port_pins(void);

/* Leaves the core on HSI16 in voltage range 1, from where the PLL may start (chapters RCC and PWR). False when a step did
 * not come: the core is then on MSI or HSI16, and core_hz says which. */
static bool clock_to_hsi16(void) {
    RCC_CR |= RCC_CR_HSION;
    if (!comes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY)) {
        return false;
    }
    RCC_CFGR = RCC_CFGR_SW_HSI;
    if (!comes(&RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_HSI)) {
        RCC_CFGR = 0;
        return false;
    }
    core_hz = HSI_HZ;
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    (void)RCC_APB1ENR1;
    PWR_CR1 = (PWR_CR1 & ~PWR_CR1_VOS) | PWR_CR1_VOS_RANGE_1;
    return comes(&PWR_SR2, PWR_SR2_VOSF, 0);
}

/* Locks the PLL (`pllcfgr` without PLLREN), sets the flash's wait states and puts the core on the PLL, divided by
 * `prescaler` (a value of HPRE). False leaves it on HSI16. */
static bool clock_to_pll(uint32_t pllcfgr, uint32_t wait_states, uint32_t prescaler) {
    RCC_PLLCFGR = pllcfgr;
    RCC_CR |= RCC_CR_PLLON;
    if (!comes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        return false;
    }
    RCC_PLLCFGR |= RCC_PLLCFGR_PLLREN;
    FLASH_ACR = PUT(FLASH_ACR_LATENCY_TO_7, wait_states) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    if (!comes(&FLASH_ACR, FLASH_ACR_LATENCY_TO_7, wait_states)) {
        return false;
    }
    RCC_CFGR = prescaler | RCC_CFGR_SW_PLL;
    if (!comes(&RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL)) {
        RCC_CFGR = RCC_CFGR_SW_HSI;
        return false;
    }
    return true;
}

static void uart_pins(void) {
    port_pins();
#ifdef HIL_NEEDS_CRC_CLOCK /* ST's libraries ask the CRC unit whether this is one of ST's parts */
    RCC_AHB1ENR |= RCC_AHB1ENR_CRCEN;
#endif
    RCC_APB1ENR1 |= RCC_APB1ENR1_USART2EN;
    (void)RCC_APB1ENR1;
    RCC_CCIPR &= ~RCC_CCIPR_USART2SEL; /* from PCLK1, which is the core's clock here */
}

/* Reading RDR clears RXNE; ORE needs its own clear. */
static inline void clear_overrun(uint32_t status) {
    (void)status;
    USART2_ICR = USART2_ICR_ORECF;
}

#endif
