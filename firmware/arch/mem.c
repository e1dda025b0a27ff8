/* SPDX-License-Identifier: Apache-2.0
 * The four functions that a freestanding compiler may call on its own (C99 has no others), so that no libc is needed. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* May alias anything; used for whole words once both pointers are aligned. */
typedef uint32_t __attribute__((may_alias)) word;

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) & 3u) == 0) {
        for (; n >= 4; n -= 4, d += 4, s += 4) {
            *(word *)d = *(const word *)s;
        }
    }
    while (n-- != 0) {
        *d++ = *s++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if (d <= s || d >= s + n) {
        return memcpy(to, from, n);
    }
    while (n-- != 0) {
        d[n] = s[n];
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    uint8_t *d = to;
    uint32_t pattern = (uint8_t)value * 0x01010101u;
    for (; n != 0 && ((uintptr_t)d & 3u) != 0; n--) {
        *d++ = (uint8_t)value;
    }
    for (; n >= 4; n -= 4, d += 4) {
        *(word *)d = pattern;
    }
    while (n-- != 0) {
        *d++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *p = a;
    const uint8_t *q = b;
    for (; n != 0; n--, p++, q++) {
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
    }
    return 0;
}
