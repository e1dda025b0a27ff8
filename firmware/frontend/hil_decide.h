/* SPDX-License-Identifier: Apache-2.0
 * Decisions over a stream: the same rules as harness/data/features/decisions.py, bit for bit. Parameters are constants, states are
 * the caller's, times are milliseconds of the stream (instants * 1000 / sample_hz), which do not decrease. */
#ifndef HIL_DECIDE_H
#define HIL_DECIDE_H

#include <stdint.h>

#include "engine.h"

enum { HIL_UNKNOWN = -1 };

/* Which class a row of outputs says. */
typedef struct {
    uint8_t thresholded; /* else the largest output always decides */
    uint8_t inclusive;   /* an output that equals the threshold is enough */
    double above;        /* in real units */
} hil_threshold_params;

/* The index of the largest output, the lowest one of equals; HIL_UNKNOWN below the threshold or where an output is NaN. */
int32_t hil_threshold(const hil_threshold_params *params, const hil_tensor *output);

/* Opens when a sample of a window is above the threshold in size; that window and the next `backoff` pass, then it is asked again. */
typedef struct {
    int32_t threshold;
    uint32_t backoff; /* windows */
} hil_gate_params;

typedef struct {
    uint32_t left; /* windows that still pass unasked */
} hil_gate;

void hil_gate_reset(hil_gate *gate);
/* Whether the next window passes. */
int hil_gate_step(const hil_gate_params *params, hil_gate *gate, const int16_t *window, uint32_t n);

/* The class that most of the latest decisions name; of equals the one named last. */
enum { HIL_MAJORITY_MOST = 10 };

typedef struct {
    int32_t latest[HIL_MAJORITY_MOST]; /* the newest first */
    uint32_t n;
} hil_majority;

void hil_majority_reset(hil_majority *majority);
/* `over` is 1..HIL_MAJORITY_MOST; fewer decisions vote at the start. */
int32_t hil_majority_step(hil_majority *majority, uint32_t over, int32_t decision);

/* The rule of the public keyword examples: mean scores over a time, a threshold, a pause after a detection, a least count. */
typedef struct {
    uint32_t classes;
    uint32_t capacity;       /* results kept: the most that fall into average_ms, and one */
    uint32_t average_ms;     /* results older than that are forgotten */
    uint32_t suppression_ms; /* the same class is not reported again within */
    uint32_t minimum_count;  /* of results; fewer, or results over less than a quarter of average_ms, decide nothing */
    int32_t threshold;       /* of the mean score, 0..255; it must be above */
    int32_t background;      /* the class that is reported last at first, and whose own repetition is never suppressed */
} hil_average_params;

typedef struct {
    uint32_t first, n; /* a ring */
    int32_t top;       /* the class reported last */
    uint32_t top_ms;
} hil_average;

typedef struct {
    int32_t found;  /* of an average: the class with the highest mean, or the one reported last while there are too few results */
    int32_t score;  /* the highest mean, 0..255; of an average 0 while there are too few results */
    uint8_t is_new; /* report it */
} hil_detection;

/* The memory of hil_average_step in bytes: one time and `classes` scores for each result. */
#define HIL_AVERAGE_BYTES(classes, capacity) ((capacity) * (4u + (((classes) + 3u) & ~3u)))

void hil_average_reset(const hil_average_params *params, hil_average *average);
/* Takes a row of outputs: int8 as q + 128, uint8 as it is, float32 as trunc(255 x + 0.5) held within 0..255, NaN as 0. A result that
 * finds no room takes that of the oldest. `memory` is aligned to 4 and kept between calls. */
hil_detection hil_average_step(const hil_average_params *params, hil_average *average, void *memory, const hil_tensor *output, uint32_t now_ms);

/* The rule of the public streaming wake words: the mean of the latest scores, a threshold, and a rest between two detections. */
typedef struct {
    uint32_t classes;
    uint32_t background; /* bit i: class i is not looked at; classes behind 31 always are */
    uint32_t over;       /* results that make the mean, 1 or more; those that are not there yet count as 0 */
    uint32_t rest;       /* results with each score below the threshold that come before a detection, since the last or the reset */
    int32_t threshold;   /* of the mean score, 0..255; it must be above */
} hil_sliding_params;

typedef struct {
    uint32_t n;    /* results since the last detection or the reset */
    uint32_t left; /* of the rest */
} hil_sliding;

/* The memory of hil_sliding_step in bytes: `classes` scores for each result of the mean. */
#define HIL_SLIDING_BYTES(classes, over) ((over) * (classes))

void hil_sliding_reset(const hil_sliding_params *params, hil_sliding *sliding);
/* Scores as hil_average_step. `found` is the class with the highest mean, where that is above the threshold, else HIL_UNKNOWN; after
 * a detection the results before it are forgotten. `memory` is kept between calls. */
hil_detection hil_sliding_step(const hil_sliding_params *params, hil_sliding *sliding, void *memory, const hil_tensor *output);

#endif
