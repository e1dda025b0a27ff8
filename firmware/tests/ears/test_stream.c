/* SPDX-License-Identifier: Apache-2.0
 * Recordings played to the board, hop by hop. Instant i of a recording is i + 20 times its number, unless said otherwise. */
#include "server.h"

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "ears.h"
#include "engine.h"
#include "hil_frontend.h"
#include "sums/sums.h"
#include "wire/bytes.h"
#include "wire/crc32.h"
#include "wire/messages.h"

static int16_t instants[256];

static uint32_t crc_of(const void *data, uint32_t n) {
    return crc32(0, data, n);
}

static void record(uint32_t recording) {
    for (uint32_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        instants[i] = (int16_t)(i + 20u * recording);
    }
}

static void fill_hop(uint8_t *sample, uint32_t recording, uint32_t hop, uint32_t asked) {
    put_u32(&sample[HIL_HOP_AT_RECORDING], recording);
    put_u32(&sample[HIL_HOP_AT_HOP], hop);
    put_u32(&sample[HIL_HOP_AT_ASKED], asked);
    for (uint32_t i = 0; i < EARS_HOP; i++) {
        put_u16(&sample[HIL_HOP_BYTES + 2u * i], (uint16_t)instants[hop * EARS_HOP + i]);
    }
}

static void say_hop(uint32_t sample, uint32_t recording, uint32_t hop, uint32_t asked) {
    uint8_t body[HIL_CHUNK_AT_DATA + HIL_INPUT_BYTES];
    put_u32(&body[HIL_CHUNK_AT_SAMPLE], sample);
    put_u32(&body[HIL_CHUNK_AT_OFFSET], 0);
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_RAW;
    fill_hop(&body[HIL_CHUNK_AT_DATA], recording, hop, asked);
    say(HIL_MSG_CHUNK, body, sizeof body);
}

static uint32_t field(const sent_frame *f, uint32_t at) {
    return get_u32(&f->body[HIL_RESULT_AT_DATA + at]);
}

/* The result of that sample, which must be the only frame. */
static bool hear_hop(sent_frame *f, uint32_t sample) {
    return hear(f, HIL_MSG_RESULT) && get_u32(&f->body[HIL_RESULT_AT_SAMPLE]) == sample &&
           get_u32(&f->body[HIL_RESULT_AT_TOTAL]) == HIL_OUTPUT_BYTES && f->body[HIL_RESULT_AT_STATUS] == HIL_RESULT_STATUS_OK;
}

static bool play(sent_frame *f, uint32_t sample, uint32_t recording, uint32_t hop) {
    say_hop(sample, recording, hop, 0);
    work();
    return hear_hop(f, sample);
}

static void begin(void) {
    record(1);
    power_on_and_hello();
}

static void hello_tells_of_hops(void) {
    sent_frame f;
    power_on();
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK((get_u32(&f.body[HIL_HELLO_AT_CAPABILITIES]) & HIL_WIRE_CAP_STREAM) != 0);
    CHECK_EQUAL(f.body[f.n - 1], 's'); /* scores: the network's output is the last */
    const uint8_t hop[] = {2, HIL_S32, 2, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 'h', 'o', 'p', HIL_S16, 2, EARS_HOP, 0, 1, 0};
    bool found = false;
    for (uint32_t i = 0; i + sizeof hop <= f.n; i++) {
        found |= memcmp(&f.body[i], hop, sizeof hop) == 0;
    }
    CHECK(found);
}

static void the_front_end_is_told_at_any_time(void) {
    sent_frame f;
    power_on();
    say(HIL_MSG_FRONT_END_REQUEST, NULL, 0);
    NEED_SO(hear(&f, HIL_MSG_FRONT_END));
    CHECK_BYTES(f.body, hil_frontend_active.tables_sha256, 32);
    CHECK_EQUAL(get_u32(&f.body[HIL_FRONT_END_AT_SAMPLE_HZ]), 1);
    CHECK_EQUAL(get_u32(&f.body[HIL_FRONT_END_AT_WINDOW]), EARS_WINDOW);
    CHECK_EQUAL(get_u32(&f.body[HIL_FRONT_END_AT_HOP]), EARS_HOP);
    CHECK_EQUAL(get_u32(&f.body[HIL_FRONT_END_AT_VALUES]), EARS_VALUES);
    CHECK_EQUAL(get_u32(&f.body[HIL_FRONT_END_AT_ROWS]), EARS_ROWS);
    CHECK_EQUAL(f.body[HIL_FRONT_END_AT_ROW_DTYPE], HIL_FE_U16);
    CHECK_EQUAL(f.body[HIL_FRONT_END_AT_N_STAGES], 2);
    CHECK_BYTES(&f.body[HIL_FRONT_END_AT_NAME], "\4ears\11most of 1", 15);
    CHECK_EQUAL(f.n, HIL_FRONT_END_AT_NAME + 15);
}

static void a_window_is_computed_when_it_is_whole_and_the_network_when_it_has_its_rows(void) {
    sent_frame f;
    uint16_t row[EARS_VALUES];
    uint8_t sample[HIL_INPUT_BYTES];
    begin();
    NEED_SO(play(&f, 7, 1, 0));
    fill_hop(sample, 1, 0, 0);
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_INPUT_CRC]), crc_of(sample, sizeof sample));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), 0);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_RECORDING), 1);
    CHECK_EQUAL((int32_t)field(&f, HIL_HOP_REPORT_AT_DECIDED), -1);
    NEED_SO(play(&f, 8, 1, 1));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), HIL_HOP_DONE_WINDOW);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_WINDOW_CRC), crc_of(instants, EARS_WINDOW * 2));
    ears_row(instants, 0, row);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_FEATURES_CRC), crc_of(row, sizeof row));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_NETWORK_CYCLES), 0);
    NEED_SO(play(&f, 9, 1, 2));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_HOP), 2);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 0);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), HIL_HOP_DONE_WINDOW | HIL_HOP_DONE_NETWORK);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_WINDOW_CRC), crc_of(&instants[EARS_HOP], EARS_WINDOW * 2));
    ears_row(&instants[EARS_HOP], 1, row);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_FEATURES_CRC), crc_of(row, sizeof row));
    /* Last samples 23 and 25, sums 86 and 94 + 1: the oldest row first. */
    const int8_t read[4] = {23, 86, 25, 95};
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_INPUT_CRC), crc_of(read, sizeof read));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_STAGES), 0);
    CHECK(get_u32(&f.body[HIL_RESULT_AT_CYCLES]) ==
          field(&f, HIL_HOP_REPORT_AT_FRONT_END_CYCLES) + field(&f, HIL_HOP_REPORT_AT_NETWORK_CYCLES));
    CHECK(field(&f, HIL_HOP_REPORT_AT_NETWORK_CYCLES) > 0);
    CHECK_BYTES(&f.body[HIL_RESULT_AT_DATA + HIL_HOP_REPORT_BYTES], "\x80\x80\x80", 3);
}

static void every_stage_is_told_of_where_it_is_asked_for(void) {
    sent_frame f;
    uint16_t row[EARS_VALUES];
    begin();
    NEED_SO(play(&f, 0, 1, 0));
    say_hop(1, 1, 1, HIL_HOP_ASKED_STAGES);
    work();
    NEED_SO(hear_hop(&f, 1));
    const uint32_t before = 1;
    ears_row(instants, 0, row);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_STAGES), crc_of(&before, sizeof before));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_STAGES + 4u), crc_of(row, sizeof row));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_STAGES + 8u), 0);
}

static void a_gap_another_recording_and_a_new_session_begin_anew(void) {
    sent_frame f;
    begin();
    for (uint32_t hop = 0; hop < 3; hop++) {
        NEED_SO(play(&f, hop, 1, hop));
    }
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 0);
    NEED_SO(play(&f, 3, 1, 6));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 6);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), 0);
    NEED_SO(play(&f, 4, 1, 7));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 6);
    NEED_SO(play(&f, 5, 2, 8));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 8);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), 0);
    hello(SESSION + 1);
    fake_board_forget_sent();
    NEED_SO(play(&f, 6, 2, 9));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 9);
}

static void a_hop_waits_for_the_one_before_it(void) {
    sent_frame f;
    begin();
    NEED_SO(play(&f, 0, 1, 0));
    say_hop(2, 1, 2, 0);
    work();
    CHECK(hear_nothing());
    say_hop(1, 1, 1, 0);
    work();
    NEED_SO(fake_board_sent(&f));
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_SAMPLE]), 1);
    NEED_SO(hear_hop(&f, 2));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 0);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), HIL_HOP_DONE_WINDOW | HIL_HOP_DONE_NETWORK);
}

static void a_hop_that_the_host_has_given_up_is_passed_over(void) {
    sent_frame f;
    begin();
    NEED_SO(play(&f, 0, 1, 0));
    say_hop(2, 1, 2, 0);
    work();
    CHECK(hear_nothing());
    say_hop(3, 1, 3, 0); /* so number 1 is over */
    work();
    NEED_SO(fake_board_sent(&f));
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_SAMPLE]), 2);
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 2);
    NEED_SO(hear_hop(&f, 3));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 2);
}

static void a_repeat_is_answered_again_and_computed_once(void) {
    sent_frame f;
    begin();
    NEED_SO(play(&f, 0, 1, 0));
    NEED_SO(play(&f, 1, 1, 1));
    say_hop(1, 1, 1, 0);
    NEED_SO(hear_hop(&f, 1));
    work();
    CHECK(hear_nothing());
    NEED_SO(play(&f, 2, 1, 2));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 0);
}

static void a_class_is_told_of_when_it_begins_but_not_again_so_soon(void) {
    sent_frame f;
    /* The last sample of a hop is its class; the one before it opens the gate. Hops last two seconds, the pause is of five. */
    static const int16_t said[] = {0, 0, 1, 0, 1, 0, 1, 2, 2, 0};
    static const int32_t decided[] = {-1, -1, 1, 0, 1, 0, 1, 2, 2, 0};
    static const int32_t detected[] = {-1, -1, 1, -1, -1, -1, 1, 2, -1, -1};
    begin();
    for (uint32_t hop = 0; hop < sizeof said / sizeof said[0]; hop++) {
        instants[EARS_HOP * hop] = 100;
        instants[EARS_HOP * hop + 1u] = said[hop];
    }
    for (uint32_t hop = 0; hop < sizeof said / sizeof said[0]; hop++) {
        NEED_SO(play(&f, hop, 1, hop));
        CHECK_EQUAL((int32_t)field(&f, HIL_HOP_REPORT_AT_DECIDED), decided[hop]);
        CHECK_EQUAL((int32_t)field(&f, HIL_HOP_REPORT_AT_DETECTED), detected[hop]);
    }
}

static void silence_keeps_the_network_from_running(void) {
    sent_frame f;
    begin();
    memset(instants, 0, sizeof instants);
    for (uint32_t hop = 0; hop < 4; hop++) {
        NEED_SO(play(&f, hop, 1, hop));
        CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), hop == 0 ? 0 : HIL_HOP_DONE_WINDOW);
    }
    instants[9] = 11;
    NEED_SO(play(&f, 4, 1, 4));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_DONE), HIL_HOP_DONE_WINDOW | HIL_HOP_DONE_NETWORK);
}

static void a_network_that_fails_is_told_as_such(void) {
    sent_frame f;
    begin();
    NEED_SO(play(&f, 0, 1, 0));
    NEED_SO(play(&f, 1, 1, 1));
    sums_does = SUMS_FAILS;
    say_hop(2, 1, 2, 0);
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(f.body[HIL_RESULT_AT_STATUS], HIL_RESULT_STATUS_ENGINE);
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_TOTAL]), 0);
    sums_does = SUMS_WORKS;
    NEED_SO(play(&f, 3, 1, 3));
    CHECK_EQUAL(field(&f, HIL_HOP_REPORT_AT_BEGAN), 0);
}

int main(void) {
    hello_tells_of_hops();
    the_front_end_is_told_at_any_time();
    a_window_is_computed_when_it_is_whole_and_the_network_when_it_has_its_rows();
    every_stage_is_told_of_where_it_is_asked_for();
    a_gap_another_recording_and_a_new_session_begin_anew();
    a_hop_waits_for_the_one_before_it();
    a_hop_that_the_host_has_given_up_is_passed_over();
    a_repeat_is_answered_again_and_computed_once();
    a_class_is_told_of_when_it_begins_but_not_again_so_soon();
    silence_keeps_the_network_from_running();
    a_network_that_fails_is_told_as_such();
    return checks_result();
}
