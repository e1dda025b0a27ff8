/* SPDX-License-Identifier: Apache-2.0
 * The last crash, kept over the reset that it ends in. Capture is the architecture's (arch/fault.c). */
#ifndef HIL_FAULT_H
#define HIL_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/frame.h"

enum { FAULT_BACKTRACE = 16, FAULT_STACK_BYTES = 256 };

/* The registers are those at the moment of the fault; names as in the architecture manual. */
typedef struct {
    uint32_t pc, lr, psr, sp;
    uint32_t cfsr, hfsr, bfar, mmfar;
    uint32_t exception; /* number of the exception taken */
    uint32_t last_type; /* of the last good frame */
    uint32_t sample;    /* that was being computed, HIL_WIRE_NO_SAMPLE if none */
    uint32_t n_backtrace;
    uint32_t backtrace[FAULT_BACKTRACE]; /* return addresses, innermost first */
    uint32_t n_stack;
    uint8_t stack[FAULT_STACK_BYTES]; /* from sp upwards */
} fault_report;

/* NULL when none is kept (or what is kept is damaged). */
const fault_report *fault_kept(void);
void fault_clear(void);

/* Whether the last reset was the fault handler's doing. True once after it. */
bool fault_caused_reset(void);

/* The body of a FAULT message; `report` NULL says that there is none. */
void fault_put(frame_encoder *e, const fault_report *report);

/* Looks for return addresses among `n` stack words: odd values that point behind a BL or BLX in code. `code` holds the
 * instructions from address `base` on. Returns how many it wrote to `found`, at most `max`. */
uint32_t fault_scan(const uint32_t *words, uint32_t n, const uint8_t *code, uint32_t base, uint32_t code_bytes,
                    uint32_t *found, uint32_t max);

#endif
