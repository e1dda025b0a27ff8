/* SPDX-License-Identifier: Apache-2.0
 * Capture of a crash: into RAM that survives the reset that follows at once. */
#include "fault.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "cortex_m.h"
#include "kept.h"
#include "wire/crc32.h"
#include "wire/messages.h"

extern uint32_t __stack_bottom[], __stack_top[];
extern uint8_t __ram_begin[], __ram_end[], __code_begin[], __code_end[];

#define FAULT_MAGIC 0x4641554Cu
#define CAPTURING 0xB005EDu
#define EXC_RETURN_NO_FPU (1u << 4) /* the frame has no floating point registers */
#define PSR_PADDED (1u << 9)        /* the frame was pushed below a padding word */

/* Words that the exception pushed. */
enum { FRAME_LR = 5, FRAME_PC = 6, FRAME_PSR = 7, FRAME_WORDS = 8, FRAME_WORDS_FPU = 26 };

typedef struct {
    uint32_t magic;
    char build_id[8]; /* whose addresses these are: a report must not outlive its firmware */
    fault_report report;
    uint32_t crc; /* over all before it */
} kept_report;

HIL_NOINIT static kept_report stored;
HIL_NOINIT static volatile uint32_t capturing;  /* CAPTURING while a capture runs */
HIL_NOINIT static volatile uint32_t just_reset; /* FAULT_MAGIC when the reset was ours */

volatile uint32_t peeking; /* not 0 while peek() reads */

/* The capture has a stack of its own: that of the program may be what broke. */
HIL_NOINIT uint64_t fault_stack[64];

void fault_entry(void);
uint32_t peek_byte(uint32_t address);
void fault_capture(const uint32_t *frame, uint32_t exc_return);

static void reset(void) {
    sync_barrier();
    SCB_AIRCR = SCB_AIRCR_VECTKEY_WRITE | SCB_AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

static uint32_t stored_crc(void) {
    return crc32(0, (const uint8_t *)&stored, offsetof(kept_report, crc));
}

/* Whole words of the stack from `sp` on, none when sp does not point into it. */
static uint32_t stack_words(uint32_t sp) {
    uint32_t bottom = (uint32_t)(uintptr_t)__stack_bottom;
    uint32_t top = (uint32_t)(uintptr_t)__stack_top;
    return sp >= bottom && sp < top && sp % 4u == 0 ? (top - sp) / 4u : 0;
}

static void describe(fault_report *r, const uint32_t *frame, uint32_t exc_return) {
    uint32_t at = (uint32_t)(uintptr_t)frame;
    uint32_t code = (uint32_t)(uintptr_t)__code_begin;
    /* Where the stack pointer was before the exception pushed its frame, also when the push itself failed. */
    r->sp = at + 4u * ((exc_return & EXC_RETURN_NO_FPU) != 0 ? FRAME_WORDS : FRAME_WORDS_FPU);
    if (stack_words(at) >= FRAME_WORDS) {
        r->lr = frame[FRAME_LR];
        r->pc = frame[FRAME_PC];
        r->psr = frame[FRAME_PSR];
        r->sp += (r->psr & PSR_PADDED) != 0 ? 4u : 0;
    }
    r->cfsr = SCB_CFSR;
    r->hfsr = SCB_HFSR;
    r->bfar = SCB_BFAR;
    r->mmfar = SCB_MMFAR;
    r->exception = SCB_ICSR & SCB_ICSR_VECTACTIVE;
    r->last_type = kept.last_type;
    r->sample = kept.sample;
    /* After a stack overflow sp lies below the stack: what called whom is still in it. */
    uint32_t bottom = (uint32_t)(uintptr_t)__stack_bottom;
    uint32_t from = r->sp < bottom ? bottom : r->sp;
    const uint32_t *words = (const uint32_t *)(uintptr_t)from;
    uint32_t n = stack_words(from);
    r->n_backtrace = fault_scan(words, n, (const uint8_t *)(uintptr_t)code, code,
                                (uint32_t)(uintptr_t)__code_end - code, r->backtrace, FAULT_BACKTRACE);
    r->n_stack = 4u * n < sizeof r->stack ? 4u * n : sizeof r->stack;
    memcpy(r->stack, words, r->n_stack);
}

/* Never returns. A fault in here ends in a reset without a report rather than in a second, wrong one. */
__attribute__((used)) void fault_capture(const uint32_t *frame, uint32_t exc_return) {
    if (capturing == CAPTURING) {
        capturing = 0;
        reset();
    }
    capturing = CAPTURING;
    memset(&stored, 0, sizeof stored);
    memcpy(stored.build_id, HIL_BUILD_ID, sizeof stored.build_id);
    describe(&stored.report, frame, exc_return);
    stored.magic = FAULT_MAGIC;
    stored.crc = stored_crc();
    kept.crashes = kept.crashes + 1u;
    just_reset = FAULT_MAGIC;
    capturing = 0;
    reset();
}

/* Reads one byte. 256 when that faults, see fault_entry(). */
__attribute__((naked, used)) uint32_t peek_byte(__attribute__((unused)) uint32_t address) {
    __asm volatile("ldrb.n r0, [r0]\n\t"
                   "bx lr");
}

uint32_t peek(uint8_t *to, uint32_t address, uint32_t n) {
    uint32_t byte = 0;
    peeking = 1;
    for (uint32_t i = 0; i < n && byte < 256u; i++) {
        byte = peek_byte(address + i);
        to[i] = (uint8_t)byte;
    }
    peeking = 0;
    return byte < 256u ? n : 0;
}

/* A fault of peek_byte()'s load gives it 256 and goes on behind it (the stack is good there); CFSR forgets it. Any other:
 * r0 = the exception's frame, r1 = EXC_RETURN, on a stack that is known to be good. */
__attribute__((naked, used)) void fault_entry(void) {
    __asm volatile("movw r2, #:lower16:peeking\n\t"
                   "movt r2, #:upper16:peeking\n\t"
                   "ldr r2, [r2]\n\t"
                   "cbz r2, 1f\n\t"
                   "tst lr, #4\n\t"
                   "ite eq\n\t"
                   "mrseq r0, msp\n\t"
                   "mrsne r0, psp\n\t"
                   "ldr r1, [r0, #24]\n\t"
                   "movw r2, #:lower16:peek_byte\n\t"
                   "movt r2, #:upper16:peek_byte\n\t"
                   "bic r2, r2, #1\n\t"
                   "cmp r1, r2\n\t"
                   "bne 1f\n\t"
                   "add r1, r1, #2\n\t"
                   "str r1, [r0, #24]\n\t"
                   "mov r1, #256\n\t"
                   "str r1, [r0]\n\t"
                   "movw r2, #(" TEXT(SCB_CFSR_AT) " & 65535)\n\t"
                   "movt r2, #(" TEXT(SCB_CFSR_AT) " >> 16)\n\t"
                   "ldr r1, [r2]\n\t"
                   "str r1, [r2]\n\t"
                   "bx lr\n"
                   "1:\n\t"
                   "tst lr, #4\n\t"
                   "ite eq\n\t"
                   "mrseq r0, msp\n\t"
                   "mrsne r0, psp\n\t"
                   "mov r1, lr\n\t"
                   "movw r2, #:lower16:(fault_stack + 512)\n\t"
                   "movt r2, #:upper16:(fault_stack + 512)\n\t"
                   "msr msp, r2\n\t"
                   "b fault_capture");
}

const fault_report *fault_kept(void) {
    if (stored.magic != FAULT_MAGIC || stored.crc != stored_crc() || memcmp(stored.build_id, HIL_BUILD_ID, 8) != 0 ||
        stored.report.n_backtrace > FAULT_BACKTRACE || stored.report.n_stack > FAULT_STACK_BYTES) {
        return NULL;
    }
    return &stored.report;
}

void fault_clear(void) {
    stored.magic = 0;
}

bool fault_caused_reset(void) {
    bool caused = just_reset == FAULT_MAGIC;
    just_reset = 0;
    capturing = 0;
    return caused;
}
