/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see micro_interpreter.h. A "model" of two operators, whatever the file says. */
#ifndef STANDIN_SCHEMA_GENERATED_H
#define STANDIN_SCHEMA_GENERATED_H

#include <cstdint>

namespace tflite {

template <typename T, unsigned N> struct List {
    T item[N];
    T Get(unsigned i) const { return item[i]; }
    unsigned size() const { return N; }
};

struct Operator {
    unsigned code;
    List<int, 1> out;
    unsigned opcode_index() const { return code; }
    const List<int, 1> *outputs() const { return &out; }
};

struct OperatorCode {
    int code;
    int builtin_code() const { return code; }
};

struct SubGraph {
    List<const Operator *, 2> ops;
    const List<const Operator *, 2> *operators() const { return &ops; }
};

struct Model {
    List<const SubGraph *, 1> graphs;
    List<const OperatorCode *, 2> codes;
    const List<const SubGraph *, 1> *subgraphs() const { return &graphs; }
    const List<const OperatorCode *, 2> *operator_codes() const { return &codes; }
};

const Model *GetModel(const void *file);

} // namespace tflite

#endif
