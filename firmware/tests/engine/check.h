/* SPDX-License-Identifier: Apache-2.0
 * The least a host test of the kernels needs. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern int checks_failed;

#define CHECK(condition, ...)                                    \
    do {                                                         \
        if (!(condition)) {                                      \
            ++checks_failed;                                     \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            printf(__VA_ARGS__);                                 \
            printf("\n");                                        \
        }                                                        \
    } while (0)

/* A repeatable source of numbers (xorshift32). */
static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline int32_t random_between(uint32_t *state, int32_t low, int32_t high)
{
    return low + (int32_t)(next_random(state) % (uint32_t)(high - low + 1));
}

/* Memory of exactly n elements, so that the address sanitizer sees the first access beyond. */
static inline void *exactly(int32_t n, size_t element)
{
    void *memory = malloc((size_t)(n > 0 ? n : 1) * element);
    if (!memory) {
        abort();
    }
    return memory;
}

void test_arithmetic(void);
void test_windows(void);
void test_dense_and_tables(void);
void test_float_functions(void);
void test_groups_and_moves(void);
void test_recurrent(void);

#endif
