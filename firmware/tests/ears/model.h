/* SPDX-License-Identifier: Apache-2.0
 * What a generated model.h says, for the network that the tests play recordings to: two rows of two int8, three scores of int8. */
#ifndef HIL_MODEL_H
#define HIL_MODEL_H

#define HIL_ENGINE_NAME "ears"
#define HIL_ENGINE_VERSION "1"
#define HIL_MODEL_NAME "ears"
#define HIL_MODEL_SHA256_INIT {0xEA, 0x25}
#define HIL_WEIGHTS_SHA256_INIT {0}
#define HIL_MODEL_WEIGHTS_BYTES 0u
#define HIL_MODEL_INPUT_BYTES 4u
#define HIL_MODEL_ARENA_BYTES 16u
#define HIL_MODEL_OUTPUT_BYTES 3u

#endif
