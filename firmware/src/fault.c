/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stddef.h>

#include "wire/bytes.h"
#include "wire/messages.h"

void fault_put(frame_encoder *e, const fault_report *report) {
    static const fault_report none = {.sample = HIL_WIRE_NO_SAMPLE};
    const fault_report *r = report == NULL ? &none : report;
    frame_put_u8(e, report != NULL);
    frame_put_u32(e, r->pc);
    frame_put_u32(e, r->lr);
    frame_put_u32(e, r->psr);
    frame_put_u32(e, r->sp);
    frame_put_u32(e, r->cfsr);
    frame_put_u32(e, r->hfsr);
    frame_put_u32(e, r->bfar);
    frame_put_u32(e, r->mmfar);
    frame_put_u32(e, r->exception);
    frame_put_u8(e, r->last_type);
    frame_put_u32(e, r->sample);
    frame_put_u8(e, r->n_backtrace);
    for (uint32_t i = 0; i < r->n_backtrace; i++) {
        frame_put_u32(e, r->backtrace[i]);
    }
    frame_put(e, r->stack, r->n_stack);
}

/* Whether the instruction that ends at `at` is a call: BL (32 bit, 11110x.. 11x1x..) or BLX register (16 bit). */
static bool follows_call(const uint8_t *code, uint32_t at) {
    if (at >= 4u && (get_u16(&code[at - 4u]) & 0xF800u) == 0xF000u && (get_u16(&code[at - 2u]) & 0xD000u) == 0xD000u) {
        return true;
    }
    return at >= 2u && (get_u16(&code[at - 2u]) & 0xFF87u) == 0x4780u;
}

uint32_t fault_scan(const uint32_t *words, uint32_t n, const uint8_t *code, uint32_t base, uint32_t code_bytes,
                    uint32_t *found, uint32_t max) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n && count < max; i++) {
        uint32_t at = words[i] - base - 1u; /* bit 0 set says Thumb */
        if ((words[i] & 1u) != 0 && at < code_bytes && follows_call(code, at)) {
            found[count++] = words[i] & ~1u;
        }
    }
    return count;
}
