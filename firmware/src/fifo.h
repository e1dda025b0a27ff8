/* SPDX-License-Identifier: Apache-2.0
 * A ring of bytes between one producer and one consumer, one of which may be an interrupt handler.
 *
 *      tail            head                 head and tail run freely and are masked when used, so that
 *       v               v                   head - tail is the fill level and all `size` bytes are usable.
 *   [ . A B C D E F G H . . . . . . . ]
 *       ^ consumer      ^ producer          empty: head == tail      full: head - tail == size
 *
 * Safe without masking interrupts because each index has one writer and is published, by a release store, only after
 * the byte it stands for has been written or read. It holds for exactly one producer and one consumer. */
#ifndef HIL_FIFO_H
#define HIL_FIFO_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t *data;
    uint32_t size; /* a power of two */
    uint32_t head; /* written by the producer alone */
    uint32_t tail; /* written by the consumer alone */
} fifo;

static inline void fifo_init(fifo *f, uint8_t *data, uint32_t size) {
    f->data = data;
    f->size = size;
    f->head = 0;
    f->tail = 0;
}

static inline uint32_t fifo_used(const fifo *f) {
    return __atomic_load_n(&f->head, __ATOMIC_ACQUIRE) - __atomic_load_n(&f->tail, __ATOMIC_ACQUIRE);
}

static inline uint32_t fifo_free(const fifo *f) {
    return f->size - fifo_used(f);
}

/* Producer. False when full: the byte is dropped and the caller counts it. */
static inline bool fifo_push(fifo *f, uint8_t byte) {
    uint32_t head = f->head;
    if (head - __atomic_load_n(&f->tail, __ATOMIC_ACQUIRE) == f->size) {
        return false;
    }
    f->data[head & (f->size - 1u)] = byte;
    __atomic_store_n(&f->head, head + 1u, __ATOMIC_RELEASE);
    return true;
}

/* Consumer. False when empty. */
static inline bool fifo_pop(fifo *f, uint8_t *byte) {
    uint32_t tail = f->tail;
    if (__atomic_load_n(&f->head, __ATOMIC_ACQUIRE) == tail) {
        return false;
    }
    *byte = f->data[tail & (f->size - 1u)];
    __atomic_store_n(&f->tail, tail + 1u, __ATOMIC_RELEASE);
    return true;
}

/* Consumer. Takes at most `max` bytes; returns how many. */
static inline uint32_t fifo_read(fifo *f, uint8_t *to, uint32_t max) {
    uint32_t n = 0;
    while (n < max && fifo_pop(f, &to[n])) {
        n++;
    }
    return n;
}

#endif
