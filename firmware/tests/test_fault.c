/* SPDX-License-Identifier: Apache-2.0
 * The portable part of fault reports: the search for return addresses, and the message. */
#include "fault.h"

#include "check.h"
#include "wire/bytes.h"
#include "wire/messages.h"

enum { BASE = 0x08000000 };

static void put_halfword(uint8_t *code, uint32_t at, uint32_t value) {
    code[at] = (uint8_t)value;
    code[at + 1] = (uint8_t)(value >> 8);
}

static void return_addresses_are_those_behind_a_call(void) {
    uint8_t *code = calloc(1, 64);
    uint32_t found[8] = {0};
    put_halfword(code, 0x10, 0xF000); /* bl, a 32-bit instruction */
    put_halfword(code, 0x12, 0xF801);
    put_halfword(code, 0x20, 0x4798); /* blx r3 */
    put_halfword(code, 0x30, 0xF000); /* b.w: 32 bits too, but no call */
    put_halfword(code, 0x32, 0xB801);
    const uint32_t stack[] = {
        BASE + 0x15,  /* behind the bl */
        BASE + 0x14,  /* even: not Thumb, so no return address */
        0xA5C35A3C,   /* paint */
        BASE + 0x23,  /* behind the blx */
        BASE + 0x35,  /* behind the b.w */
        BASE + 0x01,  /* nothing lies before the first instruction */
        BASE + 0x03,  /* half an instruction before it */
        BASE + 65,    /* behind the end */
        0x20000401,   /* data */
        BASE - 1,
        BASE + 0x15,  /* the same function again */
    };
    uint32_t n = fault_scan(stack, sizeof stack / sizeof stack[0], code, BASE, 64, found, 8);
    CHECK_EQUAL(n, 3);
    CHECK_EQUAL(found[0], BASE + 0x14);
    CHECK_EQUAL(found[1], BASE + 0x22);
    CHECK_EQUAL(found[2], BASE + 0x14);
    CHECK_EQUAL(fault_scan(stack, sizeof stack / sizeof stack[0], code, BASE, 64, found, 1), 1);
    CHECK_EQUAL(fault_scan(stack, 0, code, BASE, 64, found, 8), 0);
    free(code);
}

static uint8_t encoded[1024];
static uint32_t encoded_bytes;

static void collect(void *context, const uint8_t *bytes, uint32_t n) {
    (void)context;
    if (n <= sizeof encoded - encoded_bytes) {
        memcpy(&encoded[encoded_bytes], bytes, n);
        encoded_bytes += n;
    }
}

/* The body of the FAULT frame of a report. */
static uint32_t message(const fault_report *report, uint8_t *body, uint32_t max) {
    frame_encoder e;
    frame_decoder d;
    static uint8_t buffer[HIL_WIRE_HELLO_MAX_FRAME];
    frame_event event = FRAME_NONE;
    encoded_bytes = 0;
    frame_begin(&e, collect, NULL, HIL_MSG_FAULT, 0);
    fault_put(&e, report);
    frame_end(&e);
    frame_decoder_init(&d, buffer, sizeof buffer);
    for (uint32_t i = 0; i < encoded_bytes; i++) {
        event = frame_decoder_push(&d, encoded[i]);
    }
    CHECK_EQUAL(event, FRAME_GOOD);
    CHECK(d.body_bytes <= max);
    memcpy(body, d.body, d.body_bytes);
    return d.body_bytes;
}

static void the_largest_report_fits_a_frame_and_has_every_field(void) {
    uint8_t body[HIL_WIRE_HELLO_MAX_FRAME];
    fault_report r = {.pc = 0x101, .lr = 0x102, .psr = 0x103, .sp = 0x104, .cfsr = 0x105, .hfsr = 0x106, .bfar = 0x107,
                      .mmfar = 0x108, .exception = 3, .last_type = 2, .sample = 41, .n_backtrace = FAULT_BACKTRACE,
                      .n_stack = FAULT_STACK_BYTES};
    for (uint32_t i = 0; i < FAULT_BACKTRACE; i++) {
        r.backtrace[i] = 0x1000 + i;
    }
    for (uint32_t i = 0; i < FAULT_STACK_BYTES; i++) {
        r.stack[i] = (uint8_t)i;
    }
    uint32_t n = message(&r, body, sizeof body);
    CHECK_EQUAL(n, HIL_FAULT_VARIES_AT + 1 + 4 * FAULT_BACKTRACE + FAULT_STACK_BYTES);
    CHECK_EQUAL(body[HIL_FAULT_AT_VALID], 1);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_PC]), 0x101);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_LR]), 0x102);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_PSR]), 0x103);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_SP]), 0x104);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_CFSR]), 0x105);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_HFSR]), 0x106);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_BFAR]), 0x107);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_MMFAR]), 0x108);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_EXCEPTION]), 3);
    CHECK_EQUAL(body[HIL_FAULT_AT_LAST_TYPE], 2);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_SAMPLE]), 41);
    CHECK_EQUAL(body[HIL_FAULT_AT_BACKTRACE], FAULT_BACKTRACE);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_BACKTRACE + 1 + 4 * (FAULT_BACKTRACE - 1)]), 0x1000 + FAULT_BACKTRACE - 1);
    CHECK_EQUAL(body[n - 1], 255);
}

static void no_report_says_so(void) {
    uint8_t body[HIL_WIRE_HELLO_MAX_FRAME];
    CHECK_EQUAL(message(NULL, body, sizeof body), HIL_FAULT_VARIES_AT + 1);
    CHECK_EQUAL(body[HIL_FAULT_AT_VALID], 0);
    CHECK_EQUAL(get_u32(&body[HIL_FAULT_AT_SAMPLE]), HIL_WIRE_NO_SAMPLE);
}

int main(void) {
    return_addresses_are_those_behind_a_call();
    the_largest_report_fits_a_frame_and_has_every_field();
    no_report_says_so();
    return checks_result();
}
