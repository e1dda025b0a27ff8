/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "board.h"

static frame_encoder encoder;
static uint16_t next_seq;

static void to_board(void *context, const uint8_t *bytes, uint32_t n) {
    (void)context;
    board_tx_write(bytes, n);
}

void link_restart(void) {
    next_seq = 0;
}

frame_encoder *link_begin(uint8_t type) {
    frame_begin(&encoder, to_board, 0, type, next_seq);
    next_seq++;
    return &encoder;
}

void link_end(void) {
    frame_end(&encoder);
}
