/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see micro_interpreter.h. */
#ifndef STANDIN_MEMORY_HELPERS_H
#define STANDIN_MEMORY_HELPERS_H

#include <cstddef>

#include "tensorflow/lite/micro/micro_interpreter.h"

namespace tflite {

inline TfLiteStatus TfLiteEvalTensorByteLength(const TfLiteEvalTensor *tensor, std::size_t *bytes) {
    *bytes = tensor->bytes_of_the_stand_in;
    return kTfLiteOk;
}

} // namespace tflite

#endif
