/* SPDX-License-Identifier: Apache-2.0
 * From rows of outputs to detections: which class a hop says, smoothed over hops, and when that is worth telling. The same as
 * harness/verdict/rules.py, bit for bit. */
#ifndef HIL_STREAM_RULE_H
#define HIL_STREAM_RULE_H

#include <stdint.h>

#include "hil_decide.h"

enum { HIL_RULE_MAJORITY = 0, HIL_RULE_AVERAGE = 1, HIL_RULE_SLIDING = 2 };

typedef struct {
    uint8_t kind; /* HIL_RULE_* */
    uint32_t background;       /* bit i: class i is never told; classes behind 31 always may be */
    hil_threshold_params threshold; /* of a majority: which class a row says */
    uint32_t over;             /* of a majority: so many decisions vote */
    uint32_t suppression_ms;   /* of a majority: the same class is not told again within */
    hil_average_params average;
    hil_sliding_params sliding;
} stream_rule;

typedef struct {
    int32_t decided;  /* the class after smoothing, HIL_UNKNOWN for none */
    int32_t detected; /* the class to tell of now, HIL_UNKNOWN for none */
    int32_t score;    /* of a mean: 0..255; else votes */
} stream_decision;

typedef struct {
    hil_majority majority;
    hil_average average;
    hil_sliding sliding;
    int32_t before;   /* what the hop before was decided as */
    int32_t told;     /* the class told last */
    uint32_t told_ms; /* when */
} stream_rule_state;

void stream_rule_reset(const stream_rule *rule, stream_rule_state *state);
/* `memory`: that of the average or the sliding mean, see hil_decide.h. `now_ms` is the time in the recording behind the hop. */
stream_decision stream_rule_step(const stream_rule *rule, stream_rule_state *state, void *memory, const hil_tensor *output,
                                 uint32_t now_ms);

#endif
