/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HIL_TESTS_SUMS_H
#define HIL_TESTS_SUMS_H

/* Its layers, and the bytes of the last one: more than one frame takes. */
enum { SUMS_LAYERS = 40, SUMS_LAYER_BYTES = 1200 };

typedef enum {
    SUMS_WORKS,
    SUMS_DOES_NOT_START,
    SUMS_FAILS,
    SUMS_SPOILS_ITS_INPUT
} sums_fault;

/* What the engine does wrong from now on. */
extern sums_fault sums_does;

#endif
