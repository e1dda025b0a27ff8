/* SPDX-License-Identifier: Apache-2.0
 * A board without hardware: what the server sends is taken apart into frames, what it asks for can be set. */
#ifndef HIL_TESTS_FAKE_BOARD_H
#define HIL_TESTS_FAKE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

typedef struct {
    uint8_t type;
    uint16_t seq;
    uint32_t n;
    uint8_t body[2048];
} sent_frame;

/* Forgets everything, as a power cycle would. */
void fake_board_reset(void);

/* The next frame that was sent, in order; false when there is none. Bad frames end the program. */
bool fake_board_sent(sent_frame *frame);
void fake_board_forget_sent(void);

/* The same as bytes on the line: takes at most `max`, returns how many. Not to be mixed with fake_board_sent(). */
uint32_t fake_board_sent_bytes(uint8_t *bytes, uint32_t max);

typedef struct {
    uint32_t overruns;
    uint32_t baud;     /* that the line has */
    bool alarm_set;
    bool alarm_due;
    uint8_t reset_cause;
    uint32_t chip_id_bytes; /* C0 C1 C2 ... */
    bool fault_is_kept;
    bool fault_did_reset;
    fault_report fault;
} fake_board_state;

extern fake_board_state fake_board;

#endif
