/* SPDX-License-Identifier: Apache-2.0
 * Zero runs against fixtures/wire/frames.txt, whose path is the argument. */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "vectors.h"
#include "wire/zero_runs.h"

static const char *vectors_path;

/* Heap blocks of exactly the right size: one byte read or written too many is seen by the sanitizer. */
static bool decodes(const uint8_t *encoded, uint32_t n, uint32_t size, const uint8_t *expected) {
    uint8_t *from = malloc(n + (n == 0));
    uint8_t *to = malloc(size + (size == 0));
    memcpy(from, encoded, n);
    bool fits = zero_runs_fit(from, n, size);
    bool equal = false;
    if (fits) {
        memset(to, 0xEE, size);
        zero_runs_decode(from, n, to);
        equal = expected == NULL || memcmp(to, expected, size) == 0;
    }
    free(from);
    free(to);
    return fits && equal;
}

static void every_vector_decodes_to_what_it_says(void) {
    FILE *file = fopen(vectors_path, "r");
    vector_line v;
    static uint8_t encoded[2048], expected[2048];
    int n_good = 0, n_bad = 0;
    NEED_SO(file != NULL);
    while (vector_next(file, &v)) {
        if (strcmp(v.kind, "zero_runs") != 0) {
            continue;
        }
        uint32_t n = unhex(v.input, encoded, sizeof encoded);
        unsigned size = 0;
        int data_at = 0;
        NEED_SO(sscanf(v.expected, "%u %n", &size, &data_at) == 1);
        if (strcmp(&v.expected[data_at], "bad") == 0) {
            if (zero_runs_fit(encoded, n, size)) {
                printf("vector %s was taken\n", v.name);
            }
            CHECK(!decodes(encoded, n, size, NULL));
            n_bad++;
        } else {
            uint32_t data_bytes = unhex(&v.expected[data_at], expected, sizeof expected);
            CHECK_EQUAL(data_bytes, size);
            CHECK(decodes(encoded, n, size, expected));
            n_good++;
        }
    }
    fclose(file);
    CHECK(n_good > 3);
    CHECK(n_bad > 3);
}

static void random_bytes_are_taken_only_for_the_size_they_stand_for(void) {
    uint32_t random = 7;
    uint8_t encoded[64];
    for (int round = 0; round < 20000; round++) {
        uint32_t n = next_random(&random) % sizeof encoded;
        uint32_t fitting = 0;
        for (uint32_t i = 0; i < n; i++) {
            encoded[i] = (uint8_t)(next_random(&random) % (round % 2 == 0 ? 256 : 6));
        }
        for (uint32_t size = 0; size < 300; size += 1 + size / 16) {
            fitting += decodes(encoded, n, size, NULL);
        }
        CHECK(fitting <= 1);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        printf("usage: test_zero_runs frames.txt\n");
        return 2;
    }
    vectors_path = argv[1];
    every_vector_decodes_to_what_it_says();
    random_bytes_are_taken_only_for_the_size_they_stand_for();
    return checks_result();
}
