/* SPDX-License-Identifier: Apache-2.0
 * Encodings of a chunk against fixtures/wire/frames.txt, whose path is the argument. */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "vectors.h"
#include "wire/encodings.h"

static const char *vectors_path;

static const struct {
    const char *kind;
    uint8_t encoding;
} kinds[] = {
    {"zero_runs", HIL_ENCODING_ZERO_RUNS},
    {"fill_runs", HIL_ENCODING_FILL_RUNS},
    {"differences", HIL_ENCODING_DIFFERENCES},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Heap blocks of exactly the right size: one byte read or written too many is seen by the sanitizer. */
static bool decodes(uint8_t encoding, const uint8_t *encoded, uint32_t n, uint32_t size, const uint8_t *expected) {
    uint8_t *from = malloc(n + (n == 0));
    uint8_t *to = malloc(size + (size == 0));
    memcpy(from, encoded, n);
    bool fits = encoding_fits(encoding, from, n, size);
    bool equal = false;
    if (fits) {
        memset(to, 0xEE, size);
        encoding_decode(encoding, from, n, size, to);
        equal = expected == NULL || memcmp(to, expected, size) == 0;
    }
    free(from);
    free(to);
    return fits && equal;
}

static void every_vector_decodes_to_what_it_says(uint32_t k) {
    FILE *file = fopen(vectors_path, "r");
    vector_line v;
    static uint8_t encoded[2048], expected[2048];
    int n_good = 0, n_bad = 0;
    NEED_SO(file != NULL);
    while (vector_next(file, &v)) {
        if (strcmp(v.kind, kinds[k].kind) != 0) {
            continue;
        }
        uint32_t n = unhex(v.input, encoded, sizeof encoded);
        unsigned size = 0;
        int data_at = 0;
        bool good;
        NEED_SO(sscanf(v.expected, "%u %n", &size, &data_at) == 1);
        if (strcmp(&v.expected[data_at], "bad") == 0) {
            good = !decodes(kinds[k].encoding, encoded, n, size, NULL);
            n_bad++;
        } else {
            uint32_t data_bytes = unhex(&v.expected[data_at], expected, sizeof expected);
            CHECK_EQUAL(data_bytes, size);
            good = decodes(kinds[k].encoding, encoded, n, size, expected);
            n_good++;
        }
        if (!good) {
            printf("vector %s of %s\n", v.name, v.kind);
        }
        CHECK(good);
    }
    fclose(file);
    CHECK(n_good > 3);
    CHECK(n_bad > 3);
}

static void random_bytes_are_taken_only_for_the_size_they_stand_for(uint8_t encoding) {
    uint32_t random = 7;
    uint8_t encoded[64];
    for (int round = 0; round < 20000; round++) {
        uint32_t n = next_random(&random) % sizeof encoded;
        uint32_t fitting = 0;
        for (uint32_t i = 0; i < n; i++) {
            encoded[i] = (uint8_t)(next_random(&random) % (round % 2 == 0 ? 256 : 6));
        }
        for (uint32_t size = 0; size < 300; size += 1 + size / 16) {
            fitting += decodes(encoding, encoded, n, size, NULL);
        }
        /* Differences tell widths and not sizes: blocks without bits may be many or few. */
        CHECK(fitting <= 1 || encoding == HIL_ENCODING_DIFFERENCES);
    }
}

static void a_chunk_of_any_size_may_be_all_alike(void) {
    uint8_t encoded[2 + 64];
    uint8_t expected[1024];
    memset(encoded, 0, sizeof encoded);
    memset(expected, 0, sizeof expected);
    encoded[0] = 3;
    for (uint32_t size = 0; size <= sizeof expected; size++) {
        CHECK(decodes(HIL_ENCODING_DIFFERENCES, encoded, 2 + (size + 15) / 16, size, expected));
    }
}

static void an_encoding_that_there_is_not_is_refused(void) {
    uint8_t data[4] = {1, 2, 3, 4};
    CHECK(encoding_known(HIL_ENCODING_RAW));
    CHECK(encoding_known(HIL_ENCODING_DIFFERENCES));
    for (uint32_t encoding = HIL_ENCODING_DIFFERENCES + 1; encoding < 256; encoding++) {
        CHECK(!encoding_known((uint8_t)encoding));
        CHECK(!encoding_fits((uint8_t)encoding, data, 4, 4));
    }
    CHECK(!encoding_fits(HIL_ENCODING_RAW, data, 4, 3));
    CHECK(decodes(HIL_ENCODING_RAW, data, 4, 4, data));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        printf("usage: test_encodings frames.txt\n");
        return 2;
    }
    vectors_path = argv[1];
    for (uint32_t k = 0; k < KINDS; k++) {
        every_vector_decodes_to_what_it_says(k);
        random_bytes_are_taken_only_for_the_size_they_stand_for(kinds[k].encoding);
    }
    a_chunk_of_any_size_may_be_all_alike();
    an_encoding_that_there_is_not_is_refused();
    return checks_result();
}
