/* SPDX-License-Identifier: Apache-2.0
 * Frames against fixtures/wire/frames.txt, whose path is the argument. */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "vectors.h"
#include "wire/crc32.h"
#include "wire/frame.h"

enum { MAX_FRAME = 512 };

static const char *vectors_path;

/* What came out of the decoder, in the words of the vectors' fourth column. */
static char outcome[8192];
static size_t outcome_used;

static void tell(const char *text) {
    size_t n = strlen(text);
    if (outcome_used + n < sizeof outcome) {
        memcpy(&outcome[outcome_used], text, n + 1);
        outcome_used += n;
    }
}

static void tell_event(const frame_decoder *d, frame_event event, uint32_t encoded_bytes) {
    static const char *const reasons[] = {
        [FRAME_BAD_LONG] = "long", [FRAME_BAD_COBS] = "cobs", [FRAME_BAD_SHORT] = "short", [FRAME_BAD_CRC] = "crc"};
    char text[64];
    tell(outcome_used != 0 ? "; " : "");
    if (event != FRAME_GOOD) {
        snprintf(text, sizeof text, "bad %s %u", reasons[event], encoded_bytes);
        tell(text);
        return;
    }
    snprintf(text, sizeof text, "good %02x %u ", d->type, d->seq);
    tell(text);
    for (uint32_t i = 0; i < d->body_bytes; i++) {
        snprintf(text, sizeof text, "%02x", d->body[i]);
        tell(text);
    }
    tell(d->body_bytes == 0 ? "-" : "");
}

/* Decodes a stream after `zeros` delimiters; the outcome is in `outcome`. The buffer is on the heap and exactly as large
 * as the decoder may use it, so that the sanitizer sees one byte too many. */
static void decode(const uint8_t *bytes, uint32_t n, uint32_t zeros) {
    uint8_t *buffer = malloc(MAX_FRAME);
    uint32_t encoded_bytes = 0;
    frame_decoder d;
    frame_decoder_init(&d, buffer, MAX_FRAME);
    outcome_used = 0;
    outcome[0] = '\0';
    for (uint32_t i = 0; i < zeros; i++) {
        CHECK_EQUAL(frame_decoder_push(&d, 0), FRAME_NONE);
    }
    for (uint32_t i = 0; i < n; i++) {
        frame_event event = frame_decoder_push(&d, bytes[i]);
        if (event != FRAME_NONE) {
            tell_event(&d, event, encoded_bytes);
        }
        encoded_bytes = bytes[i] == 0 ? 0 : encoded_bytes + 1;
    }
    if (outcome_used == 0) {
        tell("-");
    }
    free(buffer);
}

typedef struct {
    uint8_t bytes[4096];
    uint32_t n;
} collected;

static void collect(void *context, const uint8_t *bytes, uint32_t n) {
    collected *c = context;
    if (n <= sizeof c->bytes - c->n) {
        memcpy(&c->bytes[c->n], bytes, n);
        c->n += n;
    }
}

static void every_vector_decodes_to_what_it_says(void) {
    FILE *file = fopen(vectors_path, "r");
    vector_line v;
    uint8_t bytes[2048];
    int n_vectors = 0;
    NEED_SO(file != NULL);
    while (vector_next(file, &v)) {
        if (strcmp(v.kind, "stream") != 0) {
            continue;
        }
        uint32_t n = unhex(v.input, bytes, sizeof bytes);
        for (uint32_t zeros = 0; zeros < 3; zeros++) {
            decode(bytes, n, zeros);
            if (strcmp(outcome, v.expected) != 0) {
                printf("vector %s after %u zeros: found %.200s\n", v.name, zeros, outcome);
            }
            CHECK(strcmp(outcome, v.expected) == 0);
        }
        n_vectors++;
    }
    fclose(file);
    CHECK(n_vectors > 30);
}

/* What came before a frame must not reach into it: half a frame and noise, then a delimiter, then the vector. */
static void every_vector_decodes_after_noise(void) {
    static const uint8_t noise[] = {0x0B, 0x55, 0xAA, 0xFF, 0x01, 0x80, 0x13, 0x00};
    FILE *file = fopen(vectors_path, "r");
    vector_line v;
    uint8_t bytes[sizeof noise + 2048];
    NEED_SO(file != NULL);
    memcpy(bytes, noise, sizeof noise);
    while (vector_next(file, &v)) {
        char expected[sizeof v.text + 32];
        if (strcmp(v.kind, "stream") != 0) {
            continue;
        }
        uint32_t n = unhex(v.input, &bytes[sizeof noise], 2048);
        decode(bytes, n + (uint32_t)sizeof noise, 0);
        snprintf(expected, sizeof expected, "bad cobs %u%s%s", (unsigned)sizeof noise - 1u,
                 strcmp(v.expected, "-") == 0 ? "" : "; ", strcmp(v.expected, "-") == 0 ? "" : v.expected);
        CHECK(strcmp(outcome, expected) == 0);
    }
    fclose(file);
}

/* Only where the stream is what our encoder writes: one good frame, no needless empty group at its end. */
static void the_encoder_writes_the_vectors_bytes(void) {
    FILE *file = fopen(vectors_path, "r");
    vector_line v;
    static uint8_t bytes[2048], body[2048];
    int n_vectors = 0;
    NEED_SO(file != NULL);
    while (vector_next(file, &v)) {
        unsigned type, seq;
        int body_at = 0;
        if (strcmp(v.kind, "stream") != 0 || strchr(v.expected, ';') != NULL || strstr(v.name, "empty_group") != NULL ||
            sscanf(v.expected, "good %x %u %n", &type, &seq, &body_at) != 2 || body_at == 0) {
            continue;
        }
        uint32_t n = unhex(v.input, bytes, sizeof bytes);
        uint32_t body_bytes = unhex(&v.expected[body_at], body, sizeof body);
        if (n < 2 || bytes[0] == 0 || bytes[n - 1] != 0 || memchr(bytes, 0, n - 1) != NULL) {
            continue; /* other bytes than the frame's own */
        }
        for (uint32_t piece = 1; piece < 600; piece += 299) {
            frame_encoder e;
            collected c = {.n = 0};
            frame_begin(&e, collect, &c, (uint8_t)type, (uint16_t)seq);
            for (uint32_t at = 0; at < body_bytes; at += piece) {
                frame_put(&e, &body[at], body_bytes - at < piece ? body_bytes - at : piece);
            }
            frame_end(&e);
            if (c.n != n || memcmp(c.bytes, bytes, n) != 0) {
                printf("vector %s is encoded otherwise\n", v.name);
            }
            CHECK_EQUAL(c.n, n);
            CHECK_BYTES(c.bytes, bytes, n);
        }
        n_vectors++;
    }
    fclose(file);
    CHECK(n_vectors > 20);
}

static void integers_and_text_are_little_endian_and_cut(void) {
    static const uint8_t expected[] = {0x12, 0x56, 0x34, 0xF0, 0xDE, 0xBC, 0x9A, 8, 7, 6, 5, 4, 3, 2, 1, 2, 'a', 'b', 0};
    frame_encoder e;
    collected c = {.n = 0};
    uint8_t buffer[MAX_FRAME];
    frame_decoder d;
    frame_begin(&e, collect, &c, 0x42, 7);
    frame_put_u8(&e, 0x12);
    frame_put_u16(&e, 0x3456);
    frame_put_u32(&e, 0x9ABCDEF0u);
    frame_put_u64(&e, 0x0102030405060708u);
    frame_put_str8(&e, "abc", 2);
    frame_put_str8(&e, "", 5);
    frame_end(&e);
    frame_decoder_init(&d, buffer, sizeof buffer);
    frame_event event = FRAME_NONE;
    for (uint32_t i = 0; i < c.n; i++) {
        event = frame_decoder_push(&d, c.bytes[i]);
    }
    CHECK_EQUAL(event, FRAME_GOOD);
    CHECK_EQUAL(d.body_bytes, sizeof expected);
    CHECK_BYTES(d.body, expected, sizeof expected);
}

/* Whatever the line does, a good frame after it is received: one in a thousand random bytes is a delimiter sooner or later. */
static void random_bytes_never_stop_the_decoder(void) {
    uint8_t *buffer = malloc(MAX_FRAME);
    frame_decoder d;
    uint32_t random = 1;
    frame_decoder_init(&d, buffer, MAX_FRAME);
    for (int round = 0; round < 300; round++) {
        uint32_t density = round % 3 == 0 ? 256 : round % 3 == 1 ? 4 : 1000;
        for (int i = 0; i < 1000; i++) {
            uint32_t r = next_random(&random);
            (void)frame_decoder_push(&d, r % density == 0 ? 0 : (uint8_t)r);
        }
        (void)frame_decoder_push(&d, 0);
        frame_encoder e;
        collected c = {.n = 0};
        frame_begin(&e, collect, &c, 8, (uint16_t)round);
        frame_put(&e, "x", 1);
        frame_end(&e);
        frame_event event = FRAME_NONE;
        for (uint32_t i = 0; i < c.n; i++) {
            event = frame_decoder_push(&d, c.bytes[i]);
        }
        CHECK_EQUAL(event, FRAME_GOOD);
        CHECK_EQUAL(d.seq, round);
    }
    free(buffer);
}

static void the_crc_goes_on_from_piece_to_piece(void) {
    const uint8_t *text = (const uint8_t *)"123456789";
    CHECK_EQUAL(crc32(0, text, 9), 0xCBF43926u);
    CHECK_EQUAL(crc32(0, text, 0), 0);
    for (uint32_t cut = 0; cut <= 9; cut++) {
        CHECK_EQUAL(crc32(crc32(0, text, cut), &text[cut], 9 - cut), 0xCBF43926u);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        printf("usage: test_frame frames.txt\n");
        return 2;
    }
    vectors_path = argv[1];
    every_vector_decodes_to_what_it_says();
    every_vector_decodes_after_noise();
    the_encoder_writes_the_vectors_bytes();
    integers_and_text_are_little_endian_and_cut();
    random_bytes_never_stop_the_decoder();
    the_crc_goes_on_from_piece_to_piece();
    return checks_result();
}
