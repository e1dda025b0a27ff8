/* SPDX-License-Identifier: Apache-2.0
 * A stand-in of our own for X-CUBE-AI's header: only the public names that the adapter uses, in a layout of our own. It shows
 * that the adapter compiles and works against such an interface, not that it does against ST's. */
#ifndef AI_PLATFORM_INTERFACE_H
#define AI_PLATFORM_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t *ai_handle;
typedef uint16_t ai_u16;
typedef uint32_t ai_u32;
typedef int32_t ai_i32;
typedef bool ai_bool;
typedef uint32_t ai_size;
typedef struct {
    uint32_t type : 8;
    uint32_t code : 24;
} ai_error;
typedef struct {
    uint32_t format; /* here: bits of an element */
    ai_handle data;
    uint32_t elements;
} ai_buffer;
typedef struct {
    ai_handle data;
    ai_size bytes;
} ai_tensor;
typedef struct {
    ai_u16 size;
    ai_tensor **tensor;
} ai_tensor_list;
typedef struct {
    ai_tensor_list *out;
} ai_tensor_chain;
typedef struct {
    ai_u16 c_idx;
    ai_u16 type;
    ai_u16 id;
    const ai_tensor_chain *tensors;
} ai_observer_node;
typedef ai_u32 (*ai_observer_node_cb)(const ai_handle cookie, const ai_u32 flags, const ai_observer_node *node);

#define AI_HANDLE_NULL NULL
#define AI_HANDLE_PTR(p) ((ai_handle)(p))
#define AI_ERROR_NONE 0
#define AI_OBSERVER_PRE_EVT (1u << 1)
#define AI_OBSERVER_POST_EVT (1u << 2)
#define AI_BUFFER_SIZE(b) ((b)->elements)
#define AI_BUFFER_BYTE_SIZE(n, format) ((n) * (format) / 8u)

ai_bool ai_platform_observer_register(ai_handle network, ai_observer_node_cb cb, ai_handle cookie, ai_u32 flags);
ai_bool ai_platform_observer_unregister(ai_handle network, ai_observer_node_cb cb, ai_handle cookie);

#endif
