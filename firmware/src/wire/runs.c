/* SPDX-License-Identifier: Apache-2.0 */
#include "runs.h"

#include <string.h>

bool runs_fit(const uint8_t *tokens, uint32_t n, uint32_t size) {
    uint32_t decoded = 0;
    uint32_t at = 0;
    while (at < n) {
        uint32_t code = tokens[at++];
        uint32_t run = code < 0x80u ? code + 1u : code - 0x7Eu;
        if (code < 0x80u) {
            if (run > n - at) {
                return false;
            }
            at += run;
        }
        if (run > size - decoded) {
            return false;
        }
        decoded += run;
    }
    return decoded == size;
}

void runs_decode(const uint8_t *tokens, uint32_t n, uint8_t fill, uint8_t *to) {
    uint32_t at = 0;
    while (at < n) {
        uint32_t code = tokens[at++];
        if (code < 0x80u) {
            memcpy(to, &tokens[at], code + 1u);
            at += code + 1u;
            to += code + 1u;
        } else {
            memset(to, fill, code - 0x7Eu);
            to += code - 0x7Eu;
        }
    }
}
