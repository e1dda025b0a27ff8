/* SPDX-License-Identifier: Apache-2.0
 * The seam between the firmware and what computes the network: one struct, chosen at link time.
 *
 * An engine owns its weights and is given its working memory. It never allocates, never prints and keeps no state between
 * runs other than what lies in the arena: a network's memory, if it has one (forget). Functions that return int return 0 or a negative engine-specific error.
 */
#ifndef HIL_ENGINE_H
#define HIL_ENGINE_H

#include <stdint.h>

typedef enum { HIL_F32 = 0, HIL_S8 = 1, HIL_U8 = 2, HIL_S16 = 3, HIL_S32 = 4 } hil_dtype;

enum { HIL_TENSOR_MAX_DIMS = 6 };

/* One tensor. dim[] is outermost first (NHWC for images, batch included). real = scale * (raw - zero_point); scale is 0 for
 * HIL_F32. data points into the arena and is valid from init() on; NULL if the tensor cannot be inspected. */
typedef struct {
    const char *name;
    uint8_t dtype; /* hil_dtype */
    uint8_t ndim;
    uint16_t dim[HIL_TENSOR_MAX_DIMS];
    uint32_t bytes;
    float scale;
    int32_t zero_point;
    void *data;
} hil_tensor;

/* Reported after each layer; `out` is valid only inside the callback. */
typedef struct {
    uint16_t index; /* position in execution order */
    uint16_t op;    /* TFLite builtin operator code */
    const char *name;
    const hil_tensor *out;
    uint32_t cycles; /* of this layer alone, by the board's counter, the callback's own time not in it; 0 without LAYER_CYCLES */
} hil_layer_event;

typedef void (*hil_layer_cb)(void *context, const hil_layer_event *event);

enum {
    HIL_CAP_LAYER_OUT = 1u << 0,    /* layer() gives inspectable tensors */
    HIL_CAP_LAYER_CYCLES = 1u << 1, /* events carry cycles; without it the callback may read a counter itself, on entry and exit */
    HIL_CAP_BITEXACT = 1u << 2      /* int8 results equal the LiteRT reference bit for bit */
};

typedef struct {
    const char *engine;        /* "builtin", "cubeai", "tflm" ... */
    const char *version;       /* of the engine */
    const char *model;         /* its name, for people */
    const uint8_t *model_sha256; /* 32 bytes: SHA-256 of the model file */
    uint32_t capabilities;     /* HIL_CAP_* */
    uint32_t arena_bytes;      /* what init() needs, 16-byte aligned */
    uint32_t core_bytes;       /* what it needs where the caller places all inputs; 0 without place_input */
    uint32_t n_inputs, n_outputs;
    uint32_t n_layers;         /* 0: known only after a run with a callback */
    uint32_t macs;             /* multiply-accumulates per run, 0 if unknown */
    int (*init)(void *arena, uint32_t arena_bytes);
    const hil_tensor *(*input)(uint32_t i);
    /* Lets input i lie at `data`, aligned to 4 bytes, from now on: no copy, and no second place for it. NULL where inputs must be
     * copied to where input(i)->data says. After init() with core_bytes that is nowhere (NULL) until each is placed. */
    int (*place_input)(uint32_t i, void *data);
    const hil_tensor *(*output)(uint32_t i);
    const hil_tensor *(*layer)(uint32_t i);
    /* Computes outputs from inputs. callback == NULL costs nothing. The input tensors keep their content. */
    int (*run)(hil_layer_cb callback, void *context);
    uint32_t (*arena_used)(void);
    /* Brings the network's memory, which a run finds as the run before has left it, to its first values, as init() does. NULL
     * where there is none: then every run begins anew. */
    void (*forget)(void);
} hil_engine;

extern const hil_engine hil_engine_active;

#endif
