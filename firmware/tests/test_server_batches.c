/* SPDX-License-Identifier: Apache-2.0
 * CHUNKS: several chunks in one frame are what the same chunks would be one by one. */
#include "server.h"

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "slots.h"
#include "wire/bytes.h"
#include "wire/messages.h"

/* A body in the making. Samples have chunks of 16, 16 and 8 bytes; byte i of sample s is s + i. */
static struct {
    uint8_t bytes[HIL_MAX_FRAME];
    uint32_t n;
} body;

static void begin(uint32_t sample, uint16_t chunk) {
    put_u32(&body.bytes[HIL_CHUNKS_AT_SAMPLE], sample);
    put_u16(&body.bytes[HIL_CHUNKS_AT_CHUNK], chunk);
    body.n = HIL_CHUNKS_AT_ITEMS;
}

static void put_piece(uint32_t encoding, const void *data, uint32_t n) {
    put_u16(&body.bytes[body.n], (uint16_t)(encoding << HIL_WIRE_PIECE_LENGTH_BITS | n));
    memcpy(&body.bytes[body.n + 2u], data, n);
    body.n += 2u + n;
}

/* `count` raw pieces from the chunk on that begin() was told. */
static void put_chunks(uint32_t sample, uint32_t chunk, uint32_t count) {
    for (; count != 0; count--) {
        uint8_t data[HIL_CHUNK_BYTES];
        uint32_t n = slots_chunk_bytes(chunk * HIL_CHUNK_BYTES);
        for (uint32_t i = 0; i < n; i++) {
            data[i] = (uint8_t)(sample + chunk * HIL_CHUNK_BYTES + i);
        }
        put_piece(HIL_ENCODING_RAW, data, n);
        chunk++;
        if (chunk == HIL_CHUNKS) {
            chunk = 0;
            sample++;
        }
    }
}

static void say_chunks(uint32_t sample, uint16_t chunk, uint32_t count) {
    begin(sample, chunk);
    put_chunks(sample, chunk, count);
    say(HIL_MSG_CHUNKS, body.bytes, body.n);
}

static uint32_t taken(void) {
    return HIL_SLOTS - slots_free();
}

static void hello_offers_it(void) {
    sent_frame f;
    power_on();
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK((get_u32(&f.body[HIL_HELLO_AT_CAPABILITIES]) & HIL_WIRE_CAP_CHUNKS) != 0);
}

static void two_samples_in_one_frame_are_both_answered(void) {
    power_on_and_hello();
    say_chunks(1, 0, 6);
    work();
    CHECK(hear_result(1));
    CHECK(hear_result(2));
    CHECK(hear_nothing());
}

static void a_frame_goes_on_where_another_ended_and_over_the_end_of_a_sample(void) {
    power_on_and_hello();
    say_chunks(1, 0, 1);
    say_chunks(1, 1, 3);
    work();
    CHECK(hear_result(1));
    say_chunks(2, 1, 2);
    work();
    CHECK(hear_result(2));
    CHECK(hear_nothing());
}

static void every_piece_has_its_own_encoding(void) {
    sent_frame f;
    power_on_and_hello();
    begin(1, 0); /* a five and 15 zeros, the same, a five and 7 zeros */
    put_piece(HIL_ENCODING_ZERO_RUNS, "\0\5\215", 3);
    put_piece(HIL_ENCODING_DIFFERENCES, "\1\0\4\232\0\0\0", 7);
    put_piece(HIL_ENCODING_FILL_RUNS, "\0\0\5\205", 4);
    say(HIL_MSG_CHUNKS, body.bytes, body.n);
    work();
    NEED_SO(hear(&f, HIL_MSG_RESULT));
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_DATA]), 5);
    CHECK_EQUAL(get_u32(&f.body[HIL_RESULT_AT_DATA + 4]), 10);
}

static void repeats_are_ignored_and_an_answered_sample_is_answered_again(void) {
    power_on_and_hello();
    say_chunks(1, 0, 2);
    say_chunks(1, 0, 3);
    work();
    CHECK(hear_result(1));
    say_chunks(1, 2, 4); /* its last chunk once more, and all of the next */
    CHECK(hear_result(1));
    CHECK(hear_nothing());
    work();
    CHECK(hear_result(2));
}

static void a_lost_frame_of_several_chunks_is_asked_for(void) {
    sent_frame f;
    power_on_and_hello();
    say_chunks(1, 0, 1);
    lose_a_frame(); /* 16, 32, and 0 of the next */
    say_chunks(2, 1, 2);
    NEED_SO(fake_board_sent(&f) && f.type == HIL_MSG_NEED);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_SAMPLE]), 1);
    CHECK_EQUAL(f.body[HIL_NEED_AT_OFFSETS], 2);
    NEED_SO(fake_board_sent(&f) && f.type == HIL_MSG_NEED);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_SAMPLE]), 2);
    CHECK_EQUAL(f.body[HIL_NEED_AT_OFFSETS], 1);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_OFFSETS + 1]), 0);
    CHECK(hear_nothing());
}

static void a_piece_that_does_not_fit_ends_the_frame_and_those_before_it_stay(void) {
    sent_frame f;
    power_on_and_hello();
    begin(1, 0);
    put_chunks(1, 0, 4);
    put_piece(HIL_ENCODING_RAW, "x", 1);
    put_chunks(2, 2, 1);
    say(HIL_MSG_CHUNKS, body.bytes, body.n);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    CHECK_EQUAL(taken(), 2);
    work();
    CHECK(hear_result(1));
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    const uint8_t *slot_of_2 = &f.body[HIL_STATUS_AT_SLOTS + 1];
    CHECK_EQUAL(get_u32(slot_of_2), 2);
    CHECK_EQUAL(slot_of_2[HIL_SLOT_AT_MISSING], 2);
}

static void what_is_no_piece_or_no_chunk_is_refused_and_takes_no_slot(void) {
    static const uint16_t no_chunk[] = {3, 4, 0x1000, 0xFFFF};
    static const uint8_t zeros[16];
    power_on_and_hello();
    for (uint32_t i = 0; i < sizeof no_chunk / sizeof no_chunk[0]; i++) {
        begin(1, no_chunk[i]);
        put_piece(HIL_ENCODING_RAW, zeros, 16);
        say(HIL_MSG_CHUNKS, body.bytes, body.n);
        CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    }
    for (uint32_t encoding = HIL_ENCODING_DIFFERENCES + 1; encoding < 8; encoding++) {
        begin(1, 0);
        put_piece(encoding, zeros, 16);
        say(HIL_MSG_CHUNKS, body.bytes, body.n);
        CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    }
    begin(1, 0);
    put_piece(HIL_ENCODING_RAW, "", 0);
    say(HIL_MSG_CHUNKS, body.bytes, body.n);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    CHECK_EQUAL(taken(), 0);
}

static void a_frame_whose_last_piece_is_cut_off_changes_nothing(void) {
    power_on_and_hello();
    begin(1, 0);
    put_chunks(1, 0, 3);
    for (uint32_t n = body.n - 1; n >= HIL_CHUNKS_AT_ITEMS; n--) {
        if (n != HIL_CHUNKS_AT_ITEMS + 18u && n != HIL_CHUNKS_AT_ITEMS + 36u) { /* there a piece ends */
            say(HIL_MSG_CHUNKS, body.bytes, n);
            CHECK(hear_error(HIL_ERR_MALFORMED));
            CHECK_EQUAL(taken(), 0);
        }
    }
    begin(1, 0);
    put_chunks(1, 0, 1);
    put_u16(&body.bytes[body.n], 0x1FFF); /* the longest there is */
    say(HIL_MSG_CHUNKS, body.bytes, body.n + 2);
    CHECK(hear_error(HIL_ERR_MALFORMED));
    CHECK_EQUAL(taken(), 0);
}

static void a_sample_that_is_over_ends_the_frame(void) {
    power_on_and_hello();
    say_chunk(7, 0, 16);
    say_chunks(5, 2, 4);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    CHECK_EQUAL(taken(), 1);
}

static void the_number_behind_the_largest_is_a_number_like_any_other(void) {
    power_on_and_hello();
    say_chunks(0xFFFFFFFFu, 0, 4);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE)); /* 0, which is long over */
    work();
    CHECK(hear_result(0xFFFFFFFFu));
}

static void without_a_session_it_is_refused(void) {
    power_on();
    say_chunks(1, 0, 3);
    CHECK(hear_error(HIL_ERR_NO_SESSION));
}

/* Three samples, cut into frames at random, some lost and said again: the board takes them as if they had come in order. */
static void any_cut_of_samples_gives_the_same_samples(void) {
    uint32_t random = 5;
    for (int round = 0; round < 500; round++) {
        power_on_and_hello();
        for (uint32_t sample = 1; sample < 4; sample++) {
            for (uint32_t chunk = 0; chunk < HIL_CHUNKS;) {
                uint32_t count = 1 + next_random(&random) % (HIL_CHUNKS - chunk);
                if (next_random(&random) % 4 == 0) {
                    lose_a_frame();
                    continue;
                }
                say_chunks(sample, (uint16_t)chunk, count);
                chunk += count;
            }
            fake_board_forget_sent();
            work();
            CHECK(hear_result(sample));
        }
    }
}

int main(void) {
    hello_offers_it();
    two_samples_in_one_frame_are_both_answered();
    a_frame_goes_on_where_another_ended_and_over_the_end_of_a_sample();
    every_piece_has_its_own_encoding();
    repeats_are_ignored_and_an_answered_sample_is_answered_again();
    a_lost_frame_of_several_chunks_is_asked_for();
    a_piece_that_does_not_fit_ends_the_frame_and_those_before_it_stay();
    what_is_no_piece_or_no_chunk_is_refused_and_takes_no_slot();
    a_frame_whose_last_piece_is_cut_off_changes_nothing();
    a_sample_that_is_over_ends_the_frame();
    the_number_behind_the_largest_is_a_number_like_any_other();
    without_a_session_it_is_refused();
    any_cut_of_samples_gives_the_same_samples();
    return checks_result();
}
