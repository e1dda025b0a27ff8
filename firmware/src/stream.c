/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#ifdef HIL_STREAM

#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "compute.h"
#include "frontend.h" /* generated: HIL_FRONTEND_STREAM_BYTES */
#include "hil_frontend.h"
#include "intake.h"
#include "link.h"
#include "stream_rule.h"
#include "wire/bytes.h"
#include "wire/crc32.h"
#include "wire/messages.h"

static const stream_rule rule = HIL_STREAM_RULE;
static const hil_gate_params gate_params = HIL_STREAM_GATE;

static hil_stream stream;
static uint8_t memory[HIL_FRONTEND_STREAM_BYTES] __attribute__((aligned(8)));
/* What the network reads. It keeps the last hop's, which per-layer mode may ask about. */
static uint8_t input[HIL_MODEL_INPUT_BYTES] __attribute__((aligned(16)));
static uint32_t votes[(HIL_STREAM_RULE_BYTES + 3u) / 4u + 1u];
static stream_rule_state rule_state;
static hil_gate gate;

/* Where the recording stands. `begun` says that the rest means something. */
static struct {
    bool begun;
    uint32_t recording; /* as the host numbers them */
    uint32_t began;     /* hop with which all states began */
    uint32_t next;      /* hop that goes on from here */
    uint32_t runs;      /* of the network since then */
} at;

/* Hops run in the order of their numbers, none left out but those that the host has given up. */
static struct {
    bool known; /* the first of the session has come */
    uint32_t next;
} order;

static hil_tensor tensors[2] = {
    {.name = "hop", .dtype = HIL_S32, .ndim = 2, .dim = {1, HIL_HOP_BYTES / 4u}, .bytes = HIL_HOP_BYTES},
    {.name = "samples", .ndim = 2, .bytes = HIL_STREAM_HOP_BYTES},
};
static hil_tensor report = {
    .name = "report", .dtype = HIL_S32, .ndim = 2, .dim = {1, HIL_HOP_REPORT_BYTES / 4u}, .bytes = HIL_HOP_REPORT_BYTES};

const char *intake_start(void) {
    const hil_engine *e = &hil_engine_active;
    const hil_frontend *f = &hil_frontend_active;
    if (e->n_inputs != 1) {
        return "a recording feeds networks of one input";
    }
    if (f->hop != HIL_STREAM_HOP || f->n_stages > HIL_WIRE_MAX_STAGES) {
        return "the front end is not that of the build";
    }
    if (hil_stream_init(&stream, f, e->input(0), memory, sizeof memory) != HIL_STREAM_OK) {
        return "the front end's rows do not make the network's input";
    }
    if (e->place_input != NULL && e->place_input(0, input) != 0) {
        return "the network's input cannot be placed";
    }
    tensors[1].dtype = f->sample_dtype;
    tensors[1].dim[0] = HIL_STREAM_HOP;
    tensors[1].dim[1] = f->channels;
    return NULL;
}

void intake_reset(void) {
    at.begun = false;
    order.known = false;
}

uint32_t intake_n_inputs(void) {
    return 2;
}

uint32_t intake_n_outputs(void) {
    return 1u + hil_engine_active.n_outputs;
}

const hil_tensor *intake_input(uint32_t i) {
    return &tensors[i];
}

const hil_tensor *intake_output(uint32_t i) {
    return i == 0 ? &report : hil_engine_active.output(i - 1u);
}

uint32_t intake_capabilities(void) {
    return HIL_WIRE_CAP_STREAM;
}

/* The host sends the first hop of a session alone, so whichever is complete first is that. */
slot *intake_next(void) {
    slot *s = slots_next();
    if (s == NULL || !order.known) {
        return s;
    }
    if (order.next < slots_lowest()) {
        order.next = slots_lowest();
    }
    while (s != NULL && s->sample < order.next) { /* has run, and is no longer kept: a stray repeat */
        slots_release(s);
        s = slots_next();
    }
    return s != NULL && s->sample == order.next ? s : NULL;
}

static void begin(uint32_t recording, uint32_t hop) {
    if (hil_engine_active.forget != NULL) {
        hil_engine_active.forget();
    }
    hil_stream_reset(&stream);
    hil_gate_reset(&gate);
    stream_rule_reset(&rule, &rule_state);
    at.begun = true;
    at.recording = recording;
    at.began = hop;
    at.next = hop;
    at.runs = 0;
}

/* Time in the recording behind the hop; the product is of 64 bits: 32 would be full after four minutes of sound. */
static uint32_t now_ms(uint32_t hop) {
    return (uint32_t)((uint64_t)(hop + 1u) * HIL_STREAM_HOP * 1000u / hil_frontend_active.sample_hz);
}

/* Fields of the report, little endian as the core is. */
static void tell(result *r, uint32_t offset, uint32_t value) {
    put_u32(&r->output[offset], value);
}

static void tell_stage(void *context, uint32_t stage, const void *data, uint32_t bytes) {
    tell(context, HIL_HOP_REPORT_AT_STAGES + 4u * stage, crc32(0, data, bytes));
}

static uint32_t row_bytes(void) {
    const hil_frontend *f = &hil_frontend_active;
    return f->values * (f->row_dtype == HIL_FE_U16 ? 2u : 4u);
}

/* The network on the latest rows. False when the engine failed. */
static bool run_network(result *r, uint32_t *done) {
    const hil_engine *e = &hil_engine_active;
    uint64_t started = board_cycles();
    hil_stream_fill(&stream, input);
    if (e->place_input == NULL) {
        memcpy(e->input(0)->data, input, sizeof input);
    }
    uint64_t cycles = board_cycles() - started;
    tell(r, HIL_HOP_REPORT_AT_INPUT_CRC, compute_input_crc());
    started = board_cycles();
    if (e->run(NULL, NULL) != 0) {
        return false;
    }
    cycles += board_cycles() - started;
    tell(r, HIL_HOP_REPORT_AT_NETWORK_CYCLES, (uint32_t)cycles);
    r->cycles += cycles;
    *done |= HIL_HOP_DONE_NETWORK;
    return true;
}

static void decide(result *r, uint32_t hop) {
    const stream_decision d = stream_rule_step(&rule, &rule_state, votes, hil_engine_active.output(0), now_ms(hop));
    tell(r, HIL_HOP_REPORT_AT_DECIDED, (uint32_t)d.decided);
    tell(r, HIL_HOP_REPORT_AT_DETECTED, (uint32_t)d.detected);
    tell(r, HIL_HOP_REPORT_AT_SCORE, (uint32_t)d.score);
}

/* The window that the hop has completed, if it has. */
static void run_front_end(result *r, const uint8_t *samples, bool stages, uint32_t *done, bool *passes) {
    const hil_frontend *f = &hil_frontend_active;
    const uint32_t instant = HIL_STREAM_HOP_BYTES / HIL_STREAM_HOP;
    uint64_t cycles = 0;
    for (uint32_t fed = 0; fed < HIL_STREAM_HOP;) {
        uint64_t started = board_cycles();
        fed += hil_stream_feed(&stream, &samples[fed * instant], HIL_STREAM_HOP - fed);
        cycles += board_cycles() - started;
        if (!stream.ready) {
            continue;
        }
        started = board_cycles();
        const void *row = hil_stream_compute(&stream, stages ? tell_stage : NULL, r);
        if (f->sample_dtype == HIL_S16) {
            *passes = hil_gate_step(&gate_params, &gate, (const int16_t *)(const void *)stream.window, f->window) != 0;
        }
        cycles += board_cycles() - started;
        *done |= HIL_HOP_DONE_WINDOW;
        tell(r, HIL_HOP_REPORT_AT_WINDOW_CRC, crc32(0, stream.window, f->window * instant));
        tell(r, HIL_HOP_REPORT_AT_FEATURES_CRC, crc32(0, row, row_bytes()));
    }
    tell(r, HIL_HOP_REPORT_AT_FRONT_END_CYCLES, (uint32_t)cycles);
    r->cycles += cycles;
}

void intake_run(const slot *s, result *r) {
    const uint8_t *data = s->data;
    const uint32_t recording = get_u32(&data[HIL_HOP_AT_RECORDING]);
    const uint32_t hop = get_u32(&data[HIL_HOP_AT_HOP]);
    const bool stages = (get_u32(&data[HIL_HOP_AT_ASKED]) & HIL_HOP_ASKED_STAGES) != 0;
    const hil_engine *e = &hil_engine_active;
    uint32_t done = 0;
    bool passes = true;
    order.known = true;
    order.next = s->sample + 1u;
    if (!at.begun || at.recording != recording || at.next != hop) {
        begin(recording, hop);
    }
    at.next = hop + 1u;
    r->input_crc = crc32(0, data, HIL_INPUT_BYTES);
    r->cycles = 0;
    memset(r->output, 0, sizeof r->output);
    r->bytes = sizeof r->output;
    r->status = HIL_RESULT_STATUS_OK;
    tell(r, HIL_HOP_REPORT_AT_RECORDING, recording);
    tell(r, HIL_HOP_REPORT_AT_HOP, hop);
    tell(r, HIL_HOP_REPORT_AT_BEGAN, at.began);
    tell(r, HIL_HOP_REPORT_AT_DECIDED, (uint32_t)HIL_UNKNOWN);
    tell(r, HIL_HOP_REPORT_AT_DETECTED, (uint32_t)HIL_UNKNOWN);
    run_front_end(r, &data[HIL_HOP_BYTES], stages, &done, &passes);
    if ((done & HIL_HOP_DONE_WINDOW) != 0 && hil_stream_full(&stream) && at.runs++ % HIL_STREAM_EVERY == 0 && passes) {
        if (!run_network(r, &done)) {
            r->status = HIL_RESULT_STATUS_ENGINE;
            r->bytes = 0;
            return;
        }
        uint32_t offset = HIL_HOP_REPORT_BYTES;
        for (uint32_t i = 0; i < e->n_outputs; i++) {
            const hil_tensor *t = e->output(i);
            memcpy(&r->output[offset], t->data, t->bytes);
            offset += t->bytes;
        }
        decide(r, hop);
    }
    if (crc32(0, data, HIL_INPUT_BYTES) != r->input_crc) {
        r->status = HIL_RESULT_STATUS_INPUT_CHANGED;
    }
    tell(r, HIL_HOP_REPORT_AT_DONE, done);
}

void stream_describe(const uint8_t *body, uint32_t n) {
    (void)body;
    (void)n;
    const hil_frontend *f = &hil_frontend_active;
    frame_encoder *e = link_begin(HIL_MSG_FRONT_END);
    frame_put(e, f->tables_sha256, 32);
    frame_put_u32(e, f->sample_hz);
    frame_put_u32(e, f->window);
    frame_put_u32(e, f->hop);
    frame_put_u32(e, f->values);
    frame_put_u32(e, f->rows);
    frame_put_u8(e, f->row_dtype);
    frame_put_u8(e, f->n_stages);
    frame_put_str8(e, f->name, 32);
    frame_put_str8(e, HIL_STREAM_RULE_TEXT, 200);
    link_end();
}

#endif
