/* SPDX-License-Identifier: Apache-2.0
 * A front end with a memory and a network without weights: what either makes of a window can be said in a line. */
#ifndef HIL_TESTS_EARS_H
#define HIL_TESTS_EARS_H

#include <stdint.h>

enum { EARS_WINDOW = 4, EARS_HOP = 2, EARS_ROWS = 2, EARS_VALUES = 2 };

/* The row of a window: its last sample, and its sum plus how many windows came before since the reset. */
void ears_row(const int16_t *window, uint32_t before, uint16_t *row);

#endif
