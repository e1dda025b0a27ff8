/* SPDX-License-Identifier: Apache-2.0
 * Printing stands between the frames of the wire. */
#include "log.h"

#include <string.h>

#include "check.h"
#include "conversation.h"
#include "wire/messages.h"

static void text_is_a_frame_of_its_own(void) {
    sent_frame f;
    power_on_and_hello();
    hil_log("x = 3\n");
    NEED_SO(hear(&f, HIL_MSG_LOG));
    CHECK_EQUAL(f.n, 6);
    CHECK(memcmp(f.body, "x = 3\n", 6) == 0);
    hil_log("");
    CHECK(hear_nothing());
}

static void it_needs_no_session_and_is_numbered_with_the_other_frames(void) {
    sent_frame first, second;
    power_on();
    hil_log("early\n");
    NEED_SO(hear(&first, HIL_MSG_LOG));
    say(HIL_MSG_PING, "", 0);
    NEED_SO(hear(&second, HIL_MSG_PONG));
    CHECK_EQUAL(second.seq, first.seq + 1);
}

static void long_text_is_cut_into_frames_that_every_host_takes(void) {
    static char text[1201];
    static char got[1200];
    uint32_t n = 0;
    sent_frame f;
    power_on_and_hello();
    memset(text, 'a', sizeof text - 1);
    text[480] = 'b';
    text[1199] = 'c';
    hil_log(text);
    while (fake_board_sent(&f)) {
        CHECK_EQUAL(f.type, HIL_MSG_LOG);
        CHECK(f.n + 7 <= 512);
        NEED_SO(n + f.n <= sizeof got);
        memcpy(&got[n], f.body, f.n);
        n += f.n;
    }
    CHECK_EQUAL(n, 1200);
    CHECK(memcmp(got, text, 1200) == 0);
}

static void a_sample_under_way_is_answered_as_if_nothing_had_been_printed(void) {
    sent_frame f;
    power_on_and_hello();
    say_sample(1);
    hil_log("between\n");
    NEED_SO(fake_board_sent(&f));
    CHECK_EQUAL(f.type, HIL_MSG_LOG);
    work();
    CHECK(hear_result(1));
}

int main(void) {
    text_is_a_frame_of_its_own();
    it_needs_no_session_and_is_numbered_with_the_other_frames();
    long_text_is_cut_into_frames_that_every_host_takes();
    a_sample_under_way_is_answered_as_if_nothing_had_been_printed();
    return checks_result();
}
