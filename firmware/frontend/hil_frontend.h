/* SPDX-License-Identifier: Apache-2.0
 * The seam between a stream of samples and the network: one struct, chosen at link time, and the ring that feeds it.
 *
 * A front end makes one row of features of each window of samples; the network reads the latest rows. The generated frontend.c defines
 * hil_frontend_active with its tables as constants (harness/data/features/codegen.py): nothing is computed on the board that a math
 * library would have a say in, so that host and board have the same bits. Nothing here allocates; the caller gives the memory.
 */
#ifndef HIL_FRONTEND_H
#define HIL_FRONTEND_H

#include <stdint.h>

#include "engine.h" /* hil_dtype, hil_tensor */

/* The types of stages that no tensor has; they continue hil_dtype. */
enum { HIL_FE_U16 = 16, HIL_FE_U32 = 17, HIL_FE_U64 = 18 };

/* A stage of the computation, in order; the last one is the row. Names and types are those of the host's stages(). */
typedef struct {
    const char *name;
    uint8_t dtype; /* hil_dtype, or HIL_FE_* */
    uint32_t values;
} hil_frontend_stage;

/* Called after each stage of a window, where one is given; `data` is valid inside the call alone. */
typedef void (*hil_frontend_tap)(void *context, uint32_t stage, const void *data, uint32_t bytes);

typedef struct hil_frontend {
    const char *name;
    const uint8_t *tables_sha256; /* 32 bytes; the host's FrontEnd.tables_sha256 */
    const void *tables;           /* of the kind that compute() knows */
    uint32_t sample_hz;
    uint8_t sample_dtype; /* HIL_S16, HIL_S32 or HIL_F32 */
    uint8_t channels;     /* values of one instant: 1 for sound, 6 for an accelerometer with a gyroscope */
    uint8_t row_dtype;    /* HIL_FE_U16, HIL_S32 or HIL_F32 */
    uint8_t n_stages;
    uint32_t window, hop; /* in instants; hop <= window */
    uint32_t values;      /* of a row */
    uint32_t rows;        /* that the network reads at once, the oldest first */
    uint32_t state_bytes; /* what is kept from window to window, and working memory */
    const hil_frontend_stage *stages;
    void (*reset)(void *state);
    /* One window [window][channels] to one row [values]. */
    void (*compute)(const struct hil_frontend *self, void *state, const void *window, void *row, hil_frontend_tap tap, void *context);
    /* A row as the network takes it: float32 in real units, or an integer of the tensor's scale and zero point. */
    void (*encode)(const struct hil_frontend *self, const void *row, const hil_tensor *tensor, void *out);
} hil_frontend;

extern const hil_frontend hil_frontend_active;

/* A stream of samples through a front end. The fields are for reading alone. */
typedef struct {
    const hil_frontend *frontend;
    const hil_tensor *tensor;
    void *state;
    uint8_t *window;   /* the samples of the window in the making; whole when ready, and until the next hil_stream_feed() */
    void *row;         /* of the window computed last */
    uint8_t *history;  /* the latest rows as the network takes them, a ring */
    uint32_t filled;   /* instants in `window` */
    uint32_t instants; /* fed since the reset */
    uint32_t hops;     /* rows computed since the reset */
    uint8_t ready;     /* a window is complete and not computed yet */
} hil_stream;

enum { HIL_STREAM_OK = 0, HIL_STREAM_TOO_SMALL = -1, HIL_STREAM_UNALIGNED = -2, HIL_STREAM_MISFIT = -3 };

/* The bytes of memory that a stream into that tensor needs. HIL_FRONTEND_STREAM_BYTES of the generated frontend.h is the same number. */
uint32_t hil_stream_bytes(const hil_frontend *frontend, const hil_tensor *tensor);

/* Starts a stream whose network reads `tensor` (rows * values elements). `memory` is aligned to 8 and stays the stream's. Returns
 * HIL_STREAM_OK, or what is wrong: too little memory, not aligned, a tensor of another size or of a type that cannot be filled. */
int hil_stream_init(hil_stream *stream, const hil_frontend *frontend, const hil_tensor *tensor, void *memory, uint32_t bytes);

/* As at the first sample: no samples, no rows, the front end's own state fresh. */
void hil_stream_reset(hil_stream *stream);

/* Takes up to n instants of [channels] samples and stops behind the one that completes a window. Returns how many were taken: 0 while
 * a complete window waits to be computed. */
uint32_t hil_stream_feed(hil_stream *stream, const void *samples, uint32_t n);

/* Computes the row of the complete window, keeps what the next window shares with it, and returns the row; NULL when none is ready.
 * Until the next hil_stream_feed() stream->window still holds the window's samples. */
const void *hil_stream_compute(hil_stream *stream, hil_frontend_tap tap, void *context);

/* Whether there are as many rows as the network reads. */
int hil_stream_full(const hil_stream *stream);

/* Writes the network's input, oldest row first; one that is not there yet has zeros for its values before they are encoded.
 * `to`: tensor->bytes, aligned to 4. */
void hil_stream_fill(const hil_stream *stream, void *to);

#endif
