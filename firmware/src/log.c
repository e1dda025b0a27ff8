/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include "link.h"
#include "wire/messages.h"

/* Of text in one frame: with type, seq and CRC it stays within the 512 bytes that every host takes. */
#define MOST 480u

void hil_log_bytes(const char *text, uint32_t n) {
    while (n != 0) {
        uint32_t part = n < MOST ? n : MOST;
        frame_put(link_begin(HIL_MSG_LOG), text, part);
        link_end();
        text += part;
        n -= part;
    }
}

void hil_log(const char *text) {
    uint32_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    hil_log_bytes(text, n);
}
