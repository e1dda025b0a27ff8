/* SPDX-License-Identifier: Apache-2.0
 * Flash algorithm for the STM32L4 and L4+ (RM0351, RM0432: chapter FLASH), run by a debugger in the chip's RAM. The five
 * functions are those of a CMSIS-Pack: 0 is success; ProgramPage returns the first address that failed plus 1, or 1.
 * build.py compiles it and writes harness/virtual/soc/_stm32l4_algorithm.py. */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
/* A value in the place of a field, of which `mask` has all the bits. */
#define PUT(mask, value) ((mask) & ((uint32_t)(value) * ((mask) & (0u - (mask)))))
#define FLASH_ACR REG32(0x40022000u)
#define FLASH_KEYR REG32(0x40022008u)
#define FLASH_SR REG32(0x40022010u)
#define FLASH_CR REG32(0x40022014u)
#define FLASH_OPTR REG32(0x40022020u)
#define IWDG_KR REG32(0x40003000u)
#define DBGMCU_IDCODE REG32(0xE0042000u)
#define FLASHSIZE_KBYTES REG16(0x1FFF75E0u)
#define FLASH_BASE 0x08000000u

#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)
#define FLASH_ACR_ICRST (1u << 11)
#define FLASH_ACR_DCRST (1u << 12)
#define FLASH_KEY1 0x45670123u
#define FLASH_KEY2 0xCDEF89ABu
#define FLASH_SR_EOP (1u << 0)
#define FLASH_SR_OPERR (1u << 1)
#define FLASH_SR_PROGERR (1u << 3)
#define FLASH_SR_WRPERR (1u << 4)
#define FLASH_SR_PGAERR (1u << 5)
#define FLASH_SR_SIZERR (1u << 6)
#define FLASH_SR_PGSERR (1u << 7)
#define FLASH_SR_MISERR (1u << 8)
#define FLASH_SR_FASTERR (1u << 9)
#define FLASH_SR_RDERR (1u << 14)
#define FLASH_SR_OPTVERR (1u << 15)
#define FLASH_SR_BSY (1u << 16)
#define ERRORS                                                                                                         \
    (FLASH_SR_OPERR | FLASH_SR_PROGERR | FLASH_SR_WRPERR | FLASH_SR_PGAERR | FLASH_SR_SIZERR | FLASH_SR_PGSERR |       \
     FLASH_SR_MISERR | FLASH_SR_FASTERR | FLASH_SR_RDERR | FLASH_SR_OPTVERR)
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_PER (1u << 1)
#define FLASH_CR_MER1 (1u << 2)
#define FLASH_CR_PNB (0xFFu << 3)
#define FLASH_CR_BKER (1u << 11)
#define FLASH_CR_MER2 (1u << 15)
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_LOCK (1u << 31)
#define FLASH_OPTR_DBANK (1u << 22) /* of the L4+ alone */
#define IWDG_KR_KEY_REFRESH (0xAAAAu << 0)
#define DBGMCU_IDCODE_DEV_ID_OF_12 (0xFFFu << 0)
#define L4R_L4S 0x470u
#define L4P_L4Q 0x471u

/* Not initialised statically: nothing is loaded for variables, Init() sets them. */
static uint32_t page_shift, bank_bytes;

static void wait_while_busy(void) {
    while ((FLASH_SR & FLASH_SR_BSY) != 0) {
        IWDG_KR = IWDG_KR_KEY_REFRESH; /* one that runs already, by option byte, must not bite here */
    }
}

static int finished(void) {
    wait_while_busy();
    uint32_t errors = FLASH_SR & ERRORS;
    FLASH_CR = 0;
    FLASH_SR = errors | FLASH_SR_EOP;
    return errors != 0;
}

/* Both caches may hold what the flash held before. They can be reset only while they are off. */
static void forget_caches(void) {
    uint32_t acr = FLASH_ACR;
    FLASH_ACR = acr & ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN);
    FLASH_ACR = (acr & ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN)) | FLASH_ACR_ICRST | FLASH_ACR_DCRST;
    FLASH_ACR = acr & ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN | FLASH_ACR_ICRST | FLASH_ACR_DCRST);
    FLASH_ACR = acr;
}

int Init(uint32_t address, uint32_t clock, uint32_t operation) {
    (void)address, (void)clock, (void)operation;
    uint32_t device = DBGMCU_IDCODE & DBGMCU_IDCODE_DEV_ID_OF_12;
    page_shift = 11;
    if (device == L4R_L4S || device == L4P_L4Q) {
        if ((FLASH_OPTR & FLASH_OPTR_DBANK) == 0) {
            return 1; /* one bank with pages of 8 KB: not what the memory map says */
        }
        page_shift = 12;
    }
    bank_bytes = (uint32_t)FLASHSIZE_KBYTES * 1024u / 2u;
    wait_while_busy();
    if ((FLASH_CR & FLASH_CR_LOCK) != 0) {
        FLASH_KEYR = FLASH_KEY1;
        FLASH_KEYR = FLASH_KEY2;
    }
    FLASH_SR = ERRORS | FLASH_SR_EOP;
    return (FLASH_CR & FLASH_CR_LOCK) != 0;
}

int UnInit(uint32_t operation) {
    (void)operation;
    FLASH_CR = FLASH_CR_LOCK;
    forget_caches();
    return 0;
}

int EraseChip(void) {
    FLASH_CR = FLASH_CR_MER1 | FLASH_CR_MER2;
    FLASH_CR = FLASH_CR_MER1 | FLASH_CR_MER2 | FLASH_CR_STRT;
    return finished();
}

int EraseSector(uint32_t address) {
    uint32_t offset = address - FLASH_BASE, bank = 0;
    if (offset >= bank_bytes) {
        offset -= bank_bytes;
        bank = FLASH_CR_BKER;
    }
    FLASH_CR = FLASH_CR_PER | bank | PUT(FLASH_CR_PNB, offset >> page_shift);
    FLASH_CR |= FLASH_CR_STRT;
    return finished();
}

int ProgramPage(uint32_t address, uint32_t n_bytes, const uint32_t *from) {
    for (uint32_t done = 0; done < n_bytes; done += 8, from += 2) {
        FLASH_CR = FLASH_CR_PG;
        REG32(address + done) = from[0];
        REG32(address + done + 4u) = from[1];
        if (finished() != 0) {
            return 1;
        }
    }
    return 0;
}
