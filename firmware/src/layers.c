/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"

#include <stddef.h>

#include "answers.h"
#include "board.h"
#include "compute.h"
#include "config.h"
#include "engine.h"
#include "link.h"
#include "memory.h"
#include "wire/bytes.h"
#include "wire/crc32.h"
#include "wire/messages.h"

typedef struct {
    uint16_t op;
    uint32_t bytes;
    uint32_t cycles;
    uint32_t crc;
} measured;

/* The request that waits. */
static struct {
    bool waits;
    uint8_t type;
    uint16_t seq;
    uint16_t layer; /* the first one, or the one whose data is wanted */
    uint32_t input_crc;
    uint32_t offset;
    uint32_t bytes;
} wanted;

/* Filled in during the run and sent after it: bytes that leave by interrupts would be counted as the next layer's. */
static measured table[HIL_WIRE_MAX_LAYERS];
static uint64_t layer_began;
static uint32_t seen; /* layers that the run has told of */

void layers_reset(void) {
    wanted.waits = false;
}

uint8_t layers_request(uint8_t type, uint16_t seq, const uint8_t *body) {
    /* Both bodies begin alike. */
    uint16_t layer = get_u16(&body[HIL_LAYERS_REQUEST_AT_FIRST]);
    uint32_t input_crc = get_u32(&body[HIL_LAYERS_REQUEST_AT_INPUT_CRC]);
    const uint32_t n_layers = hil_engine_active.n_layers; /* 0: known only after a run */
    if (!compute_shows_layers() || (n_layers != 0 && layer >= n_layers)) {
        return HIL_ERR_NO_LAYER;
    }
    if (input_crc != compute_input_crc()) {
        return HIL_ERR_UNKNOWN_SAMPLE;
    }
    wanted.type = type;
    wanted.seq = seq;
    wanted.layer = layer;
    wanted.input_crc = input_crc;
    if (type == HIL_MSG_LAYER_DATA_REQUEST) {
        wanted.offset = get_u32(&body[HIL_LAYER_DATA_REQUEST_AT_OFFSET]);
        wanted.bytes = get_u32(&body[HIL_LAYER_DATA_REQUEST_AT_BYTES]);
    }
    wanted.waits = true;
    return 0;
}

static void measure(void *context, const hil_layer_event *event) {
    const uint64_t ended = board_cycles();
    const uint32_t row = (uint32_t)event->index - wanted.layer; /* wraps for layers before the first one wanted */
    (void)context;
    seen = event->index + 1u;
    if (row < HIL_WIRE_MAX_LAYERS) {
        const bool told = (hil_engine_active.capabilities & HIL_CAP_LAYER_CYCLES) != 0;
        table[row].op = event->op;
        table[row].bytes = event->out->bytes;
        table[row].cycles = told ? event->cycles : (uint32_t)(ended - layer_began);
        table[row].crc = event->out->data == NULL ? 0 : crc32(0, event->out->data, event->out->bytes);
    }
    layer_began = board_cycles();
}

static void send_data(void *context, const hil_layer_event *event) {
    const uint32_t room = HIL_ANSWER_FRAME - HIL_WIRE_OVERHEAD - HIL_LAYER_DATA_VARIES_AT;
    const uint32_t total = event->out->bytes;
    const uint8_t *data = event->out->data;
    (void)context;
    seen = event->index + 1u;
    if (event->index != wanted.layer || data == NULL) {
        return;
    }
    while (wanted.bytes != 0 && wanted.offset < total) {
        const uint32_t rest = total - wanted.offset < wanted.bytes ? total - wanted.offset : wanted.bytes;
        const uint32_t n = rest < room ? rest : room;
        frame_encoder *e = link_begin(HIL_MSG_LAYER_DATA);
        frame_put_u32(e, wanted.input_crc);
        frame_put_u16(e, wanted.layer);
        frame_put_u32(e, total);
        frame_put_u32(e, wanted.offset);
        frame_put(e, &data[wanted.offset], n);
        link_end();
        wanted.offset += n;
        wanted.bytes -= n;
    }
}

static void send_table(void) {
    const uint32_t rest = seen - wanted.layer;
    const uint32_t n = rest < HIL_WIRE_MAX_LAYERS ? rest : HIL_WIRE_MAX_LAYERS;
    frame_encoder *e = link_begin(HIL_MSG_LAYERS);
    frame_put_u32(e, wanted.input_crc);
    frame_put_u16(e, seen);
    frame_put_u16(e, wanted.layer);
    frame_put_u8(e, n);
    for (uint32_t i = 0; i < n; i++) {
        frame_put_u16(e, table[i].op);
        frame_put_u32(e, table[i].bytes);
        frame_put_u32(e, table[i].cycles);
        frame_put_u32(e, table[i].crc);
    }
    link_end();
}

bool layers_poll(void) {
    if (!wanted.waits) {
        return false;
    }
    wanted.waits = false;
    const bool data = wanted.type == HIL_MSG_LAYER_DATA_REQUEST;
    seen = 0;
    if (wanted.input_crc != compute_input_crc()) { /* a new sample began to come into its slot since the request */
        answer_error(HIL_ERR_UNKNOWN_SAMPLE, wanted.type, wanted.seq, "that sample is not the engine's input any more");
        return true;
    }
    memory_begin_aside();
    layer_began = board_cycles();
    if (hil_engine_active.run(data ? send_data : measure, NULL) != 0) {
        answer_error(HIL_ERR_ENGINE, wanted.type, wanted.seq, "the engine failed in per-layer mode");
    } else if (wanted.layer >= seen) {
        answer_error(HIL_ERR_NO_LAYER, wanted.type, wanted.seq, "the engine shows no such layer");
    } else if (!data) {
        send_table();
    }
    return true;
}
