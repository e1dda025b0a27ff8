/* SPDX-License-Identifier: Apache-2.0
 * Input slots: samples on their way in, each with a bit per chunk. The host's credit is the number of slots. */
#ifndef HIL_SLOTS_H
#define HIL_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

enum { SLOT_FREE = 0xFF }; /* beside HIL_SLOT_STATE_RECEIVING, _WAITING and _RUNNING */

typedef struct {
    uint32_t sample;
    uint8_t state;
    uint32_t received;  /* chunks that are there */
    uint32_t last;      /* the highest of them, by index */
    bool follows;       /* the sample goes on from the memory that the one before it leaves */
    uint32_t have[(HIL_CHUNKS + 31u) / 32u];
    uint8_t *data; /* HIL_INPUT_BYTES, word aligned */
} slot;

/* Empties all slots. */
void slots_reset(void);

uint32_t slots_free(void);
slot *slots_at(uint32_t index); /* index < HIL_SLOTS, whatever its state */

/* The slot of a sample, NULL if it has none. */
slot *slots_find(uint32_t sample);

/* Whether the sample is over: the host has begun one that is HIL_SLOTS or more further on. */
bool slots_is_over(uint32_t sample);

/* Takes a slot for a sample that is not over, NULL if there is none. The newest sample ever frees the slots of those
 * that are over with it: the host has given them up, and a slot must not leak. */
slot *slots_open(uint32_t sample);

/* Decoded size of the chunk at `offset`; 0 when no chunk begins there. */
uint32_t slots_chunk_bytes(uint32_t offset);
bool slots_has(const slot *s, uint32_t offset);

/* Marks the chunk at `offset`, whose bytes the caller has put into data. Completes the slot with its last one. */
void slots_mark(slot *s, uint32_t offset);

/* The complete slot with the lowest sample number, NULL if none waits. Whether it is its turn is for memory.h to say. */
slot *slots_next(void);

/* The lowest number of a sample that is not over. */
uint32_t slots_lowest(void);

void slots_release(slot *s);

/* How many chunks, from index 0 on, can be known to be overdue: those before one that came later, in this sample or
 * in a newer one. */
uint32_t slots_overdue(const slot *s);

/* Missing chunks from index `*from` on and below `limit`: at most `max` offsets; moves *from behind the last. */
uint32_t slots_missing(const slot *s, uint32_t *from, uint32_t limit, uint32_t *offsets, uint32_t max);

#endif
