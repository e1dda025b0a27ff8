/* SPDX-License-Identifier: Apache-2.0
 * Networks with a memory: samples that go on from one another run in their turn and once. The engine's sums go on from run to
 * run, so the first of a RESULT says from which sample on they were added up. */
#include "memory.h"

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "wire/bytes.h"
#include "wire/messages.h"

enum { FOLLOWS = HIL_ENCODING_RAW | HIL_WIRE_FOLLOWS };

/* Byte i of sample s is s + i, as in conversation.h. */
static void say_part(uint32_t sample, uint32_t offset, uint8_t encoding) {
    uint8_t body[HIL_CHUNK_AT_DATA + HIL_CHUNK_BYTES];
    const uint32_t rest = HIL_INPUT_BYTES - offset;
    const uint32_t n = rest < HIL_CHUNK_BYTES ? rest : HIL_CHUNK_BYTES;
    put_u32(&body[HIL_CHUNK_AT_SAMPLE], sample);
    put_u32(&body[HIL_CHUNK_AT_OFFSET], offset);
    body[HIL_CHUNK_AT_ENCODING] = encoding;
    for (uint32_t i = 0; i < n; i++) {
        body[HIL_CHUNK_AT_DATA + i] = (uint8_t)(sample + offset + i);
    }
    say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + n);
}

static void say_whole(uint32_t sample, uint8_t encoding) {
    for (uint32_t offset = 0; offset < HIL_INPUT_BYTES; offset += HIL_CHUNK_BYTES) {
        say_part(sample, offset, encoding);
    }
}

/* The next frame is the RESULT of `sample`, and its first sum is that of the samples `from` to `sample`. */
static bool hear_sum(uint32_t sample, uint32_t from) {
    sent_frame f;
    int32_t sum = 0;
    if (!fake_board_sent(&f) || f.type != HIL_MSG_RESULT || get_u32(&f.body[HIL_RESULT_AT_SAMPLE]) != sample ||
        f.body[HIL_RESULT_AT_STATUS] != HIL_RESULT_STATUS_OK) {
        return false;
    }
    for (uint32_t s = from; s <= sample; s++) {
        for (uint32_t i = 0; i < HIL_INPUT_BYTES / 4; i++) {
            sum += (int8_t)(uint8_t)(s + i);
        }
    }
    return (int32_t)get_u32(&f.body[HIL_RESULT_AT_DATA]) == sum;
}

static bool hear_no_state(uint32_t sample) {
    sent_frame f;
    return fake_board_sent(&f) && f.type == HIL_MSG_RESULT && get_u32(&f.body[HIL_RESULT_AT_SAMPLE]) == sample &&
           f.body[HIL_RESULT_AT_STATUS] == HIL_RESULT_STATUS_NO_STATE && f.n == HIL_RESULT_VARIES_AT &&
           get_u32(&f.body[HIL_RESULT_AT_TOTAL]) == 0;
}

static void hello_offers_it(void) {
    sent_frame f;
    power_on();
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK((get_u32(&f.body[HIL_HELLO_AT_CAPABILITIES]) & HIL_WIRE_CAP_STATE) != 0);
}

static void a_sample_begins_anew_unless_it_says_that_it_follows(void) {
    power_on_and_hello();
    say_whole(4, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(4, 4));
    say_whole(5, FOLLOWS);
    work();
    CHECK(hear_sum(5, 4));
    say_whole(6, FOLLOWS);
    work();
    CHECK(hear_sum(6, 4));
    say_whole(7, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(7, 7));
    say_whole(8, FOLLOWS);
    work();
    CHECK(hear_sum(8, 7));
}

static void a_later_sample_waits_for_what_an_earlier_one_lacks(void) {
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    say_part(1, 0, FOLLOWS);
    say_whole(2, FOLLOWS);
    work();
    CHECK(hear_nothing());
    say_part(1, 16, FOLLOWS);
    say_part(1, 32, FOLLOWS);
    work();
    CHECK(hear_sum(1, 0));
    CHECK(hear_sum(2, 0));
}

static void it_waits_for_one_of_which_nothing_has_come_and_so_does_the_next_sequence(void) {
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    say_whole(2, HIL_ENCODING_RAW);
    work();
    CHECK(hear_nothing());
    say_whole(1, FOLLOWS);
    work();
    CHECK(hear_sum(1, 0));
    CHECK(hear_sum(2, 2));
}

static void a_repeat_of_a_sample_brings_its_result_and_no_second_run(void) {
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    say_whole(1, FOLLOWS);
    work();
    CHECK(hear_sum(1, 0));
    say_part(1, 0, FOLLOWS);
    work();
    CHECK(hear_sum(1, 0));
    say_whole(2, FOLLOWS);
    work();
    CHECK(hear_sum(2, 0));
}

static void one_that_goes_on_from_what_was_never_computed_is_told_and_not_run(void) {
    power_on_and_hello();
    say_whole(3, FOLLOWS); /* nothing ran in this session */
    work();
    CHECK(hear_no_state(3));
    say_whole(4, FOLLOWS);
    work();
    CHECK(hear_no_state(4));
    say_whole(5, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(5, 5));
}

static void samples_that_are_over_are_not_waited_for(void) {
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    say_whole(1 + HIL_SLOTS, FOLLOWS); /* 1 is over then, and 2 still may come */
    work();
    CHECK(hear_nothing());
    say_whole(2, FOLLOWS);
    work();
    CHECK(hear_no_state(2));
    CHECK(hear_no_state(1 + HIL_SLOTS));
}

static void a_new_session_goes_on_from_nothing(void) {
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    hello(SESSION + 1);
    fake_board_forget_sent();
    say_whole(1, FOLLOWS);
    work();
    CHECK(hear_no_state(1));
}

static void layers_are_those_of_a_sample_that_begins_anew_and_leave_no_memory(void) {
    uint8_t body[HIL_LAYERS_REQUEST_BYTES] = {0};
    sent_frame f;
    power_on_and_hello();
    say_whole(0, HIL_ENCODING_RAW);
    work();
    CHECK(hear_sum(0, 0));
    put_u32(&body[HIL_LAYERS_REQUEST_AT_INPUT_CRC], sample_crc(0));
    say(HIL_MSG_LAYERS_REQUEST, body, sizeof body);
    work();
    CHECK(hear(&f, HIL_MSG_LAYERS));
    say_whole(1, FOLLOWS);
    work();
    CHECK(hear_no_state(1));
}

int main(void) {
    hello_offers_it();
    a_sample_begins_anew_unless_it_says_that_it_follows();
    a_later_sample_waits_for_what_an_earlier_one_lacks();
    it_waits_for_one_of_which_nothing_has_come_and_so_does_the_next_sequence();
    a_repeat_of_a_sample_brings_its_result_and_no_second_run();
    one_that_goes_on_from_what_was_never_computed_is_told_and_not_run();
    samples_that_are_over_are_not_waited_for();
    a_new_session_goes_on_from_nothing();
    layers_are_those_of_a_sample_that_begins_anew_and_leave_no_memory();
    return checks_result();
}
