/* SPDX-License-Identifier: Apache-2.0
 * The whole test framework: a program runs its claims one after another and exits with 1 if any check failed. */
#ifndef HIL_TESTS_CHECK_H
#define HIL_TESTS_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_done;
static int checks_failed;

#define CHECK(condition)                                                               \
    do {                                                                               \
        checks_done++;                                                                 \
        if (!(condition)) {                                                            \
            checks_failed++;                                                           \
            printf("%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
        }                                                                              \
    } while (0)

#define CHECK_EQUAL(found, expected)                                                                             \
    do {                                                                                                         \
        long long found_ = (long long)(found);                                                                   \
        long long expected_ = (long long)(expected);                                                             \
        checks_done++;                                                                                           \
        if (found_ != expected_) {                                                                               \
            checks_failed++;                                                                                     \
            printf("%s:%d: %s: %s is %lld (0x%llx), expected %lld (0x%llx)\n", __FILE__, __LINE__, __func__, #found, found_, \
                   (unsigned long long)found_, expected_, (unsigned long long)expected_);                        \
        }                                                                                                        \
    } while (0)

#define CHECK_BYTES(found, expected, n) CHECK(memcmp((found), (expected), (n)) == 0)

/* Ends a test from which nothing more can be learnt once this is not so. */
#define NEED_SO(condition)        \
    do {                          \
        int so_ = (condition);    \
        CHECK(so_ && #condition); \
        if (!so_) {               \
            return;               \
        }                         \
    } while (0)

/* At the end of main(). A program that checked nothing has failed. */
static inline int checks_result(void) {
    printf("%d checks, %d failed\n", checks_done, checks_failed);
    return checks_failed != 0 || checks_done == 0;
}

/* A fixed sequence (Numerical Recipes' LCG): a failure comes again with the next run. */
static inline uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#endif
