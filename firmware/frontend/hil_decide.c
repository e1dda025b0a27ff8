/* SPDX-License-Identifier: Apache-2.0 */
#include "hil_decide.h"

static int32_t whole(const hil_tensor *tensor, uint32_t i)
{
    switch (tensor->dtype) {
    case HIL_S8:
        return ((const int8_t *)tensor->data)[i];
    case HIL_U8:
        return ((const uint8_t *)tensor->data)[i];
    case HIL_S16:
        return ((const int16_t *)tensor->data)[i];
    default:
        return ((const int32_t *)tensor->data)[i];
    }
}

static uint32_t elements(const hil_tensor *tensor)
{
    uint32_t n = 1;
    for (uint32_t i = 0; i < tensor->ndim; ++i) {
        n *= tensor->dim[i];
    }
    return n;
}

/* In double, as the host compares: a float32 scale times a whole number is exact there. */
static double real(const hil_tensor *tensor, uint32_t i)
{
    if (tensor->dtype == HIL_F32) {
        return (double)((const float *)tensor->data)[i];
    }
    return (double)tensor->scale * (double)(whole(tensor, i) - tensor->zero_point);
}

int32_t hil_threshold(const hil_threshold_params *params, const hil_tensor *output)
{
    const uint32_t n = elements(output);
    uint32_t best = 0;
    for (uint32_t i = 0; i < n; ++i) {
        const double value = real(output, i);
        if (value != value) {
            return HIL_UNKNOWN;
        }
        if (value > real(output, best)) {
            best = i;
        }
    }
    const double top = real(output, best);
    const int passes = !params->thresholded || top > params->above || (params->inclusive && top == params->above);
    return passes ? (int32_t)best : HIL_UNKNOWN;
}

void hil_gate_reset(hil_gate *gate)
{
    gate->left = 0;
}

int hil_gate_step(const hil_gate_params *params, hil_gate *gate, const int16_t *window, uint32_t n)
{
    if (gate->left) {
        --gate->left;
        return 1;
    }
    for (uint32_t i = 0; i < n; ++i) {
        const int32_t x = window[i];
        if (x > params->threshold || -x > params->threshold) {
            gate->left = params->backoff;
            return 1;
        }
    }
    return 0;
}

void hil_majority_reset(hil_majority *majority)
{
    majority->n = 0;
}

int32_t hil_majority_step(hil_majority *majority, uint32_t over, int32_t decision)
{
    const uint32_t n = majority->n < over ? majority->n + 1 : over;
    for (uint32_t i = n - 1; i > 0; --i) {
        majority->latest[i] = majority->latest[i - 1];
    }
    majority->latest[0] = decision;
    majority->n = n;
    int32_t winner = decision;
    uint32_t most = 0;
    for (uint32_t i = 0; i < n; ++i) { /* the newest first: an older one needs more votes, not as many */
        uint32_t votes = 0;
        for (uint32_t j = 0; j < n; ++j) {
            votes += majority->latest[j] == majority->latest[i];
        }
        if (votes > most) {
            most = votes;
            winner = majority->latest[i];
        }
    }
    return winner;
}

void hil_average_reset(const hil_average_params *params, hil_average *average)
{
    average->first = 0;
    average->n = 0;
    average->top = params->background;
    average->top_ms = 0;
}

static uint8_t score(const hil_tensor *output, uint32_t i)
{
    if (output->dtype == HIL_F32) {
        const float scaled = ((const float *)output->data)[i] * 255.0f + 0.5f;
        return (uint8_t)(scaled >= 255.0f ? 255.0f : scaled > 0.0f ? scaled : 0.0f);
    }
    return (uint8_t)(whole(output, i) + (output->dtype == HIL_S8 ? 128 : 0));
}

hil_detection hil_average_step(const hil_average_params *params, hil_average *average, void *memory, const hil_tensor *output, uint32_t now_ms)
{
    uint32_t *const times = memory;
    uint8_t *const scores = (uint8_t *)(times + params->capacity);
    const uint32_t row = (params->classes + 3u) & ~3u;
    if (average->n == params->capacity) {
        average->first = (average->first + 1) % params->capacity;
        --average->n;
    }
    const uint32_t place = (average->first + average->n++) % params->capacity;
    times[place] = now_ms;
    for (uint32_t i = 0; i < params->classes; ++i) {
        scores[place * row + i] = score(output, i);
    }
    while (now_ms - times[average->first] > params->average_ms) { /* the newest is never older */
        average->first = (average->first + 1) % params->capacity;
        --average->n;
    }
    hil_detection detection = {average->top, 0, 0};
    if (average->n < params->minimum_count || now_ms - times[average->first] < params->average_ms / 4u) {
        return detection;
    }
    detection.found = 0;
    for (uint32_t i = 0; i < params->classes; ++i) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < average->n; ++k) {
            sum += scores[(average->first + k) % params->capacity * row + i];
        }
        const int32_t mean = (int32_t)(sum / average->n);
        if (mean > detection.score) {
            detection.score = mean;
            detection.found = (int32_t)i;
        }
    }
    const int repeated = detection.found == average->top && average->top != params->background;
    const int suppressed = repeated && now_ms - average->top_ms <= params->suppression_ms;
    if (detection.score > params->threshold && !suppressed) {
        average->top = detection.found;
        average->top_ms = now_ms;
        detection.is_new = 1;
    }
    return detection;
}

void hil_sliding_reset(const hil_sliding_params *params, hil_sliding *sliding)
{
    sliding->n = 0;
    sliding->left = params->rest;
}

hil_detection hil_sliding_step(const hil_sliding_params *params, hil_sliding *sliding, void *memory, const hil_tensor *output)
{
    uint8_t *const scores = memory;
    const uint32_t place = sliding->n++ % params->over, n = sliding->n < params->over ? sliding->n : params->over;
    const int rested = sliding->left == 0;
    int calm = 1;
    uint32_t most = 0;
    int32_t best = HIL_UNKNOWN;
    for (uint32_t i = 0; i < params->classes; ++i) {
        uint8_t *const mine = scores + i * params->over;
        uint32_t sum = 0;
        mine[place] = score(output, i);
        if (i < 32u && (params->background >> i & 1u) != 0) {
            continue;
        }
        calm = calm && mine[place] < params->threshold;
        for (uint32_t k = 0; k < n; ++k) {
            sum += mine[k];
        }
        if (best == HIL_UNKNOWN || sum > most) {
            most = sum;
            best = (int32_t)i;
        }
    }
    const int above = most > (uint32_t)params->threshold * params->over;
    const hil_detection detection = {above ? best : HIL_UNKNOWN, (int32_t)(most / params->over), (uint8_t)(above && rested)};
    if (detection.is_new) {
        hil_sliding_reset(params, sliding);
    } else if (!rested && calm) {
        --sliding->left;
    }
    return detection;
}
