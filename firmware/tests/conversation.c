/* SPDX-License-Identifier: Apache-2.0 */
#include "conversation.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "kept.h"
#include "server.h"
#include "sums/sums.h"
#include "wire/bytes.h"
#include "wire/crc32.h"
#include "wire/frame.h"
#include "wire/messages.h"

static uint16_t seq;
static uint8_t last_type;
static uint16_t last_seq;

static void to_server(void *context, const uint8_t *bytes, uint32_t n) {
    (void)context;
    server_receive(bytes, n);
}

void say(uint8_t type, const void *body, uint32_t n) {
    frame_encoder e;
    last_type = type;
    last_seq = seq;
    frame_begin(&e, to_server, NULL, type, seq++);
    frame_put(&e, body, n);
    frame_end(&e);
}

void lose_a_frame(void) {
    seq++;
}

void say_u32(uint8_t type, uint32_t value) {
    uint8_t body[4];
    put_u32(body, value);
    say(type, body, sizeof body);
}

void hello(uint32_t session) {
    uint8_t body[HIL_HELLO_REQUEST_BYTES] = {HIL_WIRE_PROTOCOL};
    put_u32(&body[HIL_HELLO_REQUEST_AT_SESSION], session);
    seq = 0;
    say(HIL_MSG_HELLO_REQUEST, body, sizeof body);
}

static void fill_sample(uint32_t sample, uint8_t *bytes) {
    for (uint32_t i = 0; i < HIL_INPUT_BYTES; i++) {
        bytes[i] = (uint8_t)(sample + i);
    }
}

void say_chunk(uint32_t sample, uint32_t offset, uint32_t size) {
    uint8_t bytes[HIL_INPUT_BYTES + 64] = {0};
    uint8_t body[HIL_CHUNK_AT_DATA + sizeof bytes];
    fill_sample(sample, bytes);
    put_u32(&body[HIL_CHUNK_AT_SAMPLE], sample);
    put_u32(&body[HIL_CHUNK_AT_OFFSET], offset);
    body[HIL_CHUNK_AT_ENCODING] = HIL_ENCODING_RAW;
    memcpy(&body[HIL_CHUNK_AT_DATA], &bytes[offset % HIL_INPUT_BYTES], size);
    say(HIL_MSG_CHUNK, body, HIL_CHUNK_AT_DATA + size);
}

void say_sample(uint32_t sample) {
    for (uint32_t offset = 0; offset < HIL_INPUT_BYTES; offset += HIL_CHUNK_BYTES) {
        uint32_t rest = HIL_INPUT_BYTES - offset;
        say_chunk(sample, offset, rest < HIL_CHUNK_BYTES ? rest : HIL_CHUNK_BYTES);
    }
}

uint32_t sample_crc(uint32_t sample) {
    uint8_t bytes[HIL_INPUT_BYTES];
    fill_sample(sample, bytes);
    return crc32(0, bytes, sizeof bytes);
}

void work(void) {
    while (server_poll()) {
    }
}

bool hear(sent_frame *frame, uint8_t type) {
    sent_frame more;
    if (!fake_board_sent(frame)) {
        printf("nothing was sent, expected type %02x\n", type);
        return false;
    }
    if (frame->type != type) {
        printf("type %02x was sent, expected %02x\n", frame->type, type);
        return false;
    }
    if (fake_board_sent(&more)) {
        printf("type %02x was sent beside the expected %02x\n", more.type, type);
        return false;
    }
    return true;
}

bool hear_nothing(void) {
    sent_frame frame;
    if (fake_board_sent(&frame)) {
        printf("type %02x was sent, expected nothing\n", frame.type);
        return false;
    }
    return true;
}

bool hear_error(uint8_t code) {
    sent_frame f;
    if (!hear(&f, HIL_MSG_ERROR)) {
        return false;
    }
    if (f.body[HIL_ERROR_AT_CODE] != code || f.body[HIL_ERROR_AT_TYPE] != last_type ||
        get_u16(&f.body[HIL_ERROR_AT_SEQ]) != last_seq) {
        printf("error %u about %02x/%u\n", f.body[0], f.body[1], get_u16(&f.body[2]));
        return false;
    }
    /* A text, and nothing behind it. */
    return f.body[HIL_ERROR_AT_TEXT] > 0 && f.n == HIL_ERROR_AT_TEXT + 1u + f.body[HIL_ERROR_AT_TEXT];
}

static int32_t sum(uint32_t sample, uint32_t from, uint32_t to) {
    uint8_t bytes[HIL_INPUT_BYTES];
    int32_t total = 0;
    fill_sample(sample, bytes);
    for (uint32_t i = from; i < to; i++) {
        total += (int8_t)bytes[i];
    }
    return total;
}

bool hear_result(uint32_t sample) {
    sent_frame f;
    const uint32_t first = HIL_INPUT_BYTES / 4;
    if (!fake_board_sent(&f) || f.type != HIL_MSG_RESULT || f.n != HIL_RESULT_AT_DATA + 8) {
        printf("no RESULT of sample %u\n", (unsigned)sample);
        return false;
    }
    return get_u32(&f.body[HIL_RESULT_AT_SAMPLE]) == sample && f.body[HIL_RESULT_AT_STATUS] == HIL_RESULT_STATUS_OK &&
           get_u32(&f.body[HIL_RESULT_AT_INPUT_CRC]) == sample_crc(sample) &&
           get_u32(&f.body[HIL_RESULT_AT_TOTAL]) == 8 && get_u32(&f.body[HIL_RESULT_AT_OFFSET]) == 0 &&
           get_u32(&f.body[HIL_RESULT_AT_CYCLES]) == 10 &&
           (int32_t)get_u32(&f.body[HIL_RESULT_AT_DATA]) == sum(sample, 0, first) &&
           (int32_t)get_u32(&f.body[HIL_RESULT_AT_DATA + 4]) == sum(sample, first, HIL_INPUT_BYTES);
}

void power_on(void) {
    sums_does = SUMS_WORKS;
    fake_board_reset();
    seq = 0;
    server_start(kept_start(1000));
    fake_board_forget_sent();
}

void power_on_and_hello(void) {
    power_on();
    hello(SESSION);
    fake_board_forget_sent();
}
