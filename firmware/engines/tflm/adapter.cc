/* SPDX-License-Identifier: Apache-2.0
 * TensorFlow Lite for Microcontrollers behind the seam. Operators come from hil_ops.h in the SDK folder, which the user writes:
 * `static tflite::MicroMutableOpResolver<N> hil_ops() { ...; r.AddConv2D(); ...; return r; }`, so that only those are linked. */
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "tensorflow/lite/micro/memory_helpers.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

#include "adapter.h"
#include "hil_ops.h"

extern "C" uint64_t board_cycles(void);

#ifndef HIL_TFLM_ARENA_BYTES
#define HIL_TFLM_ARENA_BYTES (48u * 1024u)
#endif

namespace {

/* Told by TFLM around every operator; told of at all only in a run with a hook. */
class Hook : public tflite::MicroProfilerInterface {
public:
    uint32_t BeginEvent(const char *tag) override {
        tag_ = tag;
        began_ = board_cycles();
        return 0;
    }

    void EndEvent(uint32_t) override {
        const uint64_t now = board_cycles();
        if (on_) {
            tell(static_cast<uint32_t>(now - began_));
        }
    }

    void begin(bool on) {
        on_ = on;
        operator_ = 0;
    }

private:
    void tell(uint32_t cycles);

    const char *tag_ = "";
    uint64_t began_ = 0;
    bool on_ = false;
    uint32_t operator_ = 0;
};

alignas(16) uint8_t tensors[HIL_TFLM_ARENA_BYTES];
/* Objects are made in init() and never destroyed: no constructor runs before main, and nothing is registered for an exit. */
using Ops = decltype(hil_ops());
alignas(tflite::MicroInterpreter) uint8_t interpreter_place[sizeof(tflite::MicroInterpreter)];
alignas(Ops) uint8_t ops_place[sizeof(Ops)];
alignas(Hook) uint8_t hook_place[sizeof(Hook)];
const tflite::Model *model;
tflite::MicroInterpreter *interpreter;
Hook *hook;

/* The first output of the operator stands for it. preserve_all_tensors keeps it where it was written. */
void Hook::tell(uint32_t cycles) {
    const auto *operators = model->subgraphs()->Get(0)->operators();
    void *data = nullptr;
    std::size_t bytes = 0;
    uint16_t op = 0;
    if (operator_ < operators->size()) {
        const auto *current = operators->Get(operator_);
        op = static_cast<uint16_t>(model->operator_codes()->Get(current->opcode_index())->builtin_code());
        TfLiteEvalTensor *out = interpreter->GetTensor(current->outputs()->Get(0));
        if (out != nullptr && tflite::TfLiteEvalTensorByteLength(out, &bytes) == kTfLiteOk) {
            data = out->data.data;
        }
    }
    ++operator_;
    external_layer_done(op, tag_, data, data == nullptr ? 0 : static_cast<uint32_t>(bytes), cycles);
}

bool same(const hil_tensor &ours, const TfLiteTensor *theirs) {
    return theirs != nullptr && theirs->bytes == ours.bytes;
}

} // namespace

int tflm_init(void *arena, uint32_t bytes) {
    if (external_place(arena, bytes) != 0) {
        return EXTERNAL_BAD_ARENA;
    }
    model = tflite::GetModel(hil_model_file);
    hook = new (hook_place) Hook();
    const Ops *ops = new (ops_place) Ops(hil_ops());
    interpreter = new (interpreter_place) tflite::MicroInterpreter(model, *ops, tensors, sizeof tensors, nullptr, hook, true);
    if (interpreter->AllocateTensors() != kTfLiteOk) {
        return EXTERNAL_FAILED;
    }
    if (interpreter->inputs_size() != HIL_MODEL_INPUTS || interpreter->outputs_size() != HIL_MODEL_OUTPUTS) {
        return EXTERNAL_OTHER_NETWORK;
    }
    for (uint32_t i = 0; i < HIL_MODEL_INPUTS; i++) {
        if (!same(hil_model_inputs[i], interpreter->input(i))) {
            return EXTERNAL_OTHER_NETWORK;
        }
    }
    for (uint32_t i = 0; i < HIL_MODEL_OUTPUTS; i++) {
        if (!same(hil_model_outputs[i], interpreter->output(i))) {
            return EXTERNAL_OTHER_NETWORK;
        }
    }
    return 0;
}

int tflm_run(hil_layer_cb callback, void *context) {
    for (uint32_t i = 0; i < HIL_MODEL_INPUTS; i++) {
        std::memcpy(interpreter->input(i)->data.raw, hil_model_inputs[i].data, hil_model_inputs[i].bytes);
    }
    external_begin(callback, context);
    hook->begin(callback != nullptr);
    const TfLiteStatus status = interpreter->Invoke();
    for (uint32_t i = 0; i < HIL_MODEL_OUTPUTS; i++) {
        std::memcpy(hil_model_outputs[i].data, interpreter->output(i)->data.raw, hil_model_outputs[i].bytes);
    }
    return status == kTfLiteOk ? 0 : EXTERNAL_FAILED;
}

uint32_t tflm_arena_used(void) {
    return HIL_MODEL_ARENA_BYTES + static_cast<uint32_t>(interpreter->arena_used_bytes());
}
