/* SPDX-License-Identifier: Apache-2.0
 * Reads fixtures/wire/frames.txt: "kind | name | input | expected", see its head. */
#ifndef HIL_TESTS_VECTORS_H
#define HIL_TESTS_VECTORS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char text[4200]; /* the line, cut into the four below */
    char *kind, *name, *input, *expected;
} vector_line;

/* False at the end of the file. Ends the program at a line that is not a vector. */
static inline int vector_next(FILE *file, vector_line *v) {
    while (fgets(v->text, sizeof v->text, file) != NULL) {
        char **columns[4] = {&v->kind, &v->name, &v->input, &v->expected};
        char *at = v->text;
        v->text[strcspn(v->text, "\r\n")] = '\0';
        if (v->text[0] == '\0' || v->text[0] == '#') {
            continue;
        }
        for (int i = 0; i < 4; i++) {
            char *bar = i < 3 ? strstr(at, " | ") : at + strlen(at);
            if (bar == NULL) {
                printf("not a vector: %s\n", v->text);
                exit(2);
            }
            *columns[i] = at;
            at = bar + (i < 3 ? 3 : 0);
            *bar = '\0';
        }
        return 1;
    }
    return 0;
}

static inline int hex_digit(char c) {
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Hex (or "-" for nothing) up to the first character that is none. Returns the number of bytes. */
static inline uint32_t unhex(const char *text, uint8_t *bytes, uint32_t max) {
    uint32_t n = 0;
    while (n < max && hex_digit(text[0]) >= 0 && hex_digit(text[1]) >= 0) {
        bytes[n++] = (uint8_t)(hex_digit(text[0]) * 16 + hex_digit(text[1]));
        text += 2;
    }
    return n;
}

#endif
