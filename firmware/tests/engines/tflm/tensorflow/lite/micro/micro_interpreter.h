/* SPDX-License-Identifier: Apache-2.0
 * A stand-in of our own for TFLM's headers: only the public names that the adapter uses, with a body of our own. It shows that
 * the adapter compiles and works against such an interface, not that it does against TFLM itself. */
#ifndef STANDIN_MICRO_INTERPRETER_H
#define STANDIN_MICRO_INTERPRETER_H

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteTensor {
    union {
        char *raw;
        void *data;
    } data;
    std::size_t bytes;
};

struct TfLiteEvalTensor {
    union {
        void *data;
    } data;
    std::size_t bytes_of_the_stand_in;
};

namespace tflite {

class MicroResourceVariables;
class MicroOpResolver {};
template <unsigned N> class MicroMutableOpResolver : public MicroOpResolver {};

class MicroInterpreter {
public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena, std::size_t arena_bytes,
                     MicroResourceVariables *variables = nullptr, MicroProfilerInterface *profiler = nullptr,
                     bool preserve_all_tensors = false);
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteTensor *input(std::size_t i);
    TfLiteTensor *output(std::size_t i);
    std::size_t inputs_size() const { return 1; }
    std::size_t outputs_size() const { return 1; }
    TfLiteEvalTensor *GetTensor(int index, int subgraph = 0);
    std::size_t arena_used_bytes() const { return 16; }

private:
    uint8_t *arena_;
    std::size_t arena_bytes_;
    MicroProfilerInterface *profiler_;
    bool preserves_;
    TfLiteTensor in_, out_;
    TfLiteEvalTensor middle_, end_;
};

} // namespace tflite

#endif
