/* SPDX-License-Identifier: Apache-2.0
 * What the board says: one function a message. */
#ifndef HIL_ANSWERS_H
#define HIL_ANSWERS_H

#include <stdint.h>

#include "results.h"

/* Since the start of the session. */
typedef struct {
    uint32_t frames_ok;
    uint32_t frames_bad;
    uint32_t overruns;
    uint32_t bytes_rx;
    uint32_t bytes_overlapped; /* of them, those that arrived while the engine ran */
} link_counters;

/* The longest tensor name that HELLO has room for; 0 when it has none, and the engine cannot be used. */
uint32_t answer_name_max(void);

void answer_boot(uint8_t reset_cause, uint8_t flags);
void answer_hello(uint32_t session, uint8_t reset_cause, uint8_t flags);
void answer_result(const result *r);
void answer_status(uint32_t session, const link_counters *counters);
void answer_damaged(uint16_t seq);
void answer_need(uint32_t sample, const uint32_t *offsets, uint32_t n);
void answer_baud(uint32_t baud, uint8_t status);
void answer_pong(const uint8_t *data, uint32_t n);
void answer_fault(void);
void answer_error(uint8_t code, uint8_t type, uint16_t seq, const char *text);

extern const uint32_t answer_bauds[];
extern const uint32_t answer_n_bauds;

#endif
