/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <stddef.h>
#include <string.h>

#include "wire/messages.h"

static slot slots[HIL_SLOTS];
static uint32_t data[HIL_SLOTS][(HIL_INPUT_BYTES + 3u) / 4u];
static uint32_t newest; /* the highest sample number begun in this session */

void slots_reset(void) {
    memset(slots, 0, sizeof slots);
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        slots[i].state = SLOT_FREE;
        slots[i].data = (uint8_t *)data[i];
    }
    newest = 0;
}

uint32_t slots_free(void) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        n += slots[i].state == SLOT_FREE;
    }
    return n;
}

slot *slots_at(uint32_t index) {
    return &slots[index];
}

slot *slots_find(uint32_t sample) {
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        if (slots[i].state != SLOT_FREE && slots[i].sample == sample) {
            return &slots[i];
        }
    }
    return NULL;
}

bool slots_is_over(uint32_t sample) {
    return newest >= HIL_SLOTS && sample <= newest - HIL_SLOTS;
}

uint32_t slots_lowest(void) {
    return newest >= HIL_SLOTS ? newest - HIL_SLOTS + 1u : 0;
}

slot *slots_open(uint32_t sample) {
    if (sample > newest) {
        newest = sample;
        for (uint32_t i = 0; i < HIL_SLOTS; i++) {
            if (slots[i].state != SLOT_FREE && slots_is_over(slots[i].sample)) {
                slots_release(&slots[i]);
            }
        }
    }
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        slot *s = &slots[i];
        if (s->state == SLOT_FREE) {
            s->sample = sample;
            s->state = HIL_SLOT_STATE_RECEIVING;
            s->received = 0;
            s->last = 0;
            s->follows = false;
            memset(s->have, 0, sizeof s->have);
            return s;
        }
    }
    return NULL;
}

uint32_t slots_chunk_bytes(uint32_t offset) {
    if (offset >= HIL_INPUT_BYTES || offset % HIL_CHUNK_BYTES != 0) {
        return 0;
    }
    uint32_t rest = HIL_INPUT_BYTES - offset;
    return rest < HIL_CHUNK_BYTES ? rest : HIL_CHUNK_BYTES;
}

static bool has(const slot *s, uint32_t chunk) {
    return (s->have[chunk / 32u] >> (chunk % 32u) & 1u) != 0;
}

bool slots_has(const slot *s, uint32_t offset) {
    return s->state != HIL_SLOT_STATE_RECEIVING || has(s, offset / HIL_CHUNK_BYTES);
}

void slots_mark(slot *s, uint32_t offset) {
    uint32_t chunk = offset / HIL_CHUNK_BYTES;
    s->have[chunk / 32u] |= 1u << (chunk % 32u);
    s->received++;
    if (chunk > s->last) {
        s->last = chunk;
    }
    if (s->received == HIL_CHUNKS) {
        s->state = HIL_SLOT_STATE_WAITING;
    }
}

slot *slots_next(void) {
    slot *next = NULL;
    for (uint32_t i = 0; i < HIL_SLOTS; i++) {
        if (slots[i].state == HIL_SLOT_STATE_WAITING && (next == NULL || slots[i].sample < next->sample)) {
            next = &slots[i];
        }
    }
    return next;
}

void slots_release(slot *s) {
    s->state = SLOT_FREE;
}

uint32_t slots_overdue(const slot *s) {
    if (s->state != HIL_SLOT_STATE_RECEIVING) {
        return 0;
    }
    return s->sample < newest ? HIL_CHUNKS : s->last;
}

uint32_t slots_missing(const slot *s, uint32_t *from, uint32_t limit, uint32_t *offsets, uint32_t max) {
    uint32_t n = 0;
    for (; *from < limit && n < max; ++*from) {
        if (!has(s, *from)) {
            offsets[n++] = *from * HIL_CHUNK_BYTES;
        }
    }
    return n;
}
