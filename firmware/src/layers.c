/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"

#include <stddef.h>

#include "answers.h"
#include "board.h"
#include "compute.h"
#include "config.h"
#include "engine.h"
#include "link.h"
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
    uint32_t end;
} wanted;

/* Filled in during the run and sent after it: bytes that leave by interrupts would be counted as the next layer's. */
static measured table[HIL_WIRE_MAX_LAYERS];
static uint64_t layer_began;

bool layers_shown(void) {
    return (hil_engine_active.capabilities & HIL_CAP_LAYER_OUT) != 0 && hil_engine_active.n_layers != 0;
}

void layers_reset(void) {
    wanted.waits = false;
}

uint8_t layers_request(uint8_t type, uint16_t seq, const uint8_t *body) {
    /* Both bodies begin alike. */
    uint16_t layer = get_u16(&body[HIL_LAYERS_REQUEST_AT_FIRST]);
    uint32_t input_crc = get_u32(&body[HIL_LAYERS_REQUEST_AT_INPUT_CRC]);
    if (!layers_shown() || layer >= hil_engine_active.n_layers) {
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
        const hil_tensor *tensor = hil_engine_active.layer(layer);
        const uint32_t total = tensor == NULL ? 0 : tensor->bytes;
        const uint32_t offset = get_u32(&body[HIL_LAYER_DATA_REQUEST_AT_OFFSET]);
        const uint32_t n = get_u32(&body[HIL_LAYER_DATA_REQUEST_AT_BYTES]);
        wanted.offset = offset < total ? offset : total;
        wanted.end = n < total - wanted.offset ? wanted.offset + n : total;
    }
    wanted.waits = true;
    return 0;
}

static void measure(void *context, const hil_layer_event *event) {
    const uint64_t ended = board_cycles();
    const uint32_t row = (uint32_t)event->index - wanted.layer; /* wraps for layers before the first one wanted */
    (void)context;
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
    const uint32_t room = HIL_MAX_FRAME - HIL_WIRE_OVERHEAD - HIL_LAYER_DATA_VARIES_AT;
    const uint8_t *data = event->out->data;
    (void)context;
    if (event->index != wanted.layer || data == NULL) {
        return;
    }
    while (wanted.offset < wanted.end) {
        const uint32_t rest = wanted.end - wanted.offset;
        const uint32_t n = rest < room ? rest : room;
        frame_encoder *e = link_begin(HIL_MSG_LAYER_DATA);
        frame_put_u32(e, wanted.input_crc);
        frame_put_u16(e, wanted.layer);
        frame_put_u32(e, event->out->bytes);
        frame_put_u32(e, wanted.offset);
        frame_put(e, &data[wanted.offset], n);
        link_end();
        wanted.offset += n;
    }
}

static void send_table(void) {
    const uint32_t n_layers = hil_engine_active.n_layers;
    const uint32_t rest = n_layers - wanted.layer;
    const uint32_t n = rest < HIL_WIRE_MAX_LAYERS ? rest : HIL_WIRE_MAX_LAYERS;
    frame_encoder *e = link_begin(HIL_MSG_LAYERS);
    frame_put_u32(e, wanted.input_crc);
    frame_put_u16(e, (uint16_t)n_layers);
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
    layer_began = board_cycles();
    if (hil_engine_active.run(data ? send_data : measure, NULL) != 0) {
        answer_error(HIL_ERR_ENGINE, wanted.type, wanted.seq, "the engine failed in per-layer mode");
    } else if (!data) {
        send_table();
    }
    return true;
}
