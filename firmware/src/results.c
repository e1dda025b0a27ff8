/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <stddef.h>

static result kept_results[HIL_SLOTS];
static uint32_t added; /* since the reset */

void results_reset(void) {
    added = 0;
}

result *results_add(uint32_t sample) {
    result *r = &kept_results[added % HIL_SLOTS];
    added++;
    r->sample = sample;
    r->bytes = 0;
    return r;
}

const result *results_find(uint32_t sample) {
    for (uint32_t i = 0; i < HIL_SLOTS && i < added; i++) {
        if (kept_results[i].sample == sample) {
            return &kept_results[i];
        }
    }
    return NULL;
}
