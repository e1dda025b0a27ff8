/* SPDX-License-Identifier: Apache-2.0
 * What the server makes of loss, damage, nonsense and resets. */
#include "server.h"

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "kept.h"
#include "wire/bytes.h"
#include "wire/messages.h"

static void a_lost_chunk_is_asked_for_when_the_next_one_shows_the_gap(void) {
    sent_frame f;
    power_on_and_hello();
    say_chunk(1, 0, 16);
    lose_a_frame(); /* 16 */
    say_chunk(1, 32, 8);
    NEED_SO(hear(&f, HIL_MSG_NEED));
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_SAMPLE]), 1);
    CHECK_EQUAL(f.body[HIL_NEED_AT_OFFSETS], 1);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_OFFSETS + 1]), 16);
    CHECK_EQUAL(f.n, HIL_NEED_AT_OFFSETS + 5);
    say(HIL_MSG_PING, "", 0); /* no further gap, no further question */
    CHECK(hear(&f, HIL_MSG_PONG));
    say_chunk(1, 16, 16);
    work();
    CHECK(hear_result(1));
    CHECK(hear_nothing());
}

static void a_gap_behind_which_nothing_is_missing_is_no_question(void) {
    power_on_and_hello();
    say_chunk(1, 0, 16);
    lose_a_frame();
    say_chunk(1, 16, 16); /* the lost frame was a repeat, or something else */
    CHECK(hear_nothing());
}

static void the_end_of_an_older_sample_is_asked_for(void) {
    sent_frame f;
    power_on_and_hello();
    say_chunk(1, 0, 16);
    lose_a_frame();
    lose_a_frame();
    say_chunk(2, 0, 16);
    NEED_SO(hear(&f, HIL_MSG_NEED));
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_SAMPLE]), 1);
    CHECK_EQUAL(f.body[HIL_NEED_AT_OFFSETS], 2);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_OFFSETS + 1]), 16);
    CHECK_EQUAL(get_u32(&f.body[HIL_NEED_AT_OFFSETS + 5]), 32);
}

static void out_of_order_chunks_without_a_gap_are_no_loss(void) {
    power_on_and_hello();
    say_chunk(1, 32, 8);
    CHECK(hear_nothing());
}

static void a_gap_at_the_wrap_of_the_numbers_is_seen_and_none_else(void) {
    sent_frame f;
    power_on_and_hello();
    say_chunk(1, 0, 16);
    for (uint32_t i = 0; i < 65534; i++) {
        say(HIL_MSG_PING, "", 0);
        fake_board_forget_sent();
    }
    say_chunk(1, 32, 8); /* number 0 again: one has gone before, as it should */
    CHECK(hear_nothing());
    lose_a_frame();
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    CHECK(fake_board_sent(&f) && f.type == HIL_MSG_STATUS);
    CHECK(fake_board_sent(&f) && f.type == HIL_MSG_NEED);
}

static void damage_is_counted_and_told_in_status(void) {
    static const uint8_t damaged[] = {3, 8, 7, 9, 0};
    sent_frame f;
    power_on_and_hello();
    server_receive(damaged, sizeof damaged);
    NEED_SO(hear(&f, HIL_MSG_DAMAGED));
    fake_board.overruns = 7;
    say_chunk(1, 16, 16);
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_SESSION]), SESSION);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_BOOT]), 1000);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_FRAMES_OK]), 3);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_FRAMES_BAD]), 1);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_OVERRUNS]), 7);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_STACK_BYTES]), 123);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_STACK_SIZE]), 456);
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_BYTES_OVERLAPPED]), 0);
    const uint8_t *slots = &f.body[HIL_STATUS_AT_SLOTS];
    CHECK_EQUAL(slots[0], 1);
    CHECK_EQUAL(get_u32(&slots[1 + HIL_SLOT_AT_SAMPLE]), 1);
    CHECK_EQUAL(slots[1 + HIL_SLOT_AT_STATE], HIL_SLOT_STATE_RECEIVING);
    CHECK_EQUAL(slots[1 + HIL_SLOT_AT_MISSING], 2);
    CHECK_EQUAL(get_u32(&slots[1 + HIL_SLOT_AT_MISSING + 1]), 0);
    CHECK_EQUAL(get_u32(&slots[1 + HIL_SLOT_AT_MISSING + 5]), 32);
    CHECK_EQUAL(f.n, HIL_STATUS_AT_SLOTS + 1 + HIL_SLOT_AT_MISSING + 9);
}

static void a_damaged_frame_is_told_of_at_once_and_not_asked_for_again(void) {
    static const uint8_t damaged[] = {3, 8, 7, 9, 0};
    sent_frame f;
    power_on_and_hello();
    say_chunk(1, 0, 16);
    lose_a_frame(); /* 2, of which this is what arrives: */
    server_receive(damaged, sizeof damaged);
    NEED_SO(hear(&f, HIL_MSG_DAMAGED));
    CHECK_EQUAL(get_u16(&f.body[HIL_DAMAGED_AT_SEQ]), 2);
    CHECK_EQUAL(f.n, HIL_DAMAGED_BYTES);
    say_chunk(1, 32, 8); /* shows the gap that is known of */
    CHECK(hear_nothing());
    say_chunk(1, 16, 16);
    work();
    CHECK(hear_result(1));
}

static void damage_that_swallowed_two_frames_is_asked_for(void) {
    static const uint8_t damaged[] = {3, 8, 7, 9, 0};
    sent_frame f;
    power_on_and_hello();
    lose_a_frame();
    lose_a_frame();
    server_receive(damaged, sizeof damaged);
    CHECK(hear(&f, HIL_MSG_DAMAGED));
    say_chunk(1, 32, 8);
    NEED_SO(hear(&f, HIL_MSG_NEED));
    CHECK_EQUAL(f.body[HIL_NEED_AT_OFFSETS], 2);
}

static void noise_without_end_and_without_a_session_is_not_answered(void) {
    static const uint8_t damaged[] = {3, 8, 7, 9, 0};
    sent_frame f;
    power_on();
    server_receive(damaged, sizeof damaged);
    CHECK(hear_nothing());
    hello(SESSION);
    fake_board_forget_sent();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < HIL_WIRE_MAX_NOTICES; i++) {
            server_receive(damaged, sizeof damaged);
            CHECK(hear(&f, HIL_MSG_DAMAGED));
        }
        server_receive(damaged, sizeof damaged);
        CHECK(hear_nothing());
        say(HIL_MSG_PING, "", 0);
        CHECK(hear(&f, HIL_MSG_PONG));
    }
}

static void bytes_that_came_while_the_engine_ran_are_counted(void) {
    sent_frame f;
    power_on_and_hello();
    say_sample(1);
    CHECK(server_poll());
    CHECK(hear_result(1));
    server_receive((const uint8_t *)"", 1); /* these had come meanwhile: */
    server_receive((const uint8_t *)"\0", 2);
    CHECK(!server_poll());
    server_receive((const uint8_t *)"", 1); /* this came later */
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    CHECK_EQUAL(get_u32(&f.body[HIL_STATUS_AT_BYTES_OVERLAPPED]), 3);
    CHECK(get_u32(&f.body[HIL_STATUS_AT_BYTES_RX]) > 40 + 4);
}

static void a_complete_slot_shows_as_waiting(void) {
    sent_frame f;
    power_on_and_hello();
    say_sample(1);
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    CHECK_EQUAL(f.body[HIL_STATUS_AT_SLOTS + 1 + HIL_SLOT_AT_STATE], HIL_SLOT_STATE_WAITING);
    CHECK_EQUAL(f.body[HIL_STATUS_AT_SLOTS + 1 + HIL_SLOT_AT_MISSING], 0);
}

static void chunks_that_are_none_are_refused_and_take_no_slot(void) {
    sent_frame f;
    uint8_t body[HIL_CHUNK_AT_DATA + 16] = {1};
    power_on_and_hello();
    say_chunk(1, 8, 16);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say_chunk(1, 48, 8);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say_chunk(1, 0xFFFFFFF0u, 16);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say_chunk(1, 0, 15);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say_chunk(1, 32, 16);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say_chunk(1, 0, 0);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_DIFFERENCES + 1;
    say(HIL_MSG_CHUNK, body, sizeof body);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_ZERO_RUNS;
    body[HIL_CHUNK_AT_DATA] = 0x8F; /* 17 zeros for a chunk of 16 */
    say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + 1);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_FILL_RUNS; /* nothing behind the fill */
    say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + 1);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_DIFFERENCES; /* half a stride */
    say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + 1);
    CHECK(hear_error(HIL_ERR_BAD_CHUNK));
    say(HIL_MSG_STATUS_REQUEST, "", 0);
    NEED_SO(hear(&f, HIL_MSG_STATUS));
    CHECK_EQUAL(f.body[HIL_STATUS_AT_SLOTS], 0);
}

static void bodies_of_the_wrong_size_are_malformed(void) {
    static const uint8_t zeros[64];
    static const struct {
        uint8_t type;
        uint32_t bytes;
        bool may_be_longer;
    } table[] = {
        {HIL_MSG_HELLO_REQUEST, HIL_HELLO_REQUEST_BYTES, false}, {HIL_MSG_CHUNK, HIL_CHUNK_VARIES_AT, true},
        {HIL_MSG_STATUS_REQUEST, 0, false},                      {HIL_MSG_RESULT_REQUEST, HIL_RESULT_REQUEST_BYTES, false},
        {HIL_MSG_FAULT_REQUEST, HIL_FAULT_REQUEST_BYTES, false}, {HIL_MSG_BAUD_REQUEST, HIL_BAUD_REQUEST_BYTES, false},
        {HIL_MSG_CHUNKS, HIL_CHUNKS_VARIES_AT + 2, true}, /* and a piece's head at least */
    };
    power_on_and_hello();
    for (uint32_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (uint32_t n = 0; n < table[i].bytes; n++) {
            say(table[i].type, zeros, n);
            CHECK(hear_error(HIL_ERR_MALFORMED));
        }
        if (!table[i].may_be_longer) {
            say(table[i].type, zeros, table[i].bytes + 1);
            CHECK(hear_error(HIL_ERR_MALFORMED));
        }
    }
}

static void types_that_do_not_exist_are_unknown(void) {
    power_on_and_hello();
    for (uint32_t type = 0; type < 256; type++) {
        const bool about_layers = type == HIL_MSG_LAYERS_REQUEST || type == HIL_MSG_LAYER_DATA_REQUEST;
        if (type == 0 || (type > HIL_MSG_PING && !about_layers)) {
            say((uint8_t)type, "x", 1);
            CHECK(hear_error(HIL_ERR_UNKNOWN_TYPE));
        }
    }
}

static void without_hello_there_are_no_samples_but_pings_and_faults(void) {
    sent_frame f;
    power_on();
    say_chunk(1, 0, 16);
    CHECK(hear_error(HIL_ERR_NO_SESSION));
    say_u32(HIL_MSG_RESULT_REQUEST, 1);
    CHECK(hear_error(HIL_ERR_NO_SESSION));
    say(HIL_MSG_PING, "abc", 3);
    NEED_SO(hear(&f, HIL_MSG_PONG));
    CHECK_EQUAL(f.n, 3);
    CHECK_BYTES(f.body, "abc", 3);
    say(HIL_MSG_FAULT_REQUEST, "\0", 1);
    NEED_SO(hear(&f, HIL_MSG_FAULT));
    CHECK_EQUAL(f.body[HIL_FAULT_AT_VALID], 0);
}

static void another_protocol_is_refused_and_the_session_goes_on(void) {
    power_on_and_hello();
    say_sample(1);
    say(HIL_MSG_HELLO_REQUEST, "\1abcd", 5);
    CHECK(hear_error(HIL_ERR_PROTOCOL));
    work();
    CHECK(hear_result(1));
}

static void the_fault_is_told_until_it_is_cleared(void) {
    sent_frame f;
    power_on();
    fake_board.fault_is_kept = true;
    fake_board.fault_did_reset = true;
    fake_board.fault.pc = 0x08001234;
    server_start(HIL_WIRE_NO_SAMPLE);
    NEED_SO(hear(&f, HIL_MSG_BOOT));
    CHECK_EQUAL(f.body[HIL_BOOT_AT_RESET_CAUSE], HIL_RESET_FAULT);
    CHECK_EQUAL(f.body[HIL_BOOT_AT_FLAGS], HIL_FLAG_FAULT_KEPT);
    say(HIL_MSG_FAULT_REQUEST, "\0", 1);
    NEED_SO(hear(&f, HIL_MSG_FAULT));
    CHECK_EQUAL(get_u32(&f.body[HIL_FAULT_AT_PC]), 0x08001234);
    say(HIL_MSG_FAULT_REQUEST, "\1", 1);
    NEED_SO(hear(&f, HIL_MSG_FAULT));
    CHECK_EQUAL(f.body[HIL_FAULT_AT_VALID], 1);
    say(HIL_MSG_FAULT_REQUEST, "\0", 1);
    NEED_SO(hear(&f, HIL_MSG_FAULT));
    CHECK_EQUAL(f.body[HIL_FAULT_AT_VALID], 0);
    hello(SESSION);
    NEED_SO(hear(&f, HIL_MSG_HELLO));
    CHECK_EQUAL(f.body[HIL_HELLO_AT_FLAGS], 0);
}

static void a_warm_reset_counts_on_and_says_that_a_sample_was_lost(void) {
    sent_frame f;
    power_on();
    kept.sample = 41; /* as during a run */
    server_start(kept_start(77));
    NEED_SO(hear(&f, HIL_MSG_BOOT));
    CHECK_EQUAL(f.seq, 0);
    CHECK_EQUAL(get_u32(&f.body[HIL_BOOT_AT_BOOT]), 1001);
    CHECK_EQUAL(f.body[HIL_BOOT_AT_FLAGS], HIL_FLAG_SAMPLE_LOST);
    server_start(kept_start(77));
    NEED_SO(hear(&f, HIL_MSG_BOOT));
    CHECK_EQUAL(get_u32(&f.body[HIL_BOOT_AT_BOOT]), 1002);
    CHECK_EQUAL(f.body[HIL_BOOT_AT_FLAGS], 0);
    kept.boot ^= 4; /* RAM that did not survive */
    server_start(kept_start(77));
    NEED_SO(hear(&f, HIL_MSG_BOOT));
    CHECK_EQUAL(get_u32(&f.body[HIL_BOOT_AT_BOOT]), 77);
}

static void a_board_that_crashes_before_every_hello_leaves_its_engine_alone(void) {
    power_on();
    kept.crashes = 3;
    server_start(kept_start(1));
    fake_board_forget_sent();
    hello(SESSION);
    CHECK(hear_error(HIL_ERR_ENGINE));
    kept.crashes = 2;
    server_start(kept_start(1));
    hello(SESSION);
    CHECK_EQUAL(kept.crashes, 0);
}

/* Frames with a right CRC and random content, and bytes that are no frames: the sanitizers watch, and the board must still
 * answer afterwards. */
static void nothing_that_comes_stops_the_server(void) {
    static const uint8_t types[] = {1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8, 9};
    uint32_t random = 11;
    for (int round = 0; round < 200; round++) {
        power_on_and_hello();
        for (int i = 0; i < 100; i++) {
            uint8_t bytes[64];
            uint32_t n = next_random(&random) % sizeof bytes;
            for (uint32_t k = 0; k < n; k++) {
                bytes[k] = next_random(&random) % 2 == 0 ? (uint8_t)(next_random(&random) % 4) : (uint8_t)next_random(&random);
            }
            if (next_random(&random) % 4 == 0) {
                server_receive(bytes, n);
            } else {
                say(types[next_random(&random) % sizeof types], bytes, n);
            }
            if (next_random(&random) % 3 == 0) {
                work();
            }
            fake_board_forget_sent();
        }
        server_receive((const uint8_t *)"", 1); /* ends whatever was begun */
        fake_board_forget_sent();
        hello(SESSION);
        say_sample(1);
        work();
        sent_frame f;
        CHECK(fake_board_sent(&f) && f.type == HIL_MSG_HELLO);
        CHECK(hear_result(1));
        CHECK(hear_nothing());
    }
}

int main(void) {
    a_lost_chunk_is_asked_for_when_the_next_one_shows_the_gap();
    a_gap_behind_which_nothing_is_missing_is_no_question();
    the_end_of_an_older_sample_is_asked_for();
    out_of_order_chunks_without_a_gap_are_no_loss();
    a_gap_at_the_wrap_of_the_numbers_is_seen_and_none_else();
    damage_is_counted_and_told_in_status();
    a_damaged_frame_is_told_of_at_once_and_not_asked_for_again();
    damage_that_swallowed_two_frames_is_asked_for();
    noise_without_end_and_without_a_session_is_not_answered();
    bytes_that_came_while_the_engine_ran_are_counted();
    a_complete_slot_shows_as_waiting();
    chunks_that_are_none_are_refused_and_take_no_slot();
    bodies_of_the_wrong_size_are_malformed();
    types_that_do_not_exist_are_unknown();
    without_hello_there_are_no_samples_but_pings_and_faults();
    another_protocol_is_refused_and_the_session_goes_on();
    the_fault_is_told_until_it_is_cleared();
    a_warm_reset_counts_on_and_says_that_a_sample_was_lost();
    a_board_that_crashes_before_every_hello_leaves_its_engine_alone();
    nothing_that_comes_stops_the_server();
    return checks_result();
}
