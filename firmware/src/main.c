/* SPDX-License-Identifier: Apache-2.0
 * Receive, compute, sleep. Reception and sending are the interrupts' work; this loop only takes and gives. */
#include "board.h"
#include "kept.h"
#include "server.h"

#include <stdint.h>

int hil_main(uint32_t seed);

int hil_main(uint32_t seed) {
    static uint8_t bytes[256];
    uint32_t lost_sample = kept_start(seed);
    board_init();
    server_start(lost_sample);
    for (;;) {
        uint32_t n = board_rx_read(bytes, sizeof bytes);
        if (n != 0) {
            server_receive(bytes, n);
        } else if (!server_poll()) {
            board_idle();
        }
    }
}
