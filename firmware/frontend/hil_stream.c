/* SPDX-License-Identifier: Apache-2.0 */
#include "hil_frontend.h"

#include <string.h>

static uint32_t size_of(uint32_t dtype)
{
    switch (dtype) {
    case HIL_S8:
    case HIL_U8:
        return 1;
    case HIL_S16:
    case HIL_FE_U16:
        return 2;
    case HIL_FE_U64:
        return 8;
    default:
        return 4;
    }
}

static uint32_t to_eight(uint32_t bytes)
{
    return (bytes + 7u) & ~7u;
}

static uint32_t instant_bytes(const hil_frontend *frontend)
{
    return size_of(frontend->sample_dtype) * frontend->channels;
}

static uint32_t row_bytes(const hil_stream *stream)
{
    return size_of(stream->tensor->dtype) * stream->frontend->values;
}

uint32_t hil_stream_bytes(const hil_frontend *frontend, const hil_tensor *tensor)
{
    return to_eight(frontend->state_bytes) + to_eight(instant_bytes(frontend) * frontend->window) +
           to_eight(size_of(frontend->row_dtype) * frontend->values) +
           to_eight(size_of(tensor->dtype) * frontend->values * frontend->rows);
}

int hil_stream_init(hil_stream *stream, const hil_frontend *frontend, const hil_tensor *tensor, void *memory, uint32_t bytes)
{
    const int known = tensor->dtype == HIL_F32 || tensor->dtype == HIL_S8 || tensor->dtype == HIL_U8;
    if (!known || tensor->bytes != size_of(tensor->dtype) * frontend->values * frontend->rows) {
        return HIL_STREAM_MISFIT;
    }
    if ((uintptr_t)memory % 8u) {
        return HIL_STREAM_UNALIGNED;
    }
    if (bytes < hil_stream_bytes(frontend, tensor)) {
        return HIL_STREAM_TOO_SMALL;
    }
    uint8_t *next = memory;
    stream->frontend = frontend;
    stream->tensor = tensor;
    stream->state = next;
    next += to_eight(frontend->state_bytes);
    stream->window = next;
    next += to_eight(instant_bytes(frontend) * frontend->window);
    stream->row = next;
    next += to_eight(size_of(frontend->row_dtype) * frontend->values);
    stream->history = next;
    hil_stream_reset(stream);
    return HIL_STREAM_OK;
}

void hil_stream_reset(hil_stream *stream)
{
    const hil_frontend *const frontend = stream->frontend;
    stream->filled = 0;
    stream->instants = 0;
    stream->hops = 0;
    stream->ready = 0;
    frontend->reset(stream->state);
    memset(stream->row, 0, size_of(frontend->row_dtype) * frontend->values);
    for (uint32_t row = 0; row < frontend->rows; ++row) {
        frontend->encode(frontend, stream->row, stream->tensor, stream->history + row * row_bytes(stream));
    }
}

uint32_t hil_stream_feed(hil_stream *stream, const void *samples, uint32_t n)
{
    const hil_frontend *const frontend = stream->frontend;
    const uint32_t bytes = instant_bytes(frontend);
    if (stream->ready || !n) {
        return 0;
    }
    if (stream->filled == frontend->window) {
        stream->filled -= frontend->hop;
        memmove(stream->window, stream->window + frontend->hop * bytes, stream->filled * bytes);
    }
    const uint32_t room = frontend->window - stream->filled, taken = n < room ? n : room;
    memcpy(stream->window + stream->filled * bytes, samples, taken * bytes);
    stream->filled += taken;
    stream->instants += taken;
    stream->ready = stream->filled == frontend->window;
    return taken;
}

const void *hil_stream_compute(hil_stream *stream, hil_frontend_tap tap, void *context)
{
    const hil_frontend *const frontend = stream->frontend;
    if (!stream->ready) {
        return 0;
    }
    stream->ready = 0;
    frontend->compute(frontend, stream->state, stream->window, stream->row, tap, context);
    const uint32_t place = stream->hops % frontend->rows;
    frontend->encode(frontend, stream->row, stream->tensor, stream->history + place * row_bytes(stream));
    ++stream->hops;
    return stream->row;
}

int hil_stream_full(const hil_stream *stream)
{
    return stream->hops >= stream->frontend->rows;
}

void hil_stream_fill(const hil_stream *stream, void *to)
{
    const uint32_t rows = stream->frontend->rows, oldest = stream->hops % rows, bytes = row_bytes(stream);
    memcpy(to, stream->history + oldest * bytes, (rows - oldest) * bytes);
    memcpy((uint8_t *)to + (rows - oldest) * bytes, stream->history, oldest * bytes);
}
