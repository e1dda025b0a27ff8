/* SPDX-License-Identifier: Apache-2.0
 * What each fuzz_*.c offers: one input is taken from the start to the end, and a claim that does not hold ends the program.
 * libFuzzer calls it, or random.c where there is no libFuzzer. */
#ifndef HIL_TESTS_FUZZ_H
#define HIL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            fflush(stdout);                                                 \
            abort();                                                        \
        }                                                                   \
    } while (0)

#endif
