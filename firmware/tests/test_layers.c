/* SPDX-License-Identifier: Apache-2.0
 * Per-layer mode: which sample, which layers, which bytes. */
#include "layers.h"

#include <string.h>

#include "check.h"
#include "config.h"
#include "conversation.h"
#include "server.h"
#include "sums/sums.h"
#include "wire/bytes.h"
#include "wire/crc32.h"
#include "wire/messages.h"

static void ask_layers(uint32_t input_crc, uint16_t first) {
    uint8_t body[HIL_LAYERS_REQUEST_BYTES];
    put_u32(&body[HIL_LAYERS_REQUEST_AT_INPUT_CRC], input_crc);
    put_u16(&body[HIL_LAYERS_REQUEST_AT_FIRST], first);
    say(HIL_MSG_LAYERS_REQUEST, body, sizeof body);
}

static void ask_data(uint32_t input_crc, uint16_t layer, uint32_t offset, uint32_t bytes) {
    uint8_t body[HIL_LAYER_DATA_REQUEST_BYTES];
    put_u32(&body[HIL_LAYER_DATA_REQUEST_AT_INPUT_CRC], input_crc);
    put_u16(&body[HIL_LAYER_DATA_REQUEST_AT_LAYER], layer);
    put_u32(&body[HIL_LAYER_DATA_REQUEST_AT_OFFSET], offset);
    put_u32(&body[HIL_LAYER_DATA_REQUEST_AT_BYTES], bytes);
    say(HIL_MSG_LAYER_DATA_REQUEST, body, sizeof body);
}

static uint8_t expected_byte(uint32_t layer, uint32_t k) {
    return (uint8_t)(layer + k);
}

static uint32_t expected_crc(uint32_t layer, uint32_t bytes) {
    uint8_t data[SUMS_LAYER_BYTES];
    for (uint32_t k = 0; k < bytes; k++) {
        data[k] = expected_byte(layer, k);
    }
    return crc32(0, data, bytes);
}

static void a_sample_has_run(uint32_t sample) {
    power_on_and_hello();
    say_sample(sample);
    work();
    fake_board_forget_sent();
}

static void the_first_layers_are_told_with_op_size_cycles_and_crc(void) {
    sent_frame f;
    a_sample_has_run(1);
    ask_layers(sample_crc(1), 0);
    CHECK(hear_nothing());
    work();
    NEED_SO(hear(&f, HIL_MSG_LAYERS));
    CHECK_EQUAL(get_u32(&f.body[HIL_LAYERS_AT_INPUT_CRC]), sample_crc(1));
    CHECK_EQUAL(get_u16(&f.body[HIL_LAYERS_AT_N_LAYERS]), SUMS_LAYERS);
    CHECK_EQUAL(get_u16(&f.body[HIL_LAYERS_AT_FIRST]), 0);
    CHECK_EQUAL(f.body[HIL_LAYERS_AT_LAYERS], HIL_WIRE_MAX_LAYERS);
    CHECK_EQUAL(f.n, HIL_LAYERS_AT_LAYERS + 1 + HIL_WIRE_MAX_LAYERS * HIL_LAYER_BYTES);
    for (uint32_t i = 2; i < HIL_WIRE_MAX_LAYERS; i++) {
        const uint8_t *row = &f.body[HIL_LAYERS_AT_LAYERS + 1 + i * HIL_LAYER_BYTES];
        CHECK_EQUAL(get_u16(&row[HIL_LAYER_AT_OP]), 100 + i);
        CHECK_EQUAL(get_u32(&row[HIL_LAYER_AT_BYTES]), i);
        CHECK_EQUAL(get_u32(&row[HIL_LAYER_AT_CRC]), expected_crc(i, i));
        CHECK_EQUAL(get_u32(&row[HIL_LAYER_AT_CYCLES]), 10); /* one look to the next: nothing of the callback is in it */
    }
}

static void the_rest_is_told_when_asked_for(void) {
    sent_frame f;
    a_sample_has_run(1);
    ask_layers(sample_crc(1), HIL_WIRE_MAX_LAYERS);
    work();
    NEED_SO(hear(&f, HIL_MSG_LAYERS));
    CHECK_EQUAL(get_u16(&f.body[HIL_LAYERS_AT_FIRST]), HIL_WIRE_MAX_LAYERS);
    CHECK_EQUAL(f.body[HIL_LAYERS_AT_LAYERS], SUMS_LAYERS - HIL_WIRE_MAX_LAYERS);
    const uint8_t *last = &f.body[f.n - HIL_LAYER_BYTES];
    CHECK_EQUAL(get_u16(&last[HIL_LAYER_AT_OP]), 100 + SUMS_LAYERS - 1);
    CHECK_EQUAL(get_u32(&last[HIL_LAYER_AT_CRC]), expected_crc(SUMS_LAYERS - 1, SUMS_LAYER_BYTES));
}

static void the_data_of_a_layer_comes_in_frames_that_fit(void) {
    sent_frame f;
    uint32_t at = 0;
    a_sample_has_run(1);
    ask_data(sample_crc(1), SUMS_LAYERS - 1, 0, 0xFFFFFFFFu);
    work();
    while (fake_board_sent(&f)) {
        CHECK_EQUAL(f.type, HIL_MSG_LAYER_DATA);
        CHECK(f.n + HIL_WIRE_OVERHEAD <= HIL_MAX_FRAME);
        CHECK_EQUAL(get_u16(&f.body[HIL_LAYER_DATA_AT_LAYER]), SUMS_LAYERS - 1);
        CHECK_EQUAL(get_u32(&f.body[HIL_LAYER_DATA_AT_TOTAL]), SUMS_LAYER_BYTES);
        CHECK_EQUAL(get_u32(&f.body[HIL_LAYER_DATA_AT_OFFSET]), at);
        for (uint32_t k = HIL_LAYER_DATA_AT_DATA; k < f.n; k++) {
            CHECK_EQUAL(f.body[k], expected_byte(SUMS_LAYERS - 1, at++));
        }
    }
    CHECK_EQUAL(at, SUMS_LAYER_BYTES);
}

static void a_part_of_it_is_told_again(void) {
    sent_frame f;
    a_sample_has_run(1);
    ask_data(sample_crc(1), 20, 5, 4);
    work();
    NEED_SO(hear(&f, HIL_MSG_LAYER_DATA));
    CHECK_EQUAL(get_u32(&f.body[HIL_LAYER_DATA_AT_OFFSET]), 5);
    CHECK_EQUAL(f.n, HIL_LAYER_DATA_AT_DATA + 4);
    CHECK_EQUAL(f.body[HIL_LAYER_DATA_AT_DATA], 25);
    ask_data(sample_crc(1), 20, 18, 100); /* runs over the end */
    work();
    NEED_SO(hear(&f, HIL_MSG_LAYER_DATA));
    CHECK_EQUAL(f.n, HIL_LAYER_DATA_AT_DATA + 2);
    ask_data(sample_crc(1), 20, 0xFFFFFFF0u, 0xFFFFFFF0u); /* lies behind it, whatever the sum comes to */
    work();
    CHECK(hear_nothing());
}

static void only_the_sample_that_ran_last_can_be_asked_about(void) {
    sent_frame f;
    a_sample_has_run(1);
    ask_layers(sample_crc(2), 0);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    say_sample(2);
    work();
    fake_board_forget_sent();
    ask_data(sample_crc(1), 0, 0, 4);
    CHECK(hear_error(HIL_ERR_UNKNOWN_SAMPLE));
    ask_data(sample_crc(2), 0, 0, 4);
    work();
    CHECK(hear(&f, HIL_MSG_LAYER_DATA));
}

static void a_layer_that_is_not_there_is_refused(void) {
    a_sample_has_run(1);
    ask_layers(sample_crc(1), SUMS_LAYERS);
    CHECK(hear_error(HIL_ERR_NO_LAYER));
    ask_data(sample_crc(1), 0xFFFF, 0, 4);
    CHECK(hear_error(HIL_ERR_NO_LAYER));
}

static void it_needs_a_session(void) {
    power_on();
    ask_layers(0, 0);
    CHECK(hear_error(HIL_ERR_NO_SESSION));
}

static void a_body_of_another_size_is_malformed(void) {
    a_sample_has_run(1);
    say(HIL_MSG_LAYERS_REQUEST, "\0\0\0\0\0\0", 5);
    CHECK(hear_error(HIL_ERR_MALFORMED));
    say(HIL_MSG_LAYER_DATA_REQUEST, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    CHECK(hear_error(HIL_ERR_MALFORMED));
}

static void an_engine_that_fails_is_told(void) {
    a_sample_has_run(1);
    sums_does = SUMS_FAILS;
    ask_layers(sample_crc(1), 0);
    work();
    CHECK(hear_error(HIL_ERR_ENGINE));
}

static void a_new_session_forgets_what_was_asked(void) {
    a_sample_has_run(1);
    ask_layers(sample_crc(1), 0);
    hello(SESSION + 1);
    fake_board_forget_sent();
    work();
    CHECK(hear_nothing());
}

static void results_stay_kept_and_samples_go_on(void) {
    sent_frame f;
    a_sample_has_run(1);
    say_chunk(2, 0, 16);
    ask_layers(sample_crc(1), 0);
    work();
    CHECK(hear(&f, HIL_MSG_LAYERS));
    say_u32(HIL_MSG_RESULT_REQUEST, 1);
    CHECK(hear_result(1));
    say_chunk(2, 16, 16);
    say_chunk(2, 32, 8);
    work();
    CHECK(hear_result(2));
}

int main(void) {
    the_first_layers_are_told_with_op_size_cycles_and_crc();
    the_rest_is_told_when_asked_for();
    the_data_of_a_layer_comes_in_frames_that_fit();
    a_part_of_it_is_told_again();
    only_the_sample_that_ran_last_can_be_asked_about();
    a_layer_that_is_not_there_is_refused();
    it_needs_a_session();
    a_body_of_another_size_is_malformed();
    an_engine_that_fails_is_told();
    a_new_session_forgets_what_was_asked();
    results_stay_kept_and_samples_go_on();
    return checks_result();
}
