/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <string.h>

#include "board.h"
#include "compute.h"
#include "config.h"
#include "engine.h"
#include "fault.h"
#include "identity.h"
#include "intake.h"
#include "kept.h"
#include "link.h"
#include "slots.h"
#include "wire/encodings.h"
#include "wire/messages.h"

const uint32_t answer_bauds[] = {HIL_BAUDS};
const uint32_t answer_n_bauds = sizeof answer_bauds / sizeof answer_bauds[0];

enum { VERSION_MAX = 32 };

/* HELLO must fit the 512 bytes that the host accepts before it has read it, so tensor names, which are for people, share
 * what the rest leaves at its longest: frame and fixed part, chip id, four texts, the bauds, and each tensor without its name. */
uint32_t answer_name_max(void) {
    const uint32_t n = intake_n_inputs() + intake_n_outputs();
    const uint32_t texts = sizeof hil_identity.board + sizeof hil_identity.build_id + sizeof hil_identity.engine + VERSION_MAX + 4u;
    const uint32_t tensor = 1u + 1u + 2u * HIL_TENSOR_MAX_DIMS + 4u + 4u + 1u;
    const uint32_t used = HIL_WIRE_OVERHEAD + HIL_HELLO_VARIES_AT + 1u + HIL_WIRE_MAX_CHIP_ID + texts + 1u + 4u * answer_n_bauds + 2u + n * tensor;
    return n != 0 && used < HIL_WIRE_HELLO_MAX_FRAME ? (HIL_WIRE_HELLO_MAX_FRAME - used) / n : 0;
}

void answer_boot(uint8_t reset_cause, uint8_t flags) {
    frame_encoder *e = link_begin(HIL_MSG_BOOT);
    frame_put_u32(e, kept.boot);
    frame_put_u8(e, reset_cause);
    frame_put_u8(e, flags);
    link_end();
}

static void put_tensors(frame_encoder *e, uint32_t n, const hil_tensor *(*tensor)(uint32_t)) {
    frame_put_u8(e, n);
    for (uint32_t i = 0; i < n; i++) {
        const hil_tensor *t = tensor(i);
        uint32_t scale_bits;
        memcpy(&scale_bits, &t->scale, sizeof scale_bits);
        frame_put_u8(e, t->dtype);
        frame_put_u8(e, t->ndim);
        for (uint32_t d = 0; d < t->ndim; d++) {
            frame_put_u16(e, t->dim[d]);
        }
        frame_put_u32(e, scale_bits);
        frame_put_u32(e, (uint32_t)t->zero_point);
        frame_put_str8(e, t->name, answer_name_max());
    }
}

void answer_hello(uint32_t session, uint8_t reset_cause, uint8_t flags) {
    const hil_engine *engine = &hil_engine_active;
    uint8_t chip_id[HIL_WIRE_MAX_CHIP_ID];
    const uint32_t chip_id_bytes = board_chip_id(chip_id);
    frame_encoder *e = link_begin(HIL_MSG_HELLO);
    frame_put_u8(e, HIL_WIRE_PROTOCOL);
    frame_put_u32(e, session);
    frame_put_u32(e, kept.boot);
    frame_put_u8(e, reset_cause);
    frame_put_u8(e, flags);
    frame_put_u8(e, HIL_SLOTS);
    frame_put_u16(e, HIL_MAX_FRAME);
    frame_put_u16(e, HIL_CHUNK_BYTES);
    frame_put_u32(e, board_clock_hz());
    frame_put_u8(e, board_clock_source());
    frame_put_u32(e, HIL_WIRE_CAP_CYCLES | ENCODINGS_CAPABILITIES | HIL_WIRE_CAP_BAUD | HIL_WIRE_CAP_FAULT |
                         HIL_WIRE_CAP_CHUNKS | intake_capabilities() | (compute_shows_layers() ? HIL_WIRE_CAP_LAYERS : 0u));
    frame_put(e, engine->model_sha256, 32);
    frame_put_u8(e, chip_id_bytes);
    frame_put(e, chip_id, chip_id_bytes);
    frame_put_str8(e, HIL_BOARD, sizeof hil_identity.board);
    frame_put_str8(e, HIL_BUILD_ID, sizeof hil_identity.build_id);
    frame_put_str8(e, engine->engine, sizeof hil_identity.engine);
    frame_put_str8(e, engine->version, VERSION_MAX);
    frame_put_u8(e, answer_n_bauds);
    for (uint32_t i = 0; i < answer_n_bauds; i++) {
        frame_put_u32(e, answer_bauds[i]);
    }
    put_tensors(e, intake_n_inputs(), intake_input);
    put_tensors(e, intake_n_outputs(), intake_output);
    link_end();
}

void answer_result(const result *r) {
    const uint32_t room = HIL_ANSWER_FRAME - HIL_WIRE_OVERHEAD - HIL_RESULT_VARIES_AT;
    uint32_t offset = 0;
    do { /* once at least: a failed run has no output but a status */
        uint32_t n = r->bytes - offset < room ? r->bytes - offset : room;
        frame_encoder *e = link_begin(HIL_MSG_RESULT);
        frame_put_u32(e, r->sample);
        frame_put_u8(e, r->status);
        frame_put_u8(e, slots_free());
        frame_put_u64(e, r->cycles);
        frame_put_u32(e, r->input_crc);
        frame_put_u32(e, r->bytes);
        frame_put_u32(e, offset);
        frame_put(e, &r->output[offset], n);
        link_end();
        offset += n;
    } while (offset < r->bytes);
}

void answer_status(uint32_t session, const link_counters *counters) {
    frame_encoder *e = link_begin(HIL_MSG_STATUS);
    frame_put_u32(e, session);
    frame_put_u32(e, kept.boot);
    frame_put_u32(e, counters->frames_ok);
    frame_put_u32(e, counters->frames_bad);
    frame_put_u32(e, counters->overruns);
    frame_put_u32(e, stack_peak_bytes());
    frame_put_u32(e, stack_size_bytes());
    frame_put_u32(e, counters->bytes_rx);
    frame_put_u32(e, counters->bytes_overlapped);
    frame_put_u8(e, HIL_SLOTS - slots_free());
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        const slot *s = slots_at(i);
        uint32_t offsets[HIL_WIRE_MAX_MISSING];
        uint32_t from = 0;
        if (s->state == SLOT_FREE) {
            continue;
        }
        uint32_t n = slots_missing(s, &from, HIL_CHUNKS, offsets, HIL_WIRE_MAX_MISSING);
        frame_put_u32(e, s->sample);
        frame_put_u8(e, s->state);
        frame_put_u8(e, n);
        for (uint32_t k = 0; k < n; k++) {
            frame_put_u32(e, offsets[k]);
        }
    }
    link_end();
}

void answer_damaged(uint16_t seq) {
    frame_encoder *e = link_begin(HIL_MSG_DAMAGED);
    frame_put_u16(e, seq);
    link_end();
}

void answer_need(uint32_t sample, const uint32_t *offsets, uint32_t n) {
    frame_encoder *e = link_begin(HIL_MSG_NEED);
    frame_put_u32(e, sample);
    frame_put_u8(e, n);
    for (uint32_t i = 0; i < n; i++) {
        frame_put_u32(e, offsets[i]);
    }
    link_end();
}

void answer_baud(uint32_t baud, uint8_t status) {
    frame_encoder *e = link_begin(HIL_MSG_BAUD);
    frame_put_u32(e, baud);
    frame_put_u8(e, status);
    link_end();
}

void answer_pong(const uint8_t *data, uint32_t n) {
    frame_encoder *e = link_begin(HIL_MSG_PONG);
    frame_put(e, data, n);
    link_end();
}

void answer_fault(void) {
    frame_encoder *e = link_begin(HIL_MSG_FAULT);
    fault_put(e, fault_kept());
    link_end();
}

void answer_error(uint8_t code, uint8_t type, uint16_t seq, const char *text) {
    frame_encoder *e = link_begin(HIL_MSG_ERROR);
    frame_put_u8(e, code);
    frame_put_u8(e, type);
    frame_put_u16(e, seq);
    frame_put_str8(e, text, 80);
    link_end();
}
