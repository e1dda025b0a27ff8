/* SPDX-License-Identifier: Apache-2.0
 * The core's own registers (ARMv7-M Architecture Reference Manual, B3 and C1). Nothing of a vendor's in here. */
#ifndef HIL_ARCH_CORTEX_M_H
#define HIL_ARCH_CORTEX_M_H

#include <stdbool.h>
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG8(address) (*(volatile uint8_t *)(address))
/* A value in the place of a field, of which `mask` has all the bits. */
#define PUT(mask, value) ((mask) & ((uint32_t)(value) * ((mask) & (0u - (mask)))))
/* A number's digits, for assembly. */
#define TEXT(number) TEXT_(number)
#define TEXT_(number) #number

/* System control block */
#define SCB_ICSR REG32(0xE000ED04u)
#define SCB_VTOR REG32(0xE000ED08u)
#define SCB_AIRCR REG32(0xE000ED0Cu)
#define SCB_SHCSR REG32(0xE000ED24u)
#define SCB_CFSR REG32(0xE000ED28u)
#define SCB_CFSR_AT 0xE000ED28
#define SCB_HFSR REG32(0xE000ED2Cu)
#define SCB_MMFAR REG32(0xE000ED34u)
#define SCB_BFAR REG32(0xE000ED38u)
#define SCB_CPACR REG32(0xE000ED88u)
#define SCB_SHPR(exception) REG8(0xE000ED18u + (exception) - 4u) /* exceptions 4 to 15 */
#define SCB_ICSR_VECTACTIVE (0x1FFu << 0)
#define SCB_ICSR_PENDSTCLR (1u << 25)
#define SCB_AIRCR_SYSRESETREQ (1u << 2)
#define SCB_AIRCR_VECTKEY_WRITE (0x05FAu << 16)
#define SCB_SHCSR_MEMFAULTENA (1u << 16)
#define SCB_SHCSR_BUSFAULTENA (1u << 17)
#define SCB_SHCSR_USGFAULTENA (1u << 18)
#define SCB_CPACR_CP10 (3u << 20)
#define SCB_CPACR_CP11 (3u << 22)

/* SysTick */
#define SYST_CSR REG32(0xE000E010u)
#define SYST_RVR REG32(0xE000E014u)
#define SYST_CVR REG32(0xE000E018u)
#define SYST_CSR_ENABLE (1u << 0)
#define SYST_CSR_TICKINT (1u << 1)

/* Interrupt controller */
#define NVIC_ISER(irq) REG32(0xE000E100u + 4u * ((irq) / 32u))
#define NVIC_IPR(irq) REG8(0xE000E400u + (irq))

/* Cycle counter */
#define DCB_DEMCR REG32(0xE000EDFCu)
#define DCB_DEMCR_TRCENA (1u << 24)
#define DWT_CTRL REG32(0xE0001000u)
#define DWT_CYCCNT REG32(0xE0001004u)
#define DWT_CTRL_CYCCNTENA (1u << 0)

static inline uint32_t irq_mask(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void irq_restore(uint32_t primask) {
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

/* The barrier before WFI lets a store that clears an interrupt's cause take effect: without it the core may wake at once
 * or, on some emulators, not see the change at all. With interrupts masked WFI still wakes on a pending one. */
static inline void wait_for_interrupt(void) {
    __asm volatile("dsb\n\twfi" ::: "memory");
}

/* Whether (*reg & mask) becomes `value`. A flag that never comes must not hang a board, so every wait for hardware ends:
 * 100 000 reads are over 1 ms at 180 MHz and over 20 ms at 16; the slowest flag here (a PLL's lock) takes 0.2 ms. */
static inline bool comes(volatile const uint32_t *reg, uint32_t mask, uint32_t value) {
    for (uint32_t i = 0; i < 100000u; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

/* Reads `n` bytes from where there may be nothing, or nothing that may be read: a fault is then an answer and no crash.
 * Returns n, or 0 when a byte could not be read. Not for registers whose reading does something. */
uint32_t peek(uint8_t *to, uint32_t address, uint32_t n);

/* At least so many cycles of the core. */
static inline void spin(uint32_t cycles) {
    while (cycles-- != 0) {
        __asm volatile("nop");
    }
}

static inline void nvic_enable(uint32_t irq, uint8_t priority) {
    NVIC_IPR(irq) = priority;
    NVIC_ISER(irq) = 1u << (irq % 32u);
}

static inline void sync_barrier(void) {
    __asm volatile("dsb\n\tisb" ::: "memory");
}

/* Starts the 64-bit cycle counter and the half-second tick. `tick_hz` is what SysTick counts with CLKSOURCE 0. */
void cortex_time_start(uint32_t tick_hz);

/* Core priorities: faults (0) above the UART above the tick. The low 4 bits are not implemented on most parts. */
#define PRIORITY_UART 0x40u
#define PRIORITY_TICK 0x80u

#endif
