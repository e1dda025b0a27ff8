/* SPDX-License-Identifier: Apache-2.0
 * NUCLEO-F446RE: 180 MHz from the ST-LINK's crystal (HSE bypass, UM1724, "HSE clock"), from the internal oscillator where
 * that clock does not come: boards of the first revisions do not carry it. USART2 on PA2/PA3 (the virtual COM port).
 * Register layouts and sequences from RM0390; section numbers are its. */
#include <stdbool.h>
#include <stdint.h>

#include "cortex_m.h"

/* 6.3 RCC */
#define RCC_CR REG32(0x40023800u)
#define RCC_PLLCFGR REG32(0x40023804u)
#define RCC_CFGR REG32(0x40023808u)
#define RCC_AHB1ENR REG32(0x40023830u)
#define RCC_APB1ENR REG32(0x40023840u)
#define RCC_CSR REG32(0x40023874u)
/* 5.4 PWR */
#define PWR_CR REG32(0x40007000u)
#define PWR_CSR REG32(0x40007004u)
/* 3.8 FLASH */
#define FLASH_ACR REG32(0x40023C00u)
/* 7.4 GPIOA */
#define GPIOA_MODER REG32(0x40020000u)
#define GPIOA_MODER_MODER2 (3u << 4)
#define GPIOA_MODER_MODER3 (3u << 6)
#define GPIOA_PUPDR REG32(0x4002000Cu)
#define GPIOA_PUPDR_PUPDR2 (3u << 4)
#define GPIOA_PUPDR_PUPDR3 (3u << 6)
#define GPIOA_AFRL REG32(0x40020020u)
#define GPIOA_AFRL_AFRL2 (0xFu << 8)
#define GPIOA_AFRL_AFRL3 (0xFu << 12)
/* 25.6 USART2 */
#define USART2_SR REG32(0x40004400u)
#define USART2_DR REG32(0x40004404u)
#define USART2_BRR REG32(0x40004408u)
#define USART2_CR1 REG32(0x4000440Cu)
#define USART2_STATUS USART2_SR
#define USART2_RECEIVED USART2_DR
#define USART2_TO_SEND USART2_DR

#define USART2_CR1_UE (1u << 13)
#define RCC_CSR_RMVF (1u << 24)
#define RCC_CSR_BORRSTF (1u << 25)
#define RCC_CSR_PORRSTF (1u << 27)
#define RESET_BY_POWER (RCC_CSR_PORRSTF | RCC_CSR_BORRSTF)

/* 34.1, device electronic signature: 96 bits */
#define UNIQUE_ID_AT 0x1FFF7A10u
#define UART_HZ apb1_hz
#define CLOCK_SOURCE clock_source

#define HSI_HZ 16000000u
#define PLL_HZ 180000000u

static uint32_t core_hz = HSI_HZ;
static uint32_t apb1_hz = HSI_HZ;
static uint8_t clock_source;

#include "stm32.h"

#define RCC_CR_HSION (1u << 0)
#define RCC_CR_HSIRDY (1u << 1)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_HSEBYP (1u << 18)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_PLLCFGR_PLLM (0x3Fu << 0)
#define RCC_PLLCFGR_PLLN (0x1FFu << 6)
#define RCC_PLLCFGR_PLLSRC_HSE (1u << 22)
#define RCC_PLLCFGR_PLLQ (0xFu << 24)
#define RCC_PLLCFGR_PLLR (7u << 28)
#define RCC_CFGR_SW_PLL (2u << 0)
#define RCC_CFGR_SWS (3u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)
#define RCC_CFGR_PPRE1_DIV4 (5u << 10)
#define RCC_CFGR_PPRE2_DIV2 (4u << 13)
#define RCC_AHB1ENR_GPIOAEN (1u << 0)
#define RCC_AHB1ENR_CRCEN (1u << 12)
#define RCC_APB1ENR_USART2EN (1u << 17)
#define RCC_APB1ENR_PWREN (1u << 28)
#define PWR_CR_VOS_SCALE1 (3u << 14)
#define PWR_CR_ODEN (1u << 16)
#define PWR_CR_ODSWEN (1u << 17)
#define PWR_CSR_ODRDY (1u << 16)
#define PWR_CSR_ODSWRDY (1u << 17)
#define FLASH_ACR_LATENCY (0xFu << 0)
#define FLASH_ACR_LATENCY_5 (5u << 0)
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)

/* 6.2.2: 8 MHz on OSC_IN from the ST-LINK. False leaves HSE off. */
static bool clock_from_st_link(void) {
    RCC_CR |= RCC_CR_HSEBYP; /* before HSEON: it is locked by it */
    RCC_CR |= RCC_CR_HSEON;
    if (comes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY)) {
        return true;
    }
    RCC_CR &= ~RCC_CR_HSEON;
    return false;
}

/* 6.2.3, 5.1.4, 3.4.1: PLL = 2 MHz (HSE / 4 or HSI / 8) * 180 / 2, over-drive, 5 wait states with the ART on, APB1 /4,
 * APB2 /2. False leaves the core on HSI, as it was. */
static bool clock_to_180_mhz(void) {
    const uint32_t n_180_p_2_q_8_r_2 = PUT(RCC_PLLCFGR_PLLN, 180u) | PUT(RCC_PLLCFGR_PLLQ, 8u) | PUT(RCC_PLLCFGR_PLLR, 2u);
    const uint32_t hse_to_2_mhz = PUT(RCC_PLLCFGR_PLLM, 4u), hsi_to_2_mhz = PUT(RCC_PLLCFGR_PLLM, 8u);

    RCC_CR |= RCC_CR_HSION;
    if (!comes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY)) {
        return false;
    }
    bool external = clock_from_st_link();
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC_APB1ENR; /* 6.2.16: a clock needs two cycles before its peripheral may be touched */
    PWR_CR |= PWR_CR_VOS_SCALE1;
    RCC_PLLCFGR = n_180_p_2_q_8_r_2 | (external ? RCC_PLLCFGR_PLLSRC_HSE | hse_to_2_mhz : hsi_to_2_mhz);
    RCC_CR |= RCC_CR_PLLON;
    if (!comes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        return false;
    }
    PWR_CR |= PWR_CR_ODEN;
    if (!comes(&PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY)) {
        return false;
    }
    PWR_CR |= PWR_CR_ODSWEN;
    if (!comes(&PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY)) {
        return false;
    }
    FLASH_ACR = FLASH_ACR_LATENCY_5 | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    if (!comes(&FLASH_ACR, FLASH_ACR_LATENCY, FLASH_ACR_LATENCY_5)) {
        return false;
    }
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    if (!comes(&RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL)) {
        RCC_CFGR = 0;
        return false;
    }
    clock_source = external ? HIL_CLOCK_EXTERNAL : HIL_CLOCK_INTERNAL;
    return true;
}

static void uart_pins(void) {
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
#ifdef HIL_NEEDS_CRC_CLOCK /* ST's libraries ask the CRC unit whether this is one of ST's parts */
    RCC_AHB1ENR |= RCC_AHB1ENR_CRCEN;
#endif
    RCC_APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC_APB1ENR;
    GPIOA_AFRL = (GPIOA_AFRL & ~(GPIOA_AFRL_AFRL2 | GPIOA_AFRL_AFRL3)) | PUT(GPIOA_AFRL_AFRL2, AF7) | PUT(GPIOA_AFRL_AFRL3, AF7);
    GPIOA_PUPDR = (GPIOA_PUPDR & ~(GPIOA_PUPDR_PUPDR2 | GPIOA_PUPDR_PUPDR3)) | PUT(GPIOA_PUPDR_PUPDR3, PULLED_UP); /* an open line is an idle one */
    GPIOA_MODER = (GPIOA_MODER & ~(GPIOA_MODER_MODER2 | GPIOA_MODER_MODER3)) | PUT(GPIOA_MODER_MODER2, ALTERNATE) | PUT(GPIOA_MODER_MODER3, ALTERNATE);
}

/* 25.4.3: SR, then DR, ends it: SR was read, and DR is read for its byte if there is one. */
static inline void clear_overrun(uint32_t status) {
    if ((status & USART2_STATUS_RXNE) == 0) {
        (void)USART2_DR;
    }
}

void board_init(void) {
    reset_cause = take_reset_cause();
    clock_source = HIL_CLOCK_INTERNAL;
    if (clock_to_180_mhz()) {
        core_hz = PLL_HZ;
        apb1_hz = PLL_HZ / 4u;
    }
    cortex_time_start(core_hz / 8u); /* SysTick's reference clock is HCLK / 8 */
    uart_start();
}
