/* SPDX-License-Identifier: Apache-2.0
 * The whole server on the fake board: whatever the host sends, it stays within its memory and says only good frames.
 * Input: steps. The low three bits of a step's first byte say what happens, the next byte how many bytes it takes:
 *   0 those bytes come from the line as they are       3 the board has time: the engine runs what is complete
 *   1 they are type and body of a good frame           4 the alarm is due
 *   2 the same, and the frame before it was lost       5 the board is reset     6, 7 as 1
 * so that a fuzzer need not find a CRC to get behind the decoder. */
#include <string.h>

#include "config.h"
#include "fake_board.h"
#include "fuzz.h"
#include "kept.h"
#include "server.h"
#include "slots.h"
#include "wire/frame.h"
#include "wire/messages.h"

static uint16_t seq;

static void to_server(void *context, const uint8_t *bytes, uint32_t n) {
    (void)context;
    server_receive(bytes, n);
}

static void say(const uint8_t *bytes, uint32_t n) {
    frame_encoder encoder;
    if (n == 0) {
        return;
    }
    if (bytes[0] == HIL_MSG_HELLO_REQUEST) {
        seq = 0;
    }
    frame_begin(&encoder, to_server, NULL, bytes[0], seq++);
    frame_put(&encoder, &bytes[1], n - 1u);
    frame_end(&encoder);
}

/* fake_board_sent() ends the program at a frame that is none. */
static void check_what_was_said(void) {
    sent_frame frame;
    while (fake_board_sent(&frame)) {
        MUST((frame.type & 0x80u) != 0);
        MUST(frame.n + HIL_WIRE_OVERHEAD <= HIL_MAX_FRAME);
    }
}

static void start(void) {
    fake_board_forget_sent();
    server_start(kept_start(1));
    seq = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t at = 0;
    fake_board_reset();
    start();
    while (at < size) {
        uint32_t step = data[at++] & 7u;
        uint32_t n = at < size ? data[at++] : 0;
        n = n < size - at ? n : (uint32_t)(size - at);
        switch (step) {
        case 0:
            server_receive(&data[at], n);
            break;
        case 3:
            /* As long as there is work, and never more than there are slots. */
            for (uint32_t runs = 0; server_poll(); runs++) {
                MUST(runs <= HIL_SLOTS + 1u);
            }
            n = 0;
            break;
        case 4:
            fake_board.alarm_due = true;
            (void)server_poll();
            n = 0;
            break;
        case 5:
            start();
            n = 0;
            break;
        default:
            seq = (uint16_t)(seq + (step == 2));
            say(&data[at], n);
            break;
        }
        at += n;
        MUST(slots_free() <= HIL_SLOTS);
        check_what_was_said();
    }
    return 0;
}
