/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#ifdef HIL_STREAM

#include "stream_rule.h"

void stream_rule_reset(const stream_rule *rule, stream_rule_state *state) {
    hil_majority_reset(&state->majority);
    hil_average_reset(&rule->average, &state->average);
    hil_sliding_reset(&rule->sliding, &state->sliding);
    state->before = HIL_UNKNOWN;
    state->told = HIL_UNKNOWN;
    state->told_ms = 0;
}

static int is_background(const stream_rule *rule, int32_t found) {
    return found < 0 || (found < 32 && (rule->background >> found & 1u) != 0);
}

/* A class is told of when it begins, but not again so soon. */
static int32_t begins(const stream_rule *rule, stream_rule_state *state, int32_t found, uint32_t now_ms) {
    const int32_t before = state->before;
    state->before = found;
    if (found == before || is_background(rule, found)) {
        return HIL_UNKNOWN;
    }
    if (found == state->told && now_ms - state->told_ms < rule->suppression_ms) {
        return HIL_UNKNOWN;
    }
    state->told = found;
    state->told_ms = now_ms;
    return found;
}

stream_decision stream_rule_step(const stream_rule *rule, stream_rule_state *state, void *memory, const hil_tensor *output,
                                 uint32_t now_ms) {
    stream_decision d;
    if (rule->kind == HIL_RULE_AVERAGE) {
        const hil_detection found = hil_average_step(&rule->average, &state->average, memory, output, now_ms);
        d.decided = found.found;
        d.score = found.score;
        d.detected = found.is_new && !is_background(rule, found.found) ? found.found : HIL_UNKNOWN;
        return d;
    }
    if (rule->kind == HIL_RULE_SLIDING) {
        const hil_detection found = hil_sliding_step(&rule->sliding, &state->sliding, memory, output);
        d.decided = found.found;
        d.score = found.score;
        d.detected = found.is_new ? found.found : HIL_UNKNOWN;
        return d;
    }
    d.decided = hil_majority_step(&state->majority, rule->over, hil_threshold(&rule->threshold, output));
    d.score = 0;
    for (uint32_t i = 0; i < state->majority.n && i < rule->over; i++) {
        d.score += state->majority.latest[i] == d.decided;
    }
    d.detected = begins(rule, state, d.decided, now_ms);
    return d;
}

#endif
