/* SPDX-License-Identifier: Apache-2.0
 * How the server changes its speed, and how it comes back. */
#include "server.h"

#include <string.h>

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/messages.h"

static void a_baud_that_the_host_confirms_stays(void) {
    sent_frame f;
    power_on_and_hello();
    say_u32(HIL_MSG_BAUD_REQUEST, 921600);
    NEED_SO(hear(&f, HIL_MSG_BAUD));
    CHECK_EQUAL(get_u32(&f.body[HIL_BAUD_AT_BAUD]), 921600);
    CHECK_EQUAL(f.body[HIL_BAUD_AT_STATUS], HIL_BAUD_STATUS_OK);
    CHECK_EQUAL(fake_board.baud, 921600);
    CHECK(fake_board.alarm_set);
    say(HIL_MSG_PING, "", 0);
    fake_board.alarm_due = true;
    work();
    CHECK_EQUAL(fake_board.baud, 921600);
    CHECK(!fake_board.alarm_set);
}

static void a_baud_that_brings_only_noise_is_given_up(void) {
    static const uint8_t noise[] = {0x80, 0x55, 0, 0x13, 0x37};
    power_on_and_hello();
    say_u32(HIL_MSG_BAUD_REQUEST, 460800);
    fake_board_forget_sent();
    server_receive(noise, sizeof noise);
    work();
    CHECK_EQUAL(fake_board.baud, 460800);
    fake_board.alarm_due = true;
    work();
    CHECK_EQUAL(fake_board.baud, 115200);
    CHECK(!fake_board.alarm_set);
    say_sample(1); /* the half frame of noise is forgotten, and the session goes on */
    work();
    CHECK(hear_result(1));
}

static void a_fast_board_that_hears_nothing_good_any_more_goes_back_to_the_safe_baud(void) {
    power_on_and_hello();
    say_u32(HIL_MSG_BAUD_REQUEST, 921600);
    say(HIL_MSG_PING, "", 0);
    CHECK(!fake_board.alarm_set); /* silence alone is no reason: the host may wait for a result */
    server_receive((const uint8_t *)"\x91", 1);
    CHECK(fake_board.alarm_set);
    say(HIL_MSG_PING, "", 0); /* damaged by that byte, but its end is the end of the noise */
    say(HIL_MSG_PING, "", 0);
    CHECK(!fake_board.alarm_set);
    CHECK_EQUAL(fake_board.baud, 921600);
    server_receive((const uint8_t *)"\x91\x17\x42", 3);
    fake_board.alarm_due = true;
    work();
    CHECK_EQUAL(fake_board.baud, 921600); /* it may be half a frame */
    CHECK(!fake_board.alarm_set);
    server_receive((const uint8_t *)"\x91\x17\x42", 3);
    CHECK(fake_board.alarm_set);
    fake_board.alarm_due = true;
    work();
    CHECK_EQUAL(fake_board.baud, 115200);
    CHECK(!fake_board.alarm_set);
    fake_board_forget_sent();
    say_sample(1); /* nothing of the session is forgotten */
    work();
    CHECK(hear_result(1));
}

static struct {
    uint8_t bytes[64];
    uint32_t n;
} on_line;

static void to_line(void *context, const uint8_t *bytes, uint32_t n) {
    (void)context;
    memcpy(&on_line.bytes[on_line.n], bytes, n);
    on_line.n += n;
}

static void a_host_that_is_late_in_mid_frame_finds_the_board_at_its_speed(void) {
    frame_encoder e;
    sent_frame f;
    power_on_and_hello();
    say_u32(HIL_MSG_BAUD_REQUEST, 921600);
    say(HIL_MSG_PING, "", 0);
    for (uint16_t i = 0; i < 3; i++) { /* each time anew: a good frame takes the warning back */
        on_line.n = 0;
        frame_begin(&e, to_line, NULL, HIL_MSG_PING, i);
        frame_put(&e, "late", 4);
        frame_end(&e);
        fake_board_forget_sent();
        server_receive(on_line.bytes, 5);
        CHECK(fake_board.alarm_set);
        fake_board.alarm_due = true;
        work();
        CHECK(!fake_board.alarm_set);
        server_receive(&on_line.bytes[5], 2); /* the rest does not come at once either */
        CHECK(fake_board.alarm_set);
        server_receive(&on_line.bytes[7], on_line.n - 7);
        CHECK(!fake_board.alarm_set);
        CHECK_EQUAL(fake_board.baud, 921600);
        CHECK(hear(&f, HIL_MSG_PONG));
    }
}

static void a_baud_that_the_board_has_not_is_refused(void) {
    sent_frame f;
    power_on_and_hello();
    say_u32(HIL_MSG_BAUD_REQUEST, 57601);
    NEED_SO(hear(&f, HIL_MSG_BAUD));
    CHECK_EQUAL(f.body[HIL_BAUD_AT_STATUS], HIL_BAUD_STATUS_UNSUPPORTED);
    CHECK_EQUAL(fake_board.baud, 115200);
    CHECK(!fake_board.alarm_set);
}

int main(void) {
    a_baud_that_the_host_confirms_stays();
    a_baud_that_brings_only_noise_is_given_up();
    a_fast_board_that_hears_nothing_good_any_more_goes_back_to_the_safe_baud();
    a_host_that_is_late_in_mid_frame_finds_the_board_at_its_speed();
    a_baud_that_the_board_has_not_is_refused();
    return checks_result();
}
