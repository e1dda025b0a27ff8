/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "config.h"
#include "kept.h"
#include "wire/frame.h"
#include "wire/messages.h"

fake_board_state fake_board;

static uint8_t line[1u << 20];
static uint32_t written, taken;
static uint64_t cycles;
static uint8_t decoded[4096];
static frame_decoder decoder;

void fake_board_reset(void) {
    memset(&fake_board, 0, sizeof fake_board);
    fake_board.baud = HIL_BAUD;
    fake_board.reset_cause = HIL_RESET_POWER;
    fake_board.chip_id_bytes = 12;
    memset((void *)(uintptr_t)&kept, 0, sizeof kept);
    fake_board_forget_sent();
}

void fake_board_forget_sent(void) {
    written = 0;
    taken = 0;
    frame_decoder_init(&decoder, decoded, sizeof decoded);
}

bool fake_board_sent(sent_frame *frame) {
    while (taken < written) {
        frame_event event = frame_decoder_push(&decoder, line[taken++]);
        if (event == FRAME_NONE) {
            continue;
        }
        if (event != FRAME_GOOD || decoder.body_bytes > sizeof frame->body) {
            printf("the firmware sent a frame that is none\n");
            abort();
        }
        frame->type = decoder.type;
        frame->seq = decoder.seq;
        frame->n = decoder.body_bytes;
        memcpy(frame->body, decoder.body, frame->n);
        return true;
    }
    fake_board_forget_sent();
    return false;
}

uint32_t fake_board_sent_bytes(uint8_t *bytes, uint32_t max) {
    uint32_t n = written - taken < max ? written - taken : max;
    memcpy(bytes, &line[taken], n);
    taken += n;
    if (taken == written) {
        fake_board_forget_sent();
    }
    return n;
}

void board_init(void) {
}

uint32_t board_rx_read(uint8_t *to, uint32_t max) {
    (void)to;
    (void)max;
    return 0;
}

uint32_t board_rx_overruns(void) {
    return fake_board.overruns;
}

void board_tx_write(const uint8_t *from, uint32_t n) {
    if (n > sizeof line - written) {
        printf("the firmware sends without end\n");
        abort();
    }
    memcpy(&line[written], from, n);
    written += n;
}

void board_set_baud(uint32_t baud) {
    fake_board.baud = baud;
}

/* 10 cycles pass between one look and the next. */
uint64_t board_cycles(void) {
    cycles += 10;
    return cycles;
}

uint32_t board_clock_hz(void) {
    return 1000;
}

uint8_t board_clock_source(void) {
    return HIL_CLOCK_EXTERNAL;
}

uint32_t board_chip_id(uint8_t *to) {
    for (uint32_t i = 0; i < fake_board.chip_id_bytes; i++) {
        to[i] = (uint8_t)(0xC0u + i);
    }
    return fake_board.chip_id_bytes;
}

void board_alarm_set(void) {
    fake_board.alarm_set = true;
    fake_board.alarm_due = false;
}

void board_alarm_stop(void) {
    fake_board.alarm_set = false;
    fake_board.alarm_due = false;
}

int board_alarm_due(void) {
    return fake_board.alarm_set && fake_board.alarm_due;
}

void board_idle(void) {
}

uint8_t board_reset_cause(void) {
    return fake_board.reset_cause;
}

uint32_t stack_peak_bytes(void) {
    return 123;
}

uint32_t stack_size_bytes(void) {
    return 456;
}

const fault_report *fault_kept(void) {
    return fake_board.fault_is_kept ? &fake_board.fault : NULL;
}

void fault_clear(void) {
    fake_board.fault_is_kept = false;
}

bool fault_caused_reset(void) {
    bool caused = fake_board.fault_did_reset;
    fake_board.fault_did_reset = false;
    return caused;
}
