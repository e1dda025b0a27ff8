/* SPDX-License-Identifier: Apache-2.0
 * Frames: COBS( type:u8 seq:u16 body crc:u32 ) 00. See fixtures/wire/SPEC.md. */
#ifndef HIL_WIRE_FRAME_H
#define HIL_WIRE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* ---- receiving: a push decoder on the caller's buffer ---- */

typedef enum {
    FRAME_NONE,      /* nothing complete yet */
    FRAME_GOOD,      /* type, seq, body and body_bytes are valid until the next push */
    FRAME_BAD_LONG,  /* more than the buffer holds */
    FRAME_BAD_COBS,  /* the delimiter came inside a group */
    FRAME_BAD_SHORT, /* under 7 bytes */
    FRAME_BAD_CRC
} frame_event;

typedef struct {
    uint8_t *buffer; /* the caller's; the decoder never writes behind its size */
    uint32_t size;
    uint32_t used;
    uint8_t left;  /* bytes until the group's end */
    bool zero_due; /* the group just ended stands for a zero, if another follows */
    bool begun;    /* a byte has come since the last delimiter */
    bool too_long;
    uint8_t type; /* of the last good frame */
    uint16_t seq;
    const uint8_t *body;
    uint32_t body_bytes;
} frame_decoder;

void frame_decoder_init(frame_decoder *d, uint8_t *buffer, uint32_t size);

/* Takes any byte. A damaged frame is an event, and the decoder goes on behind its delimiter. */
frame_event frame_decoder_push(frame_decoder *d, uint8_t byte);

/* ---- sending: an encoder that streams into a sink ---- */

/* Gets the encoded bytes, at most 255 at a time. */
typedef void (*frame_sink)(void *context, const uint8_t *bytes, uint32_t n);

typedef struct {
    frame_sink sink;
    void *context;
    uint32_t crc;
    uint32_t used;      /* bytes in the group so far */
    uint8_t group[255]; /* code byte and up to 254 others */
} frame_encoder;

void frame_begin(frame_encoder *e, frame_sink sink, void *context, uint8_t type, uint16_t seq);
void frame_put(frame_encoder *e, const void *bytes, uint32_t n);
void frame_put_u8(frame_encoder *e, uint32_t value);
void frame_put_u16(frame_encoder *e, uint32_t value);
void frame_put_u32(frame_encoder *e, uint32_t value);
void frame_put_u64(frame_encoder *e, uint64_t value);
/* length:u8 and at most `max` bytes of the text. */
void frame_put_str8(frame_encoder *e, const char *text, uint32_t max);
void frame_end(frame_encoder *e);

#endif
