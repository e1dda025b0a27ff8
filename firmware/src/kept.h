/* SPDX-License-Identifier: Apache-2.0
 * What must outlive a reset: it lies in RAM that the startup code does not touch. */
#ifndef HIL_KEPT_H
#define HIL_KEPT_H

#include <stdint.h>

#ifdef HIL_NOINIT_SECTION
#define HIL_NOINIT __attribute__((section(".noinit")))
#else
#define HIL_NOINIT
#endif

typedef struct {
    uint32_t magic;
    uint32_t boot;          /* differs after every reset */
    uint32_t boot_inverted; /* tells kept RAM from RAM that came up as it liked */
    uint32_t sample;        /* the sample that the engine runs, HIL_WIRE_NO_SAMPLE when none */
    uint32_t last_type;     /* of the last good frame */
    uint32_t crashes;       /* faults in a row without a HELLO between */
} kept_state;

/* Written where things happen and read by the fault handler. */
extern volatile kept_state kept;

/* Call once at start. `seed` is drawn from uninitialised RAM, for the first start after power on.
 * Returns the sample that ran when the board was reset, HIL_WIRE_NO_SAMPLE if none. */
uint32_t kept_start(uint32_t seed);

#endif
