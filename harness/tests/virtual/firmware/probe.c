/* SPDX-License-Identifier: Apache-2.0
 * One image for all tests of the virtual board. What it does is chosen by the mailbox: `mode` is written by the test
 * before reset; results are left in `result[]`, then `done` is set. Without a mode it echoes the serial port. */
#include <stdint.h>

#define REG(a) (*(volatile uint32_t *)(a))
#define MAILBOX 0x2001F000u
#define MAGIC 0x4D41494Cu
typedef struct {
    uint32_t magic, mode, argument, done, boots, n;
    uint32_t result[32];
} mailbox_t;
#define box (*(volatile mailbox_t *)MAILBOX)

#define ICSR REG(0xE000ED04u)
#define VTOR REG(0xE000ED08u)
#define AIRCR REG(0xE000ED0Cu)
#define SHCSR REG(0xE000ED24u)
#define CFSR REG(0xE000ED28u)
#define HFSR REG(0xE000ED2Cu)
#define BFAR REG(0xE000ED38u)
#define SHPR2 REG(0xE000ED1Cu)
#define SHPR3 REG(0xE000ED20u)
#define CPACR REG(0xE000ED88u)
#define ISER0 REG(0xE000E100u)
#define ISER1 REG(0xE000E104u)
#define ISPR0 REG(0xE000E200u)
#define IPR(n) (*(volatile uint8_t *)(0xE000E400u + (n)))
#define RCC_CSR REG(0x40023874u)
#define USART2 0x40004400u

extern uint32_t data_start, data_end, data_load, bss_start, bss_end, stack_top;
static void finish(void) {
    box.done = 1;
    for (;;) __asm volatile("wfi");
}
static void note(uint32_t value) {
    if (box.n < 32) box.result[box.n++] = value;
}
static uint32_t ipsr(void) {
    uint32_t v;
    __asm volatile("mrs %0, ipsr" : "=r"(v));
    return v;
}

/* ---- interrupts ---- */
static volatile uint32_t ticks;
void irq_a(void) { /* IRQ 0 */
    note(0xA0);
    if (box.argument == 1) {
        ISPR0 = 2; /* B outranks A: it must run inside A */
        note(0xA1);
    }
}
void irq_b(void) { note(0xB0); }
void pendsv(void) { note(0x14); }
void systick(void) { ticks++; }

static void priorities(void) {
    IPR(0) = 0x40;
    IPR(1) = 0x20;
    SHPR3 = 0x00F00000u;
    ISER0 = 3;
    __asm volatile("cpsid i");
    ISPR0 = 1;
    if (box.argument != 1) ISPR0 = 2;
    ICSR = 1u << 28;
    note(1);
    __asm volatile("cpsie i\n isb");
    for (volatile int i = 0; i < 100; i++) {
    }
    note(2);
    finish();
}

static void basepri(void) {
    IPR(0) = 0x40;
    IPR(1) = 0x20;
    ISER0 = 3;
    __asm volatile("msr basepri, %0" ::"r"(0x40));
    ISPR0 = 1;
    ISPR0 = 2;
    for (volatile int i = 0; i < 100; i++) {
    }
    note(1);
    __asm volatile("msr basepri, %0" ::"r"(0));
    for (volatile int i = 0; i < 100; i++) {
    }
    note(2);
    finish();
}

static void wfi_with_interrupts_masked(void) {
    ISER0 = 1;
    __asm volatile("cpsid i");
    ISPR0 = 1;
    __asm volatile("wfi"); /* ends although the handler may not run */
    note(1);
    __asm volatile("cpsie i\n isb");
    for (volatile int i = 0; i < 100; i++) {
    }
    note(2);
    finish();
}

/* ---- supervisor calls and floating point ---- */
void svc_body(uint32_t *frame, uint32_t exc_return) {
    uint32_t control;
    __asm volatile("mrs %0, control" : "=r"(control));
    note(0x5C);
    note(ipsr());
    note(exc_return);
    note(control);
    frame[0] = frame[0] + frame[1];
    __asm volatile("vmov s0, %0\n vmov s15, %0\n vmsr fpscr, %1" ::"r"(0x7F800000), "r"(0x00C00000) : "s0", "s15");
}
__attribute__((naked)) void svcall(void) {
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n mov r1, lr\n b svc_body");
}
static uint32_t svc_add(uint32_t a, uint32_t b) {
    register uint32_t r0 __asm("r0") = a;
    register uint32_t r1 __asm("r1") = b;
    __asm volatile("svc 7" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}
static void supervisor_call(void) {
    note(svc_add(40, 2));
    finish();
}
/* Not inlined: the compiler would save floating point registers at the top of the caller, before the unit is enabled. */
__attribute__((noinline)) static void floating_point_is_kept(void) {
    uint32_t s0, s15, s16, fpscr, control;
    __asm volatile("vmov s0, %0\n vmov s15, %1\n vmov s16, %2\n vmsr fpscr, %3\n mov r0, #1\n mov r1, #2\n svc 7\n"
                   ::"r"(0x3F800000), "r"(0x40490FDB), "r"(0x12345678), "r"(0x80000000) : "r0", "r1", "memory", "s0", "s15", "s16");
    __asm volatile("vmov %0, s0\n vmov %1, s15\n vmov %2, s16\n vmrs %3, fpscr\n mrs %4, control"
                   : "=r"(s0), "=r"(s15), "=r"(s16), "=r"(fpscr), "=r"(control));
    note(s0), note(s15), note(s16), note(fpscr), note(control);
    finish();
}
static uint32_t thread_stack[256] __attribute__((aligned(8)));
__attribute__((noinline)) static void unprivileged_body(void) {
    uint32_t control;
    __asm volatile("mrs %0, control" : "=r"(control));
    note(control);
    note(svc_add(1, 2));
    __asm volatile("mrs %0, control" : "=r"(control));
    note(control);
    finish();
}
static void unprivileged(void) {
    __asm volatile("msr psp, %0\n mov r0, #3\n msr control, r0\n isb\n bx %1" ::"r"(thread_stack + 256),
                   "r"((uint32_t)unprivileged_body | 1u)
                   : "r0");
}

/* ---- time ---- */
static void sleep_five_ticks(void) {
    REG(0xE000E014u) = 15999;
    REG(0xE000E018u) = 0;
    REG(0xE000E010u) = 7;
    while (ticks < 5) __asm volatile("wfi");
    note(ticks);
    finish();
}
static void count_instructions(void) {
    uint32_t a, b;
    REG(0xE000EDFCu) |= 1u << 24;
    REG(0xE0001004u) = 0;
    REG(0xE0001000u) |= 1;
    __asm volatile("ldr %0, [%2]\n mov r3, #100\n1: subs r3, #1\n bne 1b\n ldr %1, [%2]"
                   : "=&r"(a), "=&r"(b) : "r"(0xE0001004u) : "r3", "cc");
    note(b - a); /* 1 + 100 * 2 + 1 (the second load itself) */
    finish();
}
static void watchdog(void) {
    if (box.boots > 1) {
        note(RCC_CSR);
        finish();
    }
    REG(0x40003000u) = 0xCCCC;
    REG(0x40003000u) = 0x5555;
    REG(0x40003004u) = 0;
    REG(0x40003008u) = 10;
    REG(0x40003000u) = 0xAAAA;
    for (;;) __asm volatile("wfi");
}
static void software_reset(void) {
    note(RCC_CSR);
    RCC_CSR |= 1u << 24;
    if (box.boots > 1) finish();
    AIRCR = 0x05FA0004u;
    for (;;) {
    }
}

/* ---- faults ---- */
void fault_body(uint32_t *frame, uint32_t exc_return) {
    note(ipsr());
    note(CFSR);
    note(HFSR);
    note(BFAR);
    note(exc_return);
    if ((uint32_t)frame >= 0x20000000u && (uint32_t)frame < 0x20020000u) note(frame[6]);
    finish();
}
__attribute__((naked)) void fault(void) {
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n mov r1, lr\n"
                   "ldr r2, =0x2001e000\n mov sp, r2\n b fault_body");
}
__attribute__((naked)) void hard_fault(void) {
    __asm volatile("ldr r2, =0x2001f008\n ldr r2, [r2]\n cmp r2, #99\n bne fault\n ldr r2, =0x60000000\n ldr r2, [r2]");
}
static void provoke(void) {
    uint32_t kind = box.argument & 0xFF;
    if (box.argument & 0x100) SHCSR = 7u << 16;
    switch (kind) {
    case 0: (void)REG(0x60000000u); break;
    case 1: REG(0x60000004u) = 1; break;
    case 2: __asm volatile("bx %0" ::"r"(0x30000001)); break;
    case 3: __asm volatile("bx %0" ::"r"(0xE0100001)); break;
    case 4: __asm volatile("udf #1"); break;
    case 5: __asm volatile("bx %0" ::"r"((uint32_t)&provoke & ~1u)); break;
    case 6: __asm volatile("bkpt #1"); break;
    case 7: __asm volatile("mov sp, %0\n push {r0, r1}" ::"r"(0x10000000)); break;
    case 8: __asm volatile("cpsid i\n svc 1"); break;
    case 9: (void)REG(0x40017C00u); break; /* a hole between peripherals */
    case 10: ((void (*)(void))1)(); break; /* a null call runs into the vector table */
    case 99: __asm volatile("udf #2"); break;
    }
    for (volatile int i = 0; i < 100; i++) {
    }
    finish();
}

/* ---- serial port: interrupt to ring to main loop ---- */
static uint8_t ring[4096];
static volatile uint32_t head, tail, errors;
void usart2(void) {
    uint32_t sr = REG(USART2);
    if (sr & (1u << 5 | 1u << 3)) {
        uint8_t byte = (uint8_t)REG(USART2 + 4);
        if (sr & 0xA) errors++;
        ring[head % sizeof ring] = byte;
        head++;
    }
}
static void serial(int echo) {
    REG(0x40023830u) |= 1;
    REG(0x40023840u) |= 1u << 17;
    REG(0x40020000u) = (REG(0x40020000u) & ~0xF0u) | 0xA0u;
    REG(0x40020020u) |= 0x7700u;
    REG(USART2 + 8) = 139; /* 16 MHz / 115200 */
    REG(USART2 + 0xC) = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2;
    ISER1 = 1u << 6;
    uint32_t sum = 0;
    for (;;) {
        __asm volatile("cpsid i");
        if (head == tail) __asm volatile("wfi");
        __asm volatile("cpsie i");
        while (head != tail) {
            uint8_t byte = ring[tail % sizeof ring];
            tail++;
            sum = sum * 31 + byte;
            if (echo) {
                while (!(REG(USART2) & 1u << 7)) {
                }
                REG(USART2 + 4) = byte;
            }
        }
        box.result[0] = head, box.result[1] = sum, box.result[2] = errors;
    }
}

static void polled_echo(void) {
    REG(0x40023830u) |= 1;
    REG(0x40023840u) |= 1u << 17;
    REG(0x40020000u) = (REG(0x40020000u) & ~0xF0u) | 0xA0u;
    REG(0x40020020u) |= 0x7700u;
    REG(USART2 + 8) = 139;
    REG(USART2 + 0xC) = 1u << 13 | 1u << 3 | 1u << 2;
    for (;;) {
        while (!(REG(USART2) & 1u << 5)) {
        }
        uint8_t byte = (uint8_t)REG(USART2 + 4);
        while (!(REG(USART2) & 1u << 7)) {
        }
        REG(USART2 + 4) = byte;
    }
}

static void compute(void) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < box.argument; i++) {
        x = x * 1664525u + 1013904223u;
        __asm volatile("" : "+r"(x));
    }
    note(x);
    finish();
}

static void no_fault(void) { finish(); }

void reset_handler(void) {
    for (uint32_t *d = &data_start, *s = &data_load; d < &data_end;) *d++ = *s++;
    for (uint32_t *d = &bss_start; d < &bss_end;) *d++ = 0;
    if (box.magic != MAGIC) serial(1);
    box.boots++;
    switch (box.mode) {
    case 1: priorities(); break;
    case 2: basepri(); break;
    case 3: wfi_with_interrupts_masked(); break;
    case 4: supervisor_call(); break;
    case 5: CPACR |= 0xFu << 20; __asm volatile("dsb\n isb"); floating_point_is_kept(); break;
    case 15: floating_point_is_kept(); break; /* without enabling the unit */
    case 6: unprivileged(); break;
    case 7: sleep_five_ticks(); break;
    case 8: count_instructions(); break;
    case 9: watchdog(); break;
    case 10: software_reset(); break;
    case 11: provoke(); break;
    case 12: serial(0); break;
    case 13: polled_echo(); break;
    case 14: compute(); break;
    default: serial(1);
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 39] = {
    &stack_top, reset_handler, no_fault, hard_fault, fault, fault, fault, 0, 0, 0, 0, svcall, 0, 0, pendsv, systick,
    irq_a, irq_b, [16 + 38] = usart2,
};
