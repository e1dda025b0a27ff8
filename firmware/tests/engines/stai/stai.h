/* SPDX-License-Identifier: Apache-2.0
 * A stand-in of our own for ST Edge AI's header: only the public names that the adapter uses, in a layout of our own. It shows
 * that the adapter compiles and works against such an interface, not that it does against ST's. */
#ifndef STAI_H
#define STAI_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t *stai_ptr;
typedef uint32_t stai_size;
typedef int32_t stai_event_type;
typedef enum { STAI_SUCCESS = 0, STAI_ERROR_GENERIC = 1 } stai_return_code;
typedef enum { STAI_MODE_SYNC = 1 } stai_run_mode;
typedef uint8_t stai_network;
typedef struct {
    stai_size size;
    const stai_ptr *data;
} stai_array_const_ptr;
typedef void (*stai_event_cb)(void *cb_cookie, const stai_event_type event_type, const void *event_payload);

stai_return_code stai_runtime_init(void);

#endif
