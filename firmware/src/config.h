/* SPDX-License-Identifier: Apache-2.0
 * What is fixed when the firmware is built. The model's part comes from the generated model.h, the rest from the build (-D);
 * the values here serve the C tests. */
#ifndef HIL_CONFIG_H
#define HIL_CONFIG_H

#include "model.h"

#ifndef HIL_BOARD
#define HIL_BOARD "test"
#endif
#ifndef HIL_BUILD_ID
#define HIL_BUILD_ID "0000000000000000000000000000000000000000"
#endif
#ifndef HIL_BAUD
#define HIL_BAUD 115200u
#endif
#ifndef HIL_BAUDS /* all that BAUD_REQUEST may ask for, comma separated */
#define HIL_BAUDS 115200u, 230400u, 460800u, 921600u
#endif

/* All input tensors of one sample back to back, and all outputs. With HIL_STREAM a sample is a hop of a recording: see stream.c. */
#ifdef HIL_STREAM
#include "stream_config.h" /* generated */
#include "wire/messages.h"
#define HIL_INPUT_BYTES (HIL_HOP_BYTES + HIL_STREAM_HOP_BYTES)
#define HIL_OUTPUT_BYTES (HIL_HOP_REPORT_BYTES + HIL_MODEL_OUTPUT_BYTES)
#else
#define HIL_INPUT_BYTES HIL_MODEL_INPUT_BYTES
#define HIL_OUTPUT_BYTES HIL_MODEL_OUTPUT_BYTES
#endif

/* Samples that can be under way at once, and results that are remembered. */
#ifndef HIL_SLOTS
#define HIL_SLOTS 2u
#endif
/* Decoded bytes of one chunk: large enough that a frame's fixed cost is small, small enough that a lost one is cheap. */
#ifndef HIL_CHUNK_BYTES
#define HIL_CHUNK_BYTES 16u
#endif
#define HIL_CHUNKS ((HIL_INPUT_BYTES + HIL_CHUNK_BYTES - 1u) / HIL_CHUNK_BYTES)

/* Powers of two. The receive ring holds what arrives while the engine computes. */
#ifndef HIL_RX_RING
#define HIL_RX_RING 4096u
#endif
#ifndef HIL_TX_RING
#define HIL_TX_RING 1024u
#endif

/* The largest unencoded frame of the board, and of the host too where the build has no room for more: 512 as long as a chunk
 * fits in it, for that is what both sides accept before HELLO. */
#define HIL_CHUNK_FRAME (HIL_CHUNK_BYTES + 16u)
#define HIL_ANSWER_FRAME (HIL_CHUNK_FRAME > 512u ? HIL_CHUNK_FRAME : 512u)
#ifndef HIL_MAX_FRAME /* the largest that the host may send: several chunks, see CHUNKS */
#define HIL_MAX_FRAME HIL_ANSWER_FRAME
#endif

#endif
