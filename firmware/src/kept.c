/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include "wire/messages.h"

#define KEPT_MAGIC 0x4B455054u

HIL_NOINIT volatile kept_state kept;

uint32_t kept_start(uint32_t seed) {
    uint32_t lost = HIL_WIRE_NO_SAMPLE;
    if (kept.magic == KEPT_MAGIC && kept.boot == ~kept.boot_inverted) {
        lost = kept.sample;
        kept.boot = kept.boot + 1u;
    } else {
        kept.magic = KEPT_MAGIC;
        kept.boot = seed;
        kept.crashes = 0;
    }
    kept.boot_inverted = ~kept.boot;
    kept.sample = HIL_WIRE_NO_SAMPLE;
    kept.last_type = 0;
    return lost;
}
