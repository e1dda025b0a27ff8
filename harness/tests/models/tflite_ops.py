"""The rest of the operator list for ``tflite_kit.Net``: what has two operands, several outputs, or moves values."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tflite_kit import SAME, Net, _extent


class RichNet(Net):
    """As Net. Operands that a method does not name are ``self.current``."""

    def second_input(self, shape):
        scale = (0.04, 5) if self.quantised else ()
        self.inputs.append(self.add_tensor(f"in{len(self.inputs)}", (1, *shape), self.dtype, *scale))
        return self.inputs[-1]

    def quantisation(self):
        """A scale near the current one and any zero point, for a new result; nothing for floats."""
        if not self.quantised:
            return ()
        return self.scale() * self.random.uniform(0.6, 1.8), int(self.random.integers(-128, 128))

    def integers(self, values):
        return self.add_tensor("n", (len(values),), "int32", data=np.array(values, np.int32))

    def values(self, shape):
        """A constant of the net's type."""
        if self.quantised:
            data = self.random.integers(-128, 128, shape).astype(np.int8)
            return self.add_tensor("c", shape, "int8", self.random.uniform(0.01, 0.1), 11, data)
        return self.add_tensor("c", shape, "float32", data=self.random.normal(0, 1, shape).astype(np.float32))

    def binary(self, op, other, activation=0, swapped=False):
        kind = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul"}[op] + "Options"
        options = getattr(schema, kind + "T")()
        options.fusedActivationFunction = activation
        if op != "MUL":
            options.potScaleInt16 = False
        shape = np.broadcast_shapes(self.shape(), tuple(self.tensors[other].shape))
        operands = [other, self.current] if swapped else [self.current, other]
        return self.add_operator(op, operands, self.out(shape, *self.quantisation()), options, kind)

    def mean(self, axes, keep=True):
        options = schema.ReducerOptionsT()
        options.keepDims = keep
        shape = [1 if i in axes else e for i, e in enumerate(self.shape()) if keep or i not in axes]
        operands = [self.current, self.integers(axes)]
        return self.add_operator("MEAN", operands, self.out(shape, *self.quantisation()), options, "ReducerOptions")

    def pad(self, paddings):
        rows = self.add_tensor("p", (len(paddings), 2), "int32", data=np.array(paddings, np.int32))
        shape = [e + sum(p) for e, p in zip(self.shape(), paddings, strict=True)]
        return self.add_operator("PAD", [self.current, rows], self.out(shape), schema.PadOptionsT(), "PadOptions")

    def transpose(self, order):
        operands = [self.current, self.integers(order)]
        shape = [self.shape()[axis] for axis in order]
        return self.add_operator("TRANSPOSE", operands, self.out(shape), schema.TransposeOptionsT(), "TransposeOptions")

    def slice(self, begin, end, stride, shrink=0):
        options = schema.StridedSliceOptionsT()
        options.shrinkAxisMask = shrink
        shape = [len(range(e)[b:f:s]) for e, b, f, s in zip(self.shape(), begin, end, stride, strict=True)]
        shape = [e for i, e in enumerate(shape) if not shrink >> i & 1]
        operands = [self.current, *(self.integers(v) for v in (begin, end, stride))]
        return self.add_operator("STRIDED_SLICE", operands, self.out(shape), options, "StridedSliceOptions")

    def split(self, axis, parts):
        options = schema.SplitOptionsT()
        options.numSplits = parts
        shape = [e // parts if i == axis else e for i, e in enumerate(self.shape())]
        at = self.add_tensor("axis", (), "int32", data=np.array(axis, np.int32))
        outputs = [self.out(shape) for _ in range(parts)]
        self.add_operator("SPLIT", [at, self.current], outputs, options, "SplitOptions")
        return outputs

    def concat(self, tensors, axis):
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        shape = list(self.tensors[tensors[0]].shape)
        shape[axis] = sum(self.tensors[t].shape[axis] for t in tensors)
        self.current = tensors[0]
        return self.add_operator("CONCATENATION", tensors, self.out(shape), options, "ConcatenationOptions")

    def leaky(self, alpha):
        options = schema.LeakyReluOptionsT()
        options.alpha = alpha
        return self.unary("LEAKY_RELU", *self.quantisation(), options=options, options_type="LeakyReluOptions")

    def tanh(self):
        return self.unary("TANH", 1 / 128, 0) if self.quantised else self.unary("TANH")

    def arg_max(self, axis):
        options = schema.ArgMaxOptionsT()
        options.outputType = schema.TensorType.INT32
        shape = [e for i, e in enumerate(self.shape()) if i != axis]
        operands = [self.current, self.integers([axis])]
        target = self.add_tensor("index", shape, "int32")
        return self.add_operator("ARG_MAX", operands, target, options, "ArgMaxOptions")

    def grouped(self, groups, per_group, kernel, stride=(1, 1), padding=SAME, dilation=(1, 1), activation=0):
        n, h, w, c = self.shape()
        channels, depth = groups * per_group, c // groups
        options = schema.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = padding, *stride
        options.dilationHFactor, options.dilationWFactor = dilation
        options.fusedActivationFunction = activation
        fan_in = kernel[0] * kernel[1] * depth
        weights, bias, scale = self._weights((channels, *kernel, depth), channels, 0, True, fan_in)
        size = [_extent(e, k, s, d, padding) for e, k, s, d in zip((h, w), kernel, stride, dilation, strict=True)]
        source, target = self.current, self.out((n, *size, channels), scale, int(self.random.integers(-128, 100)))
        return self.add_operator("CONV_2D", [source, weights, bias], target, options, "Conv2DOptions")

    def transpose_conv(self, channels, kernel, stride=(2, 2), padding=SAME, bias=True):
        n, h, w, c = self.shape()
        options = schema.TransposeConvOptionsT()
        options.padding, options.strideH, options.strideW = padding, *stride
        fan_in = kernel[0] * kernel[1] * c
        weights, bias_tensor, scale = self._weights((channels, *kernel, c), channels, 0, True, fan_in)
        size = [
            e * s if padding == SAME else e * s + max(k - s, 0) for e, k, s in zip((h, w), kernel, stride, strict=True)
        ]
        shape = (n, *size, channels)
        at = self.add_tensor("shape", (4,), "int32", data=np.array(shape, np.int32))
        source, target = self.current, self.out(shape, scale, int(self.random.integers(-128, 100)))
        operands = [at, weights, source, *([bias_tensor] if bias else [])]
        return self.add_operator("TRANSPOSE_CONV", operands, target, options, "TransposeConvOptions")
