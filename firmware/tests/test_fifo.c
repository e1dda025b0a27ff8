/* SPDX-License-Identifier: Apache-2.0 */
#include "fifo.h"

#include "check.h"

static void bytes_come_out_in_order(void) {
    uint8_t data[8], out[8];
    fifo f;
    fifo_init(&f, data, sizeof data);
    CHECK(fifo_push(&f, 1));
    CHECK(fifo_push(&f, 2));
    CHECK(fifo_push(&f, 3));
    CHECK_EQUAL(fifo_used(&f), 3);
    CHECK_EQUAL(fifo_read(&f, out, 2), 2);
    CHECK_EQUAL(out[0], 1);
    CHECK_EQUAL(out[1], 2);
    CHECK_EQUAL(fifo_read(&f, out, 2), 1);
    CHECK_EQUAL(out[0], 3);
    CHECK_EQUAL(fifo_read(&f, out, 2), 0);
}

static void every_byte_of_the_ring_is_used_and_no_more(void) {
    uint8_t data[8];
    fifo f;
    uint8_t byte;
    fifo_init(&f, data, sizeof data);
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_EQUAL(fifo_free(&f), 8 - i);
        CHECK(fifo_push(&f, (uint8_t)i));
    }
    CHECK(!fifo_push(&f, 99));
    CHECK_EQUAL(fifo_used(&f), 8);
    CHECK(fifo_pop(&f, &byte));
    CHECK_EQUAL(byte, 0);
    CHECK(fifo_push(&f, 8));
    for (uint32_t i = 1; i < 9; i++) {
        CHECK(fifo_pop(&f, &byte));
        CHECK_EQUAL(byte, i);
    }
    CHECK(!fifo_pop(&f, &byte));
}

/* 2^32 bytes later the indices wrap; nothing may be lost or seen twice there. */
static void the_indices_may_wrap(void) {
    uint8_t data[16], byte;
    fifo f;
    uint32_t random = 3, in = 0, out = 0;
    fifo_init(&f, data, sizeof data);
    f.head = f.tail = 0xFFFFFFF0u;
    for (int i = 0; i < 2000; i++) {
        if (next_random(&random) % 2 == 0) {
            bool pushed = fifo_push(&f, (uint8_t)in);
            CHECK_EQUAL(pushed, in - out < 16);
            in += pushed;
        } else if (fifo_pop(&f, &byte)) {
            CHECK_EQUAL(byte, (uint8_t)out);
            out++;
        } else {
            CHECK_EQUAL(in, out);
        }
    }
    CHECK(f.head < 2000);
}

int main(void) {
    bytes_come_out_in_order();
    every_byte_of_the_ring_is_used_and_no_more();
    the_indices_may_wrap();
    return checks_result();
}
