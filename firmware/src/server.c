/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <stddef.h>
#include <string.h>

#include "answers.h"
#include "board.h"
#include "compute.h"
#include "config.h"
#include "fault.h"
#include "intake.h"
#include "kept.h"
#include "layers.h"
#include "link.h"
#include "results.h"
#include "slots.h"
#include "stream.h"
#include "wire/bytes.h"
#include "wire/encodings.h"
#include "wire/frame.h"
#include "wire/messages.h"

/* After this many crashes in a row without a HELLO the engine is left alone, so that the fault can still be asked for. */
enum { CRASHES_MAX = 3 };

/* Offsets in one NEED; more go in further ones. */
enum { NEED_MAX = 32 };

enum { PIECE_LENGTH_MASK = (1 << HIL_WIRE_PIECE_LENGTH_BITS) - 1 };

static frame_decoder decoder;
static uint8_t frame_buffer[HIL_MAX_FRAME];

static struct {
    bool open;
    uint32_t id;
    uint16_t next_seq;
    uint32_t bad_in_a_row; /* bad frames since the last good one */
    bool ran;              /* the engine has run since the receive buffer was last seen empty */
    link_counters counters;
    uint32_t overruns_before; /* the board's count when the session began */
} session;

/* At any speed but the safe one the board goes back to that as soon as a change of speed was followed by no good frame for
 * as long as the alarm takes, or bytes were, and then more of them: whoever speaks at another speed, or nobody any more,
 * finds it again there. Bytes alone are no reason: they may be half a frame of a host that was kept from running. */
static struct {
    uint32_t now;
    bool on_trial; /* changed, and no good frame has come since */
    bool watched;  /* the alarm is set */
    bool warned;   /* it was due once: the next bytes must bring a good frame before it is again */
} baud;

static uint8_t reset_cause;
static uint8_t flags;
static const char *engine_error; /* NULL when it runs */

static void refuse(uint8_t code, const char *text) {
    answer_error(code, decoder.type, decoder.seq, text);
}

static uint8_t current_flags(void) {
    return (uint8_t)(flags | (fault_kept() != NULL ? HIL_FLAG_FAULT_KEPT : 0));
}

typedef char the_text_below_names_the_version[HIL_WIRE_PROTOCOL == 2 ? 1 : -1];

static void on_hello_request(const uint8_t *body, uint32_t n) {
    (void)n;
    if (body[HIL_HELLO_REQUEST_AT_PROTOCOL] != HIL_WIRE_PROTOCOL) {
        refuse(HIL_ERR_PROTOCOL, "this board speaks version 2");
        return;
    }
    if (engine_error != NULL) {
        refuse(HIL_ERR_ENGINE, engine_error);
        return;
    }
    slots_reset();
    results_reset();
    layers_reset();
    intake_reset();
    link_restart();
    memset(&session.counters, 0, sizeof session.counters);
    session.counters.frames_ok = 1; /* this one */
    session.overruns_before = board_rx_overruns();
    session.open = true;
    session.bad_in_a_row = 0;
    session.ran = false;
    session.id = get_u32(&body[HIL_HELLO_REQUEST_AT_SESSION]);
    session.next_seq = (uint16_t)(decoder.seq + 1u);
    kept.crashes = 0;
    answer_hello(session.id, reset_cause, current_flags());
}

/* False when the chunk is refused. One that is there already, or whose sample is answered, is not. */
static bool take_chunk(uint32_t sample, uint32_t offset, uint8_t form, const uint8_t *data, uint32_t data_bytes) {
    const uint8_t encoding = form & (uint8_t)~HIL_WIRE_FOLLOWS;
    uint32_t size = slots_chunk_bytes(offset);

    const result *answered = results_find(sample);
    if (answered != NULL) {
        answer_result(answered);
        return true;
    }
    if (size == 0) {
        refuse(HIL_ERR_BAD_CHUNK, "no chunk begins at this offset");
        return false;
    }
    if (!encoding_known(encoding) || (encoding != form && (intake_capabilities() & HIL_WIRE_CAP_STATE) == 0)) {
        refuse(HIL_ERR_BAD_CHUNK, "unknown encoding");
        return false;
    }
    if (!encoding_fits(encoding, data, data_bytes, size)) {
        refuse(HIL_ERR_BAD_CHUNK, "the data is not of the chunk's size");
        return false;
    }
    if (slots_is_over(sample)) {
        refuse(HIL_ERR_UNKNOWN_SAMPLE, "this sample is over");
        return false;
    }
    slot *s = slots_find(sample);
    if (s == NULL) {
        s = slots_open(sample);
    }
    if (s == NULL) {
        refuse(HIL_ERR_NO_SLOT, "all slots are taken");
        return false;
    }
    if (!slots_has(s, offset)) {
        s->follows = encoding != form;
        encoding_decode(encoding, data, data_bytes, size, &s->data[offset]);
        slots_mark(s, offset);
    }
    return true;
}

static void on_chunk(const uint8_t *body, uint32_t n) {
    (void)take_chunk(get_u32(&body[HIL_CHUNK_AT_SAMPLE]), get_u32(&body[HIL_CHUNK_AT_OFFSET]), body[HIL_CHUNK_AT_ENCODING],
                     &body[HIL_CHUNK_AT_DATA], n - HIL_CHUNK_AT_DATA);
}

/* Where the piece at `at` ends, which is behind `n` when it is cut off. */
static uint32_t piece_end(const uint8_t *body, uint32_t at, uint32_t n) {
    return n - at < 2u ? n + 1u : at + 2u + (get_u16(&body[at]) & PIECE_LENGTH_MASK);
}

static void on_chunks(const uint8_t *body, uint32_t n) {
    uint32_t sample = get_u32(&body[HIL_CHUNKS_AT_SAMPLE]);
    uint32_t offset = get_u16(&body[HIL_CHUNKS_AT_CHUNK]) * HIL_CHUNK_BYTES;
    uint32_t at = HIL_CHUNKS_AT_ITEMS;
    /* All of them are looked at before the first is taken: what is malformed changes nothing. */
    do {
        at = piece_end(body, at, n);
    } while (at < n);
    if (at != n) {
        refuse(HIL_ERR_MALFORMED, "the last piece is cut off");
        return;
    }
    for (at = HIL_CHUNKS_AT_ITEMS; at < n; at = piece_end(body, at, n)) {
        const uint8_t encoding = (uint8_t)(get_u16(&body[at]) >> HIL_WIRE_PIECE_LENGTH_BITS);
        if (!take_chunk(sample, offset, encoding, &body[at + 2u], piece_end(body, at, n) - at - 2u)) {
            return; /* those before it stay */
        }
        offset += HIL_CHUNK_BYTES;
        if (offset >= HIL_INPUT_BYTES) {
            offset = 0;
            sample++;
        }
    }
}

static void on_status_request(const uint8_t *body, uint32_t n) {
    (void)body;
    (void)n;
    session.counters.overruns = board_rx_overruns() - session.overruns_before;
    answer_status(session.id, &session.counters);
}

static void on_result_request(const uint8_t *body, uint32_t n) {
    (void)n;
    const result *r = results_find(get_u32(&body[HIL_RESULT_REQUEST_AT_SAMPLE]));
    if (r == NULL) {
        refuse(HIL_ERR_UNKNOWN_SAMPLE, "this result is not kept");
        return;
    }
    answer_result(r);
}

static void on_fault_request(const uint8_t *body, uint32_t n) {
    (void)n;
    answer_fault();
    if (body[HIL_FAULT_REQUEST_AT_CLEAR] != 0) {
        fault_clear();
    }
}

/* What was heard is at this speed, or nothing was heard at it yet: there is nothing to watch. */
static void hear_good(void) {
    baud.on_trial = false;
    baud.warned = false;
    if (baud.watched) {
        baud.watched = false;
        board_alarm_stop();
    }
}

static void set_baud(uint32_t wanted) {
    baud.now = wanted;
    hear_good();
    board_set_baud(wanted);
    frame_decoder_init(&decoder, frame_buffer, sizeof frame_buffer); /* what came at the wrong speed is nothing */
}

static void on_baud_request(const uint8_t *body, uint32_t n) {
    (void)n;
    uint32_t wanted = get_u32(&body[HIL_BAUD_REQUEST_AT_BAUD]);
    for (uint32_t i = 0; i < answer_n_bauds; i++) {
        if (answer_bauds[i] == wanted) {
            answer_baud(wanted, HIL_BAUD_STATUS_OK);
            set_baud(wanted);
            baud.on_trial = true;
            baud.watched = true;
            board_alarm_set();
            return;
        }
    }
    answer_baud(wanted, HIL_BAUD_STATUS_UNSUPPORTED);
}

static void on_layers(const uint8_t *body, uint32_t n) {
    (void)n;
    uint8_t code = layers_request(decoder.type, decoder.seq, body);
    if (code != 0) {
        refuse(code, code == HIL_ERR_NO_LAYER ? "the engine shows no such layer" : "another input ran last");
    }
}

/* Body sizes come from the message table: a handler may read up to its `bytes` without looking. */
static const struct {
    uint8_t type;
    bool any_longer;   /* the body may go on behind `bytes` */
    bool in_session;   /* refused before HELLO */
    uint16_t bytes;
    void (*handle)(const uint8_t *body, uint32_t n);
} handlers[] = {
    {HIL_MSG_HELLO_REQUEST, false, false, HIL_HELLO_REQUEST_BYTES, on_hello_request},
    {HIL_MSG_CHUNK, true, true, HIL_CHUNK_VARIES_AT, on_chunk},
    {HIL_MSG_CHUNKS, true, true, HIL_CHUNKS_VARIES_AT, on_chunks},
    {HIL_MSG_STATUS_REQUEST, false, false, 0, on_status_request},
    {HIL_MSG_RESULT_REQUEST, false, true, HIL_RESULT_REQUEST_BYTES, on_result_request},
    {HIL_MSG_FAULT_REQUEST, false, false, HIL_FAULT_REQUEST_BYTES, on_fault_request},
    {HIL_MSG_BAUD_REQUEST, false, false, HIL_BAUD_REQUEST_BYTES, on_baud_request},
    {HIL_MSG_LAYERS_REQUEST, false, true, HIL_LAYERS_REQUEST_BYTES, on_layers},
    {HIL_MSG_LAYER_DATA_REQUEST, false, true, HIL_LAYER_DATA_REQUEST_BYTES, on_layers},
    {HIL_MSG_PING, true, false, HIL_PING_VARIES_AT, answer_pong},
#ifdef HIL_STREAM
    {HIL_MSG_FRONT_END_REQUEST, false, false, 0, stream_describe},
#endif
};

static void dispatch(void) {
    uint32_t n = decoder.body_bytes;
    for (uint32_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (handlers[i].type != decoder.type) {
            continue;
        }
        if (n < handlers[i].bytes || (n > handlers[i].bytes && !handlers[i].any_longer)) {
            refuse(HIL_ERR_MALFORMED, "the body has the wrong size");
        } else if (handlers[i].in_session && !session.open) {
            refuse(HIL_ERR_NO_SESSION, "say hello first");
        } else {
            handlers[i].handle(decoder.body, n);
        }
        return;
    }
    refuse(HIL_ERR_UNKNOWN_TYPE, "unknown message type");
}

/* Asks for every chunk that must have been lost: one before a chunk that has come. */
static void ask_for_overdue(void) {
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        const slot *s = slots_at(i);
        uint32_t offsets[NEED_MAX];
        uint32_t limit = slots_overdue(s);
        uint32_t from = 0;
        uint32_t n;
        while ((n = slots_missing(s, &from, limit, offsets, NEED_MAX)) != 0) {
            answer_need(s->sample, offsets, n);
        }
    }
}

static void on_frame(void) {
    uint16_t missed = (uint16_t)(decoder.seq - session.next_seq);
    /* One frame missing behind one that was damaged: the notice of the damage has told of it already. */
    bool gap = session.open && missed != 0 && (missed != 1 || session.bad_in_a_row == 0) &&
               decoder.type != HIL_MSG_HELLO_REQUEST;
    session.counters.frames_ok++;
    session.bad_in_a_row = 0;
    session.next_seq = (uint16_t)(decoder.seq + 1u);
    kept.last_type = decoder.type;
    hear_good();
    dispatch();
    /* After the frame that showed the gap has been stored: it may itself be what lies behind the lost ones. */
    if (gap) {
        ask_for_overdue();
    }
}

/* Told at once, so that what was lost is sent again before anybody waits for it; but noise without end is not answered, nor
 * a host that speaks at another speed. */
static void on_bad_frame(void) {
    session.counters.frames_bad++;
    session.bad_in_a_row++;
    if (session.open && !baud.on_trial && session.bad_in_a_row <= HIL_WIRE_MAX_NOTICES) {
        answer_damaged(session.next_seq);
    }
}

void server_receive(const uint8_t *bytes, uint32_t n) {
    bool undecided = false; /* bytes have come behind the last good frame */
    session.counters.bytes_rx += n;
    if (session.ran) {
        session.counters.bytes_overlapped += n;
    }
    for (uint32_t i = 0; i < n; i++) {
        frame_event event = frame_decoder_push(&decoder, bytes[i]);
        undecided = event != FRAME_GOOD;
        if (event == FRAME_GOOD) {
            on_frame();
        } else if (event != FRAME_NONE) {
            on_bad_frame();
        }
    }
    if (undecided && baud.now != HIL_BAUD && !baud.watched) {
        baud.watched = true;
        board_alarm_set();
    }
}

static void run(slot *s) {
    result *r = results_add(s->sample);
    s->state = HIL_SLOT_STATE_RUNNING;
    kept.sample = s->sample;
    intake_run(s, r);
    kept.sample = HIL_WIRE_NO_SAMPLE;
    slots_release(s);
    answer_result(r);
}

bool server_poll(void) {
    session.ran = false;
    if (baud.watched && board_alarm_due()) {
        if (baud.on_trial || baud.warned) {
            set_baud(HIL_BAUD);
        } else {
            baud.warned = true;
            baud.watched = false;
            board_alarm_stop();
        }
        return true;
    }
    if (layers_poll()) {
        return true;
    }
    slot *s = intake_next();
    if (s == NULL) {
        return false;
    }
    run(s);
    session.ran = true;
    return true;
}

void server_start(uint32_t lost_sample) {
    memset(&session, 0, sizeof session);
    memset(&baud, 0, sizeof baud);
    baud.now = HIL_BAUD;
    frame_decoder_init(&decoder, frame_buffer, sizeof frame_buffer);
    slots_reset();
    results_reset();
    layers_reset();
    intake_reset();
    link_restart();
    flags = lost_sample != HIL_WIRE_NO_SAMPLE ? HIL_FLAG_SAMPLE_LOST : 0;
    reset_cause = fault_caused_reset() ? HIL_RESET_FAULT : board_reset_cause();
    board_tx_write((const uint8_t *)"", 1); /* a delimiter ends what a reset in mid-frame or a starting line left behind */
    /* Announced before the engine is touched: a board that crashes in its start has at least said so. */
    answer_boot(reset_cause, current_flags());
    engine_error = kept.crashes < CRASHES_MAX ? compute_start() : "the engine is off after crashes in a row";
    if (engine_error == NULL) {
        engine_error = intake_start();
    }
    if (engine_error == NULL && answer_name_max() == 0) {
        engine_error = "the engine has more tensors than HELLO can describe";
    }
}
