/* SPDX-License-Identifier: Apache-2.0
 * Input slots: three chunks of 16, 16 and 8 bytes, two slots. */
#include "slots.h"

#include "check.h"
#include "wire/messages.h"

static void fill(slot *s) {
    slots_mark(s, 0);
    slots_mark(s, 16);
    slots_mark(s, 32);
}

static void chunks_begin_at_multiples_and_the_last_is_short(void) {
    CHECK_EQUAL(slots_chunk_bytes(0), 16);
    CHECK_EQUAL(slots_chunk_bytes(16), 16);
    CHECK_EQUAL(slots_chunk_bytes(32), 8);
    CHECK_EQUAL(slots_chunk_bytes(48), 0);
    CHECK_EQUAL(slots_chunk_bytes(40), 0);
    CHECK_EQUAL(slots_chunk_bytes(1), 0);
    CHECK_EQUAL(slots_chunk_bytes(0xFFFFFFF0u), 0);
}

static void a_slot_waits_once_all_its_chunks_are_there(void) {
    slots_reset();
    slot *s = slots_open(5);
    NEED_SO(s != NULL);
    CHECK_EQUAL(slots_free(), 1);
    slots_mark(s, 32);
    slots_mark(s, 0);
    CHECK_EQUAL(s->state, HIL_SLOT_STATE_RECEIVING);
    CHECK(slots_next() == NULL);
    CHECK(slots_has(s, 0));
    CHECK(!slots_has(s, 16));
    slots_mark(s, 16);
    CHECK_EQUAL(s->state, HIL_SLOT_STATE_WAITING);
    CHECK(slots_next() == s);
    CHECK(slots_has(s, 16));
}

static void complete_slots_run_in_the_order_of_their_numbers(void) {
    slots_reset();
    slot *later = slots_open(9);
    slot *earlier = slots_open(8);
    NEED_SO(later != NULL && earlier != NULL);
    fill(later);
    CHECK(slots_next() == later);
    fill(earlier);
    CHECK(slots_next() == earlier);
    slots_release(earlier);
    CHECK(slots_next() == later);
}

static void there_are_no_more_slots_than_there_are(void) {
    slots_reset();
    CHECK(slots_open(1) != NULL);
    CHECK(slots_open(2) != NULL);
    CHECK(slots_open(2) == NULL);
    CHECK_EQUAL(slots_free(), 0);
    CHECK(slots_find(1) != NULL);
    CHECK(slots_find(3) == NULL);
}

static void a_sample_far_enough_on_ends_those_before_it(void) {
    slots_reset();
    CHECK(slots_open(1) != NULL);
    CHECK(slots_open(2) != NULL);
    CHECK(!slots_is_over(1));
    CHECK(slots_open(3) != NULL);
    CHECK(slots_is_over(1));
    CHECK(!slots_is_over(2));
    CHECK(slots_find(1) == NULL);
    CHECK(slots_find(2) != NULL);
}

static void a_new_session_knows_no_newest_sample(void) {
    slots_reset();
    CHECK(slots_open(0xFFFFFFFEu) != NULL);
    CHECK(slots_is_over(1));
    slots_reset();
    CHECK(!slots_is_over(0));
    CHECK(slots_open(0) != NULL);
    CHECK_EQUAL(slots_free(), 1);
}

static uint32_t overdue(const slot *s, uint32_t *offsets) {
    uint32_t from = 0;
    return slots_missing(s, &from, slots_overdue(s), offsets, 8);
}

static void chunks_before_a_later_one_are_overdue(void) {
    uint32_t offsets[8];
    slots_reset();
    slot *s = slots_open(1);
    NEED_SO(s != NULL);
    slots_mark(s, 0);
    CHECK_EQUAL(overdue(s, offsets), 0); /* 16 and 32 are only still to come */
    slots_mark(s, 32);
    CHECK_EQUAL(overdue(s, offsets), 1);
    CHECK_EQUAL(offsets[0], 16);
    slots_mark(s, 16);
    CHECK_EQUAL(overdue(s, offsets), 0);
}

static void all_of_an_older_sample_is_overdue(void) {
    uint32_t offsets[8];
    slots_reset();
    slot *older = slots_open(1);
    NEED_SO(older != NULL);
    slots_mark(older, 0);
    slot *newer = slots_open(2);
    NEED_SO(newer != NULL);
    slots_mark(newer, 0);
    CHECK_EQUAL(overdue(older, offsets), 2);
    CHECK_EQUAL(offsets[0], 16);
    CHECK_EQUAL(offsets[1], 32);
    CHECK_EQUAL(overdue(newer, offsets), 0);
}

static void missing_chunks_are_told_in_pieces(void) {
    uint32_t offsets[8], from = 0;
    slots_reset();
    slot *s = slots_open(1);
    NEED_SO(s != NULL);
    slots_mark(s, 16);
    CHECK_EQUAL(slots_missing(s, &from, HIL_CHUNKS, offsets, 1), 1);
    CHECK_EQUAL(offsets[0], 0);
    CHECK_EQUAL(slots_missing(s, &from, HIL_CHUNKS, offsets, 1), 1);
    CHECK_EQUAL(offsets[0], 32);
    CHECK_EQUAL(slots_missing(s, &from, HIL_CHUNKS, offsets, 1), 0);
}

int main(void) {
    chunks_begin_at_multiples_and_the_last_is_short();
    a_slot_waits_once_all_its_chunks_are_there();
    complete_slots_run_in_the_order_of_their_numbers();
    there_are_no_more_slots_than_there_are();
    a_sample_far_enough_on_ends_those_before_it();
    a_new_session_knows_no_newest_sample();
    chunks_before_a_later_one_are_overdue();
    all_of_an_older_sample_is_overdue();
    missing_chunks_are_told_in_pieces();
    return checks_result();
}
