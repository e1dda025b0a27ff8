/* SPDX-License-Identifier: Apache-2.0
 * Plays a recording from standard input through the generated front end and writes, for each window, every stage and then the network's
 * whole input to standard output. harness/tests/firmware/test_firmware_frontend.py compares that with the NumPy side.
 *   play PIECE DTYPE SCALE ZERO_POINT [RESET_AFTER]   PIECE instants are fed at once; the stream is reset after so many windows */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"
#include "hil_frontend.h"

enum { PIECE_MOST = 4096 };

static uint64_t memory[(HIL_FRONTEND_STREAM_BYTES + 7u) / 8u];

static void show(void *context, uint32_t stage, const void *data, uint32_t bytes)
{
    uint32_t *const next = context;
    if (stage != (*next)++) {
        fprintf(stderr, "stage %u where %u was due\n", (unsigned)stage, (unsigned)(*next - 1));
        exit(2);
    }
    fwrite(data, 1, bytes, stdout);
}

static uint32_t bytes_of(uint32_t dtype)
{
    return dtype == HIL_F32 ? 4u : 1u;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        return 2;
    }
    const uint32_t piece = (uint32_t)atoi(argv[1]), reset_after = argc > 5 ? (uint32_t)atoi(argv[5]) : 0;
    hil_tensor tensor = {.dtype = (uint8_t)atoi(argv[2]), .scale = strtof(argv[3], 0), .zero_point = atoi(argv[4])};
    tensor.bytes = bytes_of(tensor.dtype) * HIL_FRONTEND_VALUES * HIL_FRONTEND_ROWS;
    hil_stream stream;
    if (hil_stream_bytes(&hil_frontend_active, &tensor) > HIL_FRONTEND_STREAM_BYTES ||
        hil_stream_init(&stream, &hil_frontend_active, &tensor, memory, HIL_FRONTEND_STREAM_BYTES) || piece > PIECE_MOST) {
        return 3;
    }
    /* Of exactly the size: the sanitizer sees a read or write beyond. */
    uint8_t *const samples = malloc(piece * HIL_FRONTEND_INSTANT_BYTES), *const input = malloc(tensor.bytes);
    if (!samples || !input) {
        return 4;
    }
    size_t n;
    uint32_t windows = 0;
    while ((n = fread(samples, HIL_FRONTEND_INSTANT_BYTES, piece, stdin)) > 0) {
        for (uint32_t used = 0; used < n;) {
            used += hil_stream_feed(&stream, samples + used * HIL_FRONTEND_INSTANT_BYTES, (uint32_t)n - used);
            if (stream.ready) {
                uint32_t next = 0;
                if (hil_stream_feed(&stream, samples, 1) || hil_stream_compute(&stream, show, &next) != stream.row ||
                    next != hil_frontend_active.n_stages || hil_stream_compute(&stream, 0, 0)) {
                    return 5;
                }
                hil_stream_fill(&stream, input);
                fwrite(input, 1, tensor.bytes, stdout);
                if (hil_stream_full(&stream) != (stream.hops >= HIL_FRONTEND_ROWS)) {
                    return 6;
                }
                if (++windows == reset_after) {
                    hil_stream_reset(&stream);
                }
            }
        }
    }
    free(samples);
    free(input);
    return 0;
}
