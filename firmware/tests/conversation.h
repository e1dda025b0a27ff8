/* SPDX-License-Identifier: Apache-2.0
 * The host's side of a conversation with the server under test. */
#ifndef HIL_TESTS_CONVERSATION_H
#define HIL_TESTS_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_board.h"

enum { SESSION = 0x51E55104 };

/* A board that has just started, with nothing said; its BOOT frame is taken away. */
void power_on(void);
/* power_on() and a session. */
void power_on_and_hello(void);

/* The next frame of the host. */
void say(uint8_t type, const void *body, uint32_t n);
/* The next frame, lost on the way: only its number is used up. */
void lose_a_frame(void);
void say_u32(uint8_t type, uint32_t value);
void hello(uint32_t session);

/* A chunk of the test samples: byte i of sample s is s + i. `size` bytes from `offset` on, raw. */
void say_chunk(uint32_t sample, uint32_t offset, uint32_t size);
void say_sample(uint32_t sample);
uint32_t sample_crc(uint32_t sample);

/* Runs the server until it has nothing to do. */
void work(void);

/* The one frame that was sent, of this type; anything else is a failed check. */
bool hear(sent_frame *frame, uint8_t type);
bool hear_nothing(void);
/* The one frame that was sent is an ERROR of this code about the host's last frame. */
bool hear_error(uint8_t code);
/* The next frame that was sent, of this type, is the right RESULT of that sample. */
bool hear_result(uint32_t sample);

#endif
