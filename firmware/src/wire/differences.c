/* SPDX-License-Identifier: Apache-2.0 */
#include "differences.h"

#include "bytes.h"

enum { BLOCK = 8, HEAD = 2, WIDTH_MAX = 8 };

static uint32_t width_bytes(uint32_t size) {
    return (size + 2u * BLOCK - 1u) / (2u * BLOCK);
}

static uint32_t width_of(const uint8_t *widths, uint32_t at) {
    return (uint32_t)widths[at / (2u * BLOCK)] >> (at / BLOCK % 2u * 4u) & 15u;
}

bool differences_fit(const uint8_t *encoded, uint32_t n, uint32_t size) {
    if (size > UINT16_MAX || n < HEAD || n - HEAD < width_bytes(size) || get_u16(encoded) == 0) {
        return false;
    }
    uint32_t packed = 0;
    for (uint32_t at = 0; at < size; at += BLOCK) {
        uint32_t width = width_of(&encoded[HEAD], at);
        uint32_t values = size - at < BLOCK ? size - at : BLOCK;
        if (width > WIDTH_MAX) {
            return false;
        }
        packed += (values * width + 7u) / 8u;
    }
    return n - HEAD - width_bytes(size) == packed;
}

void differences_decode(const uint8_t *encoded, uint32_t size, uint8_t *to) {
    const uint32_t stride = get_u16(encoded);
    const uint8_t *widths = &encoded[HEAD];
    const uint8_t *packed = &widths[width_bytes(size)];
    const uint8_t first = 0;
    const uint8_t *before = &first;
    uint32_t at = 0;
    while (at < size) {
        const uint32_t width = width_of(widths, at);
        const uint32_t mask = (1u << width) - 1u;
        const uint32_t end = size - at < BLOCK ? size : at + BLOCK;
        uint32_t bits = 0;
        uint32_t held = 0; /* of `bits` */
        for (; at < end; at++) {
            if (held < width) {
                bits |= (uint32_t)*packed++ << held;
                held += 8u;
            }
            uint32_t folded = bits & mask;
            bits >>= width;
            held -= width;
            to[at] = (uint8_t)(*before + ((folded >> 1) ^ (0u - (folded & 1u))));
            /* Among the first `stride` bytes, which have none so far back, the one just before stands in. */
            before = at + 1u < stride ? &to[at] : &to[at + 1u - stride];
        }
    }
}
