/* SPDX-License-Identifier: Apache-2.0
 * Flash algorithm for the STM32L4 and L4+ (RM0351, RM0432: chapter FLASH), run by a debugger in the chip's RAM. The five
 * functions are those of a CMSIS-Pack: 0 is success; ProgramPage returns the first address that failed plus 1, or 1.
 * build.py compiles it and writes harness/virtual/soc/_stm32l4_algorithm.py. */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define FLASH_ACR REG32(0x40022000u)
#define FLASH_KEYR REG32(0x40022008u)
#define FLASH_SR REG32(0x40022010u)
#define FLASH_CR REG32(0x40022014u)
#define FLASH_OPTR REG32(0x40022020u)
#define IWDG_KR REG32(0x40003000u)
#define DBGMCU_IDCODE REG32(0xE0042000u)
#define FLASH_KBYTES (*(volatile uint16_t *)0x1FFF75E0u)
#define FLASH_BASE 0x08000000u

enum { SR_ERRORS = 0xC3FA, SR_EOP = 1, SR_BSY = 1 << 16 };
enum { CR_PG = 1, CR_PER = 2, CR_MER1 = 4, CR_PNB_SHIFT = 3, CR_BKER = 1 << 11, CR_MER2 = 1 << 15, CR_STRT = 1 << 16 };
enum { ACR_ICEN = 1 << 9, ACR_DCEN = 1 << 10, ACR_ICRST = 1 << 11, ACR_DCRST = 1 << 12 };
#define CR_LOCK (1u << 31)
#define OPTR_DBANK (1u << 22)
#define L4R_L4S 0x470u
#define L4P_L4Q 0x471u

/* Not initialised statically: nothing is loaded for variables, Init() sets them. */
static uint32_t page_shift, bank_bytes;

static void wait_while_busy(void) {
    while ((FLASH_SR & SR_BSY) != 0) {
        IWDG_KR = 0xAAAA; /* one that runs already, by option byte, must not bite here */
    }
}

static int finished(void) {
    wait_while_busy();
    uint32_t errors = FLASH_SR & SR_ERRORS;
    FLASH_CR = 0;
    FLASH_SR = errors | SR_EOP;
    return errors != 0;
}

/* Both caches may hold what the flash held before. They can be reset only while they are off. */
static void forget_caches(void) {
    uint32_t acr = FLASH_ACR;
    FLASH_ACR = acr & ~(uint32_t)(ACR_ICEN | ACR_DCEN);
    FLASH_ACR = (acr & ~(uint32_t)(ACR_ICEN | ACR_DCEN)) | ACR_ICRST | ACR_DCRST;
    FLASH_ACR = acr & ~(uint32_t)(ACR_ICEN | ACR_DCEN | ACR_ICRST | ACR_DCRST);
    FLASH_ACR = acr;
}

int Init(uint32_t address, uint32_t clock, uint32_t operation) {
    (void)address, (void)clock, (void)operation;
    uint32_t device = DBGMCU_IDCODE & 0xFFFu;
    page_shift = 11;
    if (device == L4R_L4S || device == L4P_L4Q) {
        if ((FLASH_OPTR & OPTR_DBANK) == 0) {
            return 1; /* one bank with pages of 8 KB: not what the memory map says */
        }
        page_shift = 12;
    }
    bank_bytes = (uint32_t)FLASH_KBYTES * 1024u / 2u;
    wait_while_busy();
    if ((FLASH_CR & CR_LOCK) != 0) {
        FLASH_KEYR = 0x45670123u;
        FLASH_KEYR = 0xCDEF89ABu;
    }
    FLASH_SR = SR_ERRORS | SR_EOP;
    return (FLASH_CR & CR_LOCK) != 0;
}

int UnInit(uint32_t operation) {
    (void)operation;
    FLASH_CR = CR_LOCK;
    forget_caches();
    return 0;
}

int EraseChip(void) {
    FLASH_CR = CR_MER1 | CR_MER2;
    FLASH_CR = CR_MER1 | CR_MER2 | CR_STRT;
    return finished();
}

int EraseSector(uint32_t address) {
    uint32_t offset = address - FLASH_BASE, bank = 0;
    if (offset >= bank_bytes) {
        offset -= bank_bytes;
        bank = CR_BKER;
    }
    FLASH_CR = CR_PER | bank | (offset >> page_shift) << CR_PNB_SHIFT;
    FLASH_CR |= CR_STRT;
    return finished();
}

int ProgramPage(uint32_t address, uint32_t n_bytes, const uint32_t *from) {
    for (uint32_t done = 0; done < n_bytes; done += 8, from += 2) {
        FLASH_CR = CR_PG;
        REG32(address + done) = from[0];
        REG32(address + done + 4u) = from[1];
        if (finished() != 0) {
            return 1;
        }
    }
    return 0;
}
