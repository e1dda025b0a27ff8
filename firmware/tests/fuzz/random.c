/* SPDX-License-Identifier: Apache-2.0
 * Stands in for libFuzzer where there is none: the seeds as they are, then a fixed sequence of changes to them.
 * Usage: PROGRAM ROUNDS SEED_FILE... */
#include <string.h>

#include "../check.h"
#include "fuzz.h"

enum { INPUT_MAX = 4096, SEEDS_MAX = 512 };

static struct {
    uint8_t bytes[INPUT_MAX];
    size_t n;
} seeds[SEEDS_MAX];

static void load(const char *path, size_t index) {
    FILE *file = fopen(path, "rb");
    MUST(file != NULL);
    seeds[index].n = fread(seeds[index].bytes, 1, INPUT_MAX, file);
    fclose(file);
}

static const uint8_t telling[] = {0x00, 0x01, 0x02, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF};

/* One change: a bit, a byte, a telling byte, a piece out, a piece doubled, a piece of another seed in. */
static size_t change(uint8_t *input, size_t n, size_t n_seeds, uint32_t *random) {
    uint32_t what = next_random(random) % 6u;
    size_t at = n != 0 ? next_random(random) % n : 0;
    size_t length = 1 + next_random(random) % 40u;
    const uint8_t *from = &input[at];
    if (n == 0 || what == 5) {
        size_t other = next_random(random) % n_seeds;
        size_t start = seeds[other].n != 0 ? next_random(random) % seeds[other].n : 0;
        from = &seeds[other].bytes[start];
        length = length < seeds[other].n - start ? length : seeds[other].n - start;
        what = 5;
    } else if (length > n - at) {
        length = n - at;
    }
    switch (what) {
    case 0:
        input[at] = (uint8_t)(input[at] ^ 1u << next_random(random) % 8u);
        return n;
    case 1:
        input[at] = (uint8_t)next_random(random);
        return n;
    case 2:
        input[at] = telling[next_random(random) % sizeof telling];
        return n;
    case 3:
        memmove(&input[at], &input[at + length], n - at - length);
        return n - length;
    default: {
        uint8_t piece[64];
        if (length > INPUT_MAX - n) {
            length = INPUT_MAX - n;
        }
        memcpy(piece, from, length);
        memmove(&input[at + length], &input[at], n - at);
        memcpy(&input[at], piece, length);
        return n + length;
    }
    }
}

int main(int argc, char **argv) {
    static uint8_t input[INPUT_MAX];
    uint32_t random = 2024;
    size_t n_seeds = 0;
    MUST(argc > 2);
    for (int i = 2; i < argc && n_seeds < SEEDS_MAX; i++, n_seeds++) {
        load(argv[i], n_seeds);
        (void)LLVMFuzzerTestOneInput(seeds[n_seeds].bytes, seeds[n_seeds].n);
    }
    long rounds = strtol(argv[1], NULL, 10);
    for (long round = 0; round < rounds; round++) {
        size_t seed = next_random(&random) % n_seeds;
        size_t n = seeds[seed].n;
        memcpy(input, seeds[seed].bytes, n);
        for (uint32_t changes = 1 + next_random(&random) % 8u; changes != 0; changes--) {
            n = change(input, n, n_seeds, &random);
        }
        (void)LLVMFuzzerTestOneInput(input, n);
    }
    printf("%ld rounds from %zu seeds, no finding\n", rounds, n_seeds);
    return 0;
}
