/* SPDX-License-Identifier: Apache-2.0
 * The server on the fake board as a shared library: harness/tests/firmware puts it at the far end of a noisy line. */
#include "fake_board.h"
#include "kept.h"
#include "server.h"

void library_reset(int power);
void library_receive(const uint8_t *bytes, uint32_t n);
int library_poll(void);
uint32_t library_sent(uint8_t *bytes, uint32_t max);

/* Starts the board: after power on, or again with RAM as it was. What was not taken is lost with the reset. */
void library_reset(int power) {
    if (power) {
        fake_board_reset();
    }
    fake_board_forget_sent();
    server_start(kept_start(1));
}

void library_receive(const uint8_t *bytes, uint32_t n) {
    server_receive(bytes, n);
}

int library_poll(void) {
    return server_poll();
}

/* Takes what the board has sent, as bytes on the line; returns how many. */
uint32_t library_sent(uint8_t *bytes, uint32_t max) {
    return fake_board_sent_bytes(bytes, max);
}
