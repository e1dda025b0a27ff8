/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see micro_interpreter.h. */
#ifndef STANDIN_MICRO_PROFILER_INTERFACE_H
#define STANDIN_MICRO_PROFILER_INTERFACE_H

#include <cstdint>

namespace tflite {

class MicroProfilerInterface {
public:
    virtual uint32_t BeginEvent(const char *tag) = 0;
    virtual void EndEvent(uint32_t event_handle) = 0;

protected:
    ~MicroProfilerInterface() = default;
};

} // namespace tflite

#endif
