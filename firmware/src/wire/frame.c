/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "bytes.h"
#include "crc32.h"
#include "messages.h"

static void restart(frame_decoder *d) {
    d->used = 0;
    d->left = 0;
    d->zero_due = false;
    d->begun = false;
    d->too_long = false;
}

void frame_decoder_init(frame_decoder *d, uint8_t *buffer, uint32_t size) {
    d->buffer = buffer;
    d->size = size;
    d->type = 0;
    d->seq = 0;
    d->body = buffer;
    d->body_bytes = 0;
    restart(d);
}

static void store(frame_decoder *d, uint8_t byte) {
    if (d->used == d->size) {
        d->too_long = true;
        return;
    }
    d->buffer[d->used++] = byte;
}

/* A delimiter: what was before it? The order of the checks is that of the Python side, so that both name one damage alike. */
static frame_event finish(frame_decoder *d) {
    if (!d->begun) {
        return FRAME_NONE; /* two delimiters in a row are silence */
    }
    if (d->too_long) {
        return FRAME_BAD_LONG;
    }
    if (d->left != 0) {
        return FRAME_BAD_COBS;
    }
    if (d->used < HIL_WIRE_OVERHEAD) {
        return FRAME_BAD_SHORT;
    }
    if (crc32(0, d->buffer, d->used - 4u) != get_u32(&d->buffer[d->used - 4u])) {
        return FRAME_BAD_CRC;
    }
    d->type = d->buffer[0];
    d->seq = get_u16(&d->buffer[1]);
    d->body = &d->buffer[3];
    d->body_bytes = d->used - HIL_WIRE_OVERHEAD;
    return FRAME_GOOD;
}

frame_event frame_decoder_push(frame_decoder *d, uint8_t byte) {
    if (byte == 0) {
        frame_event event = finish(d);
        restart(d);
        return event;
    }
    d->begun = true;
    if (d->too_long) {
        return FRAME_NONE;
    }
    if (d->left != 0) {
        store(d, byte);
        d->left--;
        return FRAME_NONE;
    }
    if (d->zero_due) {
        store(d, 0);
    }
    d->left = (uint8_t)(byte - 1u);
    d->zero_due = byte != 0xFF; /* a full group stands for no zero */
    return FRAME_NONE;
}

static void flush(frame_encoder *e) {
    e->group[0] = (uint8_t)e->used;
    e->sink(e->context, e->group, e->used);
    e->used = 1;
}

/* A full group is flushed only when another byte comes: at the very end it stands alone. */
static void stuff(frame_encoder *e, uint8_t byte) {
    if (e->used == sizeof e->group) {
        flush(e);
    }
    if (byte == 0) {
        flush(e);
        return;
    }
    e->group[e->used++] = byte;
}

void frame_put(frame_encoder *e, const void *bytes, uint32_t n) {
    const uint8_t *p = bytes;
    e->crc = crc32(e->crc, p, n);
    for (uint32_t i = 0; i < n; i++) {
        stuff(e, p[i]);
    }
}

void frame_put_u8(frame_encoder *e, uint32_t value) {
    uint8_t byte = (uint8_t)value;
    frame_put(e, &byte, 1);
}

void frame_put_u16(frame_encoder *e, uint32_t value) {
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    frame_put(e, bytes, sizeof bytes);
}

void frame_put_u32(frame_encoder *e, uint32_t value) {
    uint8_t bytes[4];
    put_u32(bytes, value);
    frame_put(e, bytes, sizeof bytes);
}

void frame_put_u64(frame_encoder *e, uint64_t value) {
    frame_put_u32(e, (uint32_t)value);
    frame_put_u32(e, (uint32_t)(value >> 32));
}

void frame_put_str8(frame_encoder *e, const char *text, uint32_t max) {
    uint32_t n = 0;
    while (n < max && n < 255u && text[n] != '\0') {
        n++;
    }
    frame_put_u8(e, n);
    frame_put(e, text, n);
}

void frame_begin(frame_encoder *e, frame_sink sink, void *context, uint8_t type, uint16_t seq) {
    e->sink = sink;
    e->context = context;
    e->crc = 0;
    e->used = 1;
    frame_put_u8(e, type);
    frame_put_u16(e, seq);
}

void frame_end(frame_encoder *e) {
    static const uint8_t delimiter = 0;
    frame_put_u32(e, e->crc);
    flush(e);
    e->sink(e->context, &delimiter, 1);
}
