/* SPDX-License-Identifier: Apache-2.0
 * Sessions: hello, samples, results, credit. */
#include "server.h"

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "engine.h"
#include "kept.h"
#include "sums/sums.h"
#include "wire/bytes.h"
#include "wire/messages.h"

static void hello_says_who_the_board_is(void) {
    sent_frame f;
    power_on();
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK_EQUAL(f.seq, 0);
    CHECK_EQUAL(f.body[HIL_HELLO_AT_PROTOCOL], 2);
    CHECK_EQUAL(get_u32(&f.body[HIL_HELLO_AT_SESSION]), SESSION);
    CHECK_EQUAL(get_u32(&f.body[HIL_HELLO_AT_BOOT]), 1000);
    CHECK_EQUAL(f.body[HIL_HELLO_AT_RESET_CAUSE], HIL_RESET_POWER);
    CHECK_EQUAL(f.body[HIL_HELLO_AT_FLAGS], 0);
    CHECK_EQUAL(f.body[HIL_HELLO_AT_SLOTS], 2);
    CHECK_EQUAL(get_u16(&f.body[HIL_HELLO_AT_MAX_FRAME]), 512);
    CHECK_EQUAL(get_u16(&f.body[HIL_HELLO_AT_CHUNK_BYTES]), 16);
    CHECK_EQUAL(get_u32(&f.body[HIL_HELLO_AT_CLOCK_HZ]), 1000);
    CHECK_EQUAL(f.body[HIL_HELLO_AT_CLOCK_SOURCE], HIL_CLOCK_EXTERNAL);
    CHECK_EQUAL(get_u32(&f.body[HIL_HELLO_AT_CAPABILITIES]),
                HIL_WIRE_CAP_CYCLES | HIL_WIRE_CAP_ZERO_RUNS | HIL_WIRE_CAP_FILL_RUNS | HIL_WIRE_CAP_DIFFERENCES |
                    HIL_WIRE_CAP_BAUD | HIL_WIRE_CAP_LAYERS | HIL_WIRE_CAP_FAULT | HIL_WIRE_CAP_CHUNKS);
    CHECK_BYTES(&f.body[HIL_HELLO_AT_MODEL_SHA256], hil_engine_active.model_sha256, 32);
    CHECK_BYTES(&f.body[HIL_HELLO_AT_CHIP_ID], "\14\300\301\302\303\304\305\306\307\310\311\312\313", 13);
    const uint8_t *board = &f.body[HIL_HELLO_AT_CHIP_ID + 13];
    CHECK_BYTES(board, "\4test\50" HIL_BUILD_ID "\4sums\0011\4", 5 + 41 + 5 + 2 + 1);
    CHECK(f.n + HIL_WIRE_OVERHEAD <= HIL_WIRE_HELLO_MAX_FRAME);
    const uint8_t *tensor = &board[5 + 41 + 5 + 2 + 1 + 16]; /* behind four bauds */
    CHECK_BYTES(tensor, "\2\1\2\1\0\12\0\0\0\0\77\375\377\377\377\5first\1\1\36", 25);
    CHECK_EQUAL(f.body[f.n - 1], 'd'); /* sum_of_second is the end of the body */
}

static void a_board_without_a_chip_id_says_an_empty_one(void) {
    sent_frame f;
    power_on();
    fake_board.chip_id_bytes = 0;
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK_BYTES(&f.body[HIL_HELLO_AT_CHIP_ID], "\0\4test", 6);
}

static void a_sample_is_computed_and_answered(void) {
    power_on_and_hello();
    say_sample(1);
    CHECK(hear_nothing());
    work();
    CHECK(hear_result(1));
    CHECK(hear_nothing());
}

static void chunks_may_come_in_any_order_and_again(void) {
    power_on_and_hello();
    say_chunk(1, 32, 8);
    say_chunk(1, 0, 16);
    say_chunk(1, 0, 16);
    work();
    CHECK(hear_nothing());
    say_chunk(1, 16, 16);
    say_chunk(1, 16, 16);
    work();
    CHECK(hear_result(1));
    CHECK(hear_nothing());
}

/* A five, then 15 zeros or, at the end of the sample, 7. */
static void check_encoding(uint8_t encoding, const char *full, const char *last, uint32_t n_full, uint32_t n_last) {
    uint8_t body[HIL_CHUNK_AT_DATA + 8];
    sent_frame f;
    power_on_and_hello();
    for (uint32_t offset = 0; offset < 40; offset += 16) {
        uint32_t n = offset < 32 ? n_full : n_last;
        put_u32(&body[HIL_CHUNK_AT_SAMPLE], 1);
        put_u32(&body[HIL_CHUNK_AT_OFFSET], offset);
        body[HIL_CHUNK_AT_ENCODING] = encoding;
        memcpy(&body[HIL_CHUNK_AT_DATA], offset < 32 ? full : last, n);
        say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + n);
    }
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_DATA]), 5);
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_DATA + 4]), 10);
}

static void every_encoding_gives_the_same_sample(void) {
    check_encoding(HIL_ENCODING_ZERO_RUNS, "\0\5\215", "\0\5\205", 3, 3);
    check_encoding(HIL_ENCODING_FILL_RUNS, "\0\0\5\215", "\0\0\5\205", 4, 4);
    /* Widths 4 and 0; the differences 5 and -5 are 10 and 9. */
    check_encoding(HIL_ENCODING_DIFFERENCES, "\1\0\4\232\0\0\0", "\1\0\4\232\0\0\0", 7, 7);
}

static void two_samples_may_be_under_way_and_run_in_order(void) {
    power_on_and_hello();
    say_chunk(2, 0, 16);
    say_sample(1);
    say_chunk(2, 16, 16);
    say_chunk(2, 32, 8);
    work();
    CHECK(hear_result(1));
    CHECK(hear_result(2));
    CHECK(hear_nothing());
}

static void a_sample_beyond_the_credit_is_refused(void) {
    power_on_and_hello();
    say_chunk(6, 0, 16);
    say_chunk(7, 0, 16);
    say_chunk(5, 0, 16); /* two on from 5 is 7: 5 is over by the rule of the window */
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    power_on_and_hello();
    say_chunk(5, 0, 16);
    say_chunk(7, 0, 16);
    CHECK(hear_nothing());
    say_chunk(6, 0, 16);
    CHECK(hear_nothing()); /* 7 has shown that 5 is over */
}

static void a_full_board_refuses_a_sample_that_is_not_over(void) {
    power_on_and_hello();
    say_sample(1);
    say_sample(2);
    say_chunk(2, 0, 16); /* a repeat is no new sample */
    CHECK(hear_nothing());
    say_chunk(0, 0, 16);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    work();
    CHECK(hear_result(1));
    CHECK(hear_result(2));
}

static void results_are_kept_and_told_again(void) {
    power_on_and_hello();
    for (uint32_t sample = 1; sample <= 3; sample++) {
        say_sample(sample);
        work();
        CHECK(hear_result(sample));
    }
    say_u32(HIL_MSG_RESULT_REQUEST, 3);
    CHECK(hear_result(3));
    say_u32(HIL_MSG_RESULT_REQUEST, 2);
    CHECK(hear_result(2));
    say_u32(HIL_MSG_RESULT_REQUEST, 1);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    say_u32(HIL_MSG_RESULT_REQUEST, 4);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
}

static void a_chunk_of_an_answered_sample_brings_its_result_again(void) {
    power_on_and_hello();
    say_sample(1);
    work();
    CHECK(hear_result(1));
    say_chunk(1, 16, 16);
    CHECK(hear_result(1));
    work();
    CHECK(hear_nothing());
    say_sample(2);
    say_sample(3);
    work();
    fake_board_forget_sent();
    say_chunk(1, 0, 16); /* no longer kept, and over */
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
}

static void free_slots_are_counted_without_the_answered_one(void) {
    sent_frame f;
    power_on_and_hello();
    say_sample(1);
    say_chunk(2, 0, 16);
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(f.body[HIL_RESULT_AT_FREE_SLOTS], 1);
}

static void hello_again_forgets_slots_and_results(void) {
    sent_frame f;
    power_on_and_hello();
    say_sample(1);
    work();
    CHECK(hear_result(1));
    say_chunk(2, 0, 16);
    hello(SESSION + 1);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK_EQUAL(f.seq, 0);
    CHECK_EQUAL(get_u32(&f.body[HIL_HELLO_AT_SESSION]), SESSION + 1);
    say_u32(HIL_MSG_RESULT_REQUEST, 1);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    CHECK_EQUAL(f.body[HIL_STATUS_AT_SLOTS], 0);
    say_sample(1); /* the numbers begin again */
    work();
    CHECK(hear_result(1));
}

static void an_engine_that_fails_is_told_without_outputs(void) {
    sent_frame f;
    power_on_and_hello();
    sums_does = SUMS_FAILS;
    say_sample(1);
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(f.body[HIL_RESULT_AT_STATUS], HIL_RESULT_STATUS_ENGINE);
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_TOTAL]), 0);
    CHECK_EQUAL(f.n, HIL_RESULT_AT_DATA);
}

static void an_engine_that_spoils_its_input_is_told_on(void) {
    sent_frame f;
    power_on_and_hello();
    sums_does = SUMS_SPOILS_ITS_INPUT;
    say_sample(1);
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(f.body[HIL_RESULT_AT_STATUS], HIL_RESULT_STATUS_INPUT_CHANGED);
    CHECK(get_u32(&f.body[HIL_RESULT_AT_INPUT_CRC]) != sample_crc(1));
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_TOTAL]), 8);
}

static void an_engine_that_does_not_start_is_told_at_hello(void) {
    power_on();
    sums_does = SUMS_DOES_NOT_START;
    server_start(kept_start(1));
    fake_board_forget_sent();
    hello(SESSION);
    CHECK(hear_error(HIL_ERR_ENGINE));
    say_chunk(1, 0, 16);
    CHECK(hear_error(HIL_ERR_NO_SESSION));
}

int main(void) {
    hello_says_who_the_board_is();
    a_board_without_a_chip_id_says_an_empty_one();
    a_sample_is_computed_and_answered();
    chunks_may_come_in_any_order_and_again();
    every_encoding_gives_the_same_sample();
    two_samples_may_be_under_way_and_run_in_order();
    a_sample_beyond_the_credit_is_refused();
    a_full_board_refuses_a_sample_that_is_not_over();
    results_are_kept_and_told_again();
    a_chunk_of_an_answered_sample_brings_its_result_again();
    free_slots_are_counted_without_the_answered_one();
    hello_again_forgets_slots_and_results();
    an_engine_that_fails_is_told_without_outputs();
    an_engine_that_spoils_its_input_is_told_on();
    an_engine_that_does_not_start_is_told_at_hello();
    return checks_result();
}
