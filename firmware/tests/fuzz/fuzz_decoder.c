/* SPDX-License-Identifier: Apache-2.0
 * The frame decoder takes any bytes with a buffer of any size, stays within it, and what it calls good can be said again.
 * Input: size of the buffer (2 bytes), then the line. */
#include <string.h>

#include "fuzz.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/messages.h"

typedef struct {
    uint8_t bytes[8192];
    uint32_t n;
} encoded;

static void keep(void *context, const uint8_t *bytes, uint32_t n) {
    encoded *to = context;
    MUST(n <= 255 && n <= sizeof to->bytes - to->n);
    memcpy(&to->bytes[to->n], bytes, n);
    to->n += n;
}

/* Encoded anew and decoded anew it is the same frame, and the encoding holds no 00 but its end. */
static void say_again(const frame_decoder *heard) {
    static encoded line;
    static uint8_t buffer[4096];
    frame_encoder encoder;
    frame_decoder decoder;
    line.n = 0;
    frame_begin(&encoder, keep, &line, heard->type, heard->seq);
    frame_put(&encoder, heard->body, heard->body_bytes);
    frame_end(&encoder);
    frame_decoder_init(&decoder, buffer, sizeof buffer);
    for (uint32_t i = 0; i < line.n; i++) {
        MUST((line.bytes[i] == 0) == (i + 1 == line.n));
        MUST((frame_decoder_push(&decoder, line.bytes[i]) == FRAME_GOOD) == (i + 1 == line.n));
    }
    MUST(decoder.type == heard->type && decoder.seq == heard->seq && decoder.body_bytes == heard->body_bytes);
    MUST(memcmp(decoder.body, heard->body, heard->body_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    uint32_t room = get_u16(data) % 2049u;
    uint8_t *buffer = malloc(room != 0 ? room : 1); /* on the heap, where the sanitizer knows its end */
    frame_decoder decoder;
    MUST(buffer != NULL);
    frame_decoder_init(&decoder, buffer, room);
    for (size_t i = 2; i < size; i++) {
        frame_event event = frame_decoder_push(&decoder, data[i]);
        MUST(decoder.used <= room);
        MUST(event == FRAME_NONE || data[i] == 0);
        if (event == FRAME_GOOD) {
            MUST(decoder.body_bytes + HIL_WIRE_OVERHEAD <= room);
            say_again(&decoder);
        }
    }
    free(buffer);
    return 0;
}
