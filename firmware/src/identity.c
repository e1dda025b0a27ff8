/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include "config.h"
#include "wire/messages.h"

__attribute__((section(".hil_identity"), used)) const hil_identity_layout hil_identity = {
    .magic = {'H', 'I', 'L', 'I', 'D', 'E', 'N', 'T'},
    .struct_version = HIL_IDENTITY_VERSION,
    .size = HIL_IDENTITY_BYTES,
    .protocol = HIL_WIRE_PROTOCOL,
    .board = HIL_BOARD,
    .build_id = HIL_BUILD_ID,
    .engine = HIL_ENGINE_NAME,
    .model_sha256 = HIL_MODEL_SHA256_INIT,
    .weights_sha256 = HIL_WEIGHTS_SHA256_INIT,
    .input_bytes = HIL_INPUT_BYTES,
    .output_bytes = HIL_OUTPUT_BYTES,
};

typedef char identity_has_its_documented_size[sizeof(hil_identity_layout) == HIL_IDENTITY_BYTES ? 1 : -1];
