"""UNIDIRECTIONAL_SEQUENCE_LSTM for ``tflite_ops.RichNet``, in forms that converters give and in some that they do not."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tflite_ops import RichNet

# Positions among the operator's 24 inputs.
WEIGHTS, RECURRENT, BIAS, STATE, CELL = range(1, 5), range(5, 9), range(12, 16), 18, 19


class LstmNet(RichNet):
    """As RichNet, on inputs [1, steps, features]."""

    def lstm(self, cells, cell_exponent=-13, clip=0.0, gain=1.0, time_major=False):
        """One layer; ``cell_exponent`` is the int16 cell state's scale as a power of two, ``gain`` scales the weights."""
        features, operands = self.shape()[-1], [self.current, *[-1] * 23]
        for position in WEIGHTS:
            operands[position] = self._matrix((cells, features), gain)
        for position in RECURRENT:
            operands[position] = self._matrix((cells, cells), gain)
        for position in BIAS:
            operands[position] = self._gate_bias(cells, operands[position - BIAS[0] + WEIGHTS[0]])
        out_scale, out_zero = float(self.random.uniform(0.003, 0.012)), int(self.random.integers(-60, 60))
        operands[STATE] = self._variable((1, cells), self.dtype, out_scale, out_zero)
        operands[CELL] = self._variable((1, cells), "int16" if self.quantised else "float32", 2.0**cell_exponent, 0)
        options = schema.UnidirectionalSequenceLSTMOptionsT()
        options.fusedActivationFunction, options.cellClip, options.timeMajor = 4, clip, time_major
        target = self.out((*self.shape()[:-1], cells), out_scale, out_zero)
        name = "UNIDIRECTIONAL_SEQUENCE_LSTM"
        result = self.add_operator(name, operands, target, options, "UnidirectionalSequenceLSTMOptions")
        if self.quantised:
            inside = [self.add_tensor("gate", (0,), "float32") for _ in range(4)]
            self.operators[-1].intermediates = [*inside, self.add_tensor("hidden", (0,), "int8", out_scale, out_zero)]
        return result

    def _variable(self, shape, dtype, scale, zero_point):
        index = self.add_tensor("state", shape, dtype, scale, zero_point)
        self.tensors[index].isVariable = True
        return index

    def _matrix(self, shape, gain):
        size = gain * shape[-1] ** -0.5
        if not self.quantised:
            return self.add_tensor("w", shape, "float32", data=self.random.normal(0, size, shape).astype(np.float32))
        return self.add_tensor("w", shape, "int8", size / 60, 0, self.random.integers(-127, 128, shape).astype(np.int8))

    def _gate_bias(self, cells, weights):
        values = self.random.normal(0, 0.5, cells)
        if not self.quantised:
            return self.add_tensor("b", (cells,), "float32", data=values.astype(np.float32))
        scale = self.scale() * float(self.tensors[weights].quantization.scale[0])
        return self.add_tensor("b", (cells,), "int32", scale, 0, (values / scale).astype(np.int32))
