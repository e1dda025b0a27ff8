/* SPDX-License-Identifier: Apache-2.0
 * What a generated model.h says, for the engine of the tests. 40 input bytes: three chunks of 16, the last one short. */
#ifndef HIL_MODEL_H
#define HIL_MODEL_H

#define HIL_ENGINE_NAME "sums"
#define HIL_ENGINE_VERSION "1"
#define HIL_MODEL_NAME "sums"
#define HIL_MODEL_SHA256_INIT {0xA1, 0xB2, 0xC3}
#define HIL_WEIGHTS_SHA256_INIT {0}
#define HIL_MODEL_WEIGHTS_BYTES 0u
#ifndef HIL_MODEL_INPUT_BYTES
#define HIL_MODEL_INPUT_BYTES 40u
#endif
#define HIL_MODEL_ARENA_BYTES (HIL_MODEL_INPUT_BYTES + 8u)
#define HIL_MODEL_OUTPUT_BYTES 8u

#endif
