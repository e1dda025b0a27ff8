/* SPDX-License-Identifier: Apache-2.0
 * A front end alone, for measuring: a caller that is no program of the target (harness/enginebench) calls these functions and reads
 * memory. Not part of any firmware. */
#include <string.h>

#include "frontend.h"
#include "hil_frontend.h"

uint64_t hil_bare_memory[(HIL_FRONTEND_STREAM_BYTES + 7u) / 8u];
uint32_t hil_bare_samples[HIL_FRONTEND_WINDOW * HIL_FRONTEND_INSTANT_BYTES / 4u];
static hil_stream stream;
static hil_tensor tensor;

int hil_bare_init(uint32_t dtype);
int hil_bare_feed(uint32_t n);
int hil_bare_run(void);
int hil_bare_run_layers(uint8_t *sink);
int hil_bare_fill(uint8_t *to);

int hil_bare_init(uint32_t dtype)
{
    tensor.dtype = (uint8_t)dtype;
    tensor.bytes = (dtype == HIL_F32 ? 4u : 1u) * HIL_FRONTEND_VALUES * HIL_FRONTEND_ROWS;
    tensor.scale = 0.25f;
    return hil_stream_init(&stream, &hil_frontend_active, &tensor, hil_bare_memory, sizeof hil_bare_memory);
}

/* The first n instants of hil_bare_samples. */
int hil_bare_feed(uint32_t n)
{
    return hil_stream_feed(&stream, hil_bare_samples, n) != n;
}

/* One window: its features, and what the network takes of them. */
int hil_bare_run(void)
{
    return !hil_stream_compute(&stream, 0, 0);
}

static void keep(void *context, uint32_t stage, const void *data, uint32_t bytes)
{
    uint8_t **const next = context;
    (void)stage;
    memcpy(*next, data, bytes);
    *next += bytes;
}

/* The same, and all its stages back to back. */
int hil_bare_run_layers(uint8_t *sink)
{
    return !hil_stream_compute(&stream, keep, &sink);
}

int hil_bare_fill(uint8_t *to)
{
    hil_stream_fill(&stream, to);
    return 0;
}
