"""``OpNet`` in the types beside int8 and float32: its methods make the same layers of other tensors."""

from __future__ import annotations

import numpy as np
from op_nets import OpNet, wide_weights


class WideNet(OpNet):
    """int16 data with int8 weights: zero points are 0, biases int64."""

    def add_tensor(self, name, shape, dtype, scale=None, zero_point=0, data=None, axis=0):
        return super().add_tensor(name, shape, dtype, scale, 0 if dtype == "int16" else zero_point, data, axis)

    def quantisation(self):
        return float(self.scale() * self.random.uniform(0.6, 1.8)), 0

    def second_input(self, shape):
        return self.input((1, *shape))

    def values(self, shape):
        data = self.random.integers(-(2**15), 2**15, shape).astype(np.int16)
        return self.add_tensor("c", shape, "int16", self.random.uniform(5e-5, 5e-4), 0, data)

    def squashed(self, op, **kw):
        options = {"kind": "SoftmaxOptions", "beta": 1.0} if op == "SOFTMAX" else {}
        return self.op(op, [self.current], self.shape(), (2.0**-15, 0), **options)

    def tanh(self):
        return self.squashed("TANH")

    def _weights(self, shape, channels, axis, per_channel, fan_in):
        weights, bias = wide_weights(self, shape, channels, axis, fan_in, self.scale())
        return weights, bias, float(self.scale() * self.random.uniform(0.5, 1.5))


class HybridNet(OpNet):
    """float32 data with int8 weights in convolutions and dense layers."""

    def _weights(self, shape, channels, axis, per_channel, fan_in):
        n = channels if per_channel or axis else 1  # a depthwise convolution has a scale for each channel
        scales = (self.random.uniform(0.5, 1.5, n) * fan_in**-0.5 / 73).astype(np.float32)
        weights = self.random.integers(-127, 128, shape).astype(np.int8)
        bias = self.random.normal(0, 0.3, channels).astype(np.float32)
        return (
            self.add_tensor("w", shape, "int8", scales, 0, weights, axis),
            self.add_tensor("b", (channels,), "float32", data=bias),
            None,
        )

    def dense(self, outputs, activation=0, bias=True, per_channel=True):
        result = super().dense(outputs, activation, bias, per_channel)
        self.operators[-1].builtinOptions.asymmetricQuantizeInputs = bool(self.random.integers(0, 2))
        return result

    def transpose_conv(self, *args, **kw):
        """LiteRT has no mixed form of it."""
        self._weights, mixed = super()._weights, self._weights
        result = super().transpose_conv(*args, **kw)
        self._weights = mixed
        return result
