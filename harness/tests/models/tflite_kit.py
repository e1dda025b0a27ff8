"""Builds small .tflite files for tests through the schema module: the writer that the reader must not trust."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9}
SAME, VALID = 0, 1
# The lowest operator versions that LiteRT runs with int8 and int16; 2 for the rest.
VERSIONS = {
    **dict.fromkeys(("CONV_2D", "FULLY_CONNECTED"), 5),
    **dict.fromkeys(("BATCH_MATMUL", "BROADCAST_TO", "DEPTHWISE_CONV_2D", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"), 3),
    **dict.fromkeys(
        ("ADD_N", "BROADCAST_ARGS", "CEIL", "COS", "CUMSUM", "DEPTH_TO_SPACE", "ELU", "EXPAND_DIMS", "FLOOR"), 1
    ),
    **dict.fromkeys(
        ("HARD_SWISH", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "NEG", "PRELU", "RANK", "REDUCE_ALL"), 1
    ),
    **dict.fromkeys(("REDUCE_ANY", "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "ROUND", "SHAPE", "SIN", "SQUARE"), 1),
    **dict.fromkeys(
        (
            "DYNAMIC_UPDATE_SLICE",
            "UNIDIRECTIONAL_SEQUENCE_RNN",
            "SQUEEZE",
            "ZEROS_LIKE",
            "L2_POOL_2D",
            "VAR_HANDLE",
            "READ_VARIABLE",
            "ASSIGN_VARIABLE",
            "CALL_ONCE",
        ),
        1,
    ),
}


class Net:
    """A chain of layers. Each method appends one and moves ``self.current``; weights come from ``random``."""

    def __init__(self, dtype: str, shape: tuple[int, ...], random: np.random.Generator, scale=0.05, zero_point=-3):
        self.random, self.dtype = random, dtype
        self.buffers, self.tensors, self.operators, self.codes = [schema.BufferT()], [], [], []
        self.current = self.add_tensor("in", (1, *shape), dtype, scale, zero_point)
        self.inputs = [self.current]

    @property
    def quantised(self) -> bool:
        return self.dtype == "int8"

    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensors[self.current].shape)

    def scale(self) -> float:
        return float(np.float32(self.tensors[self.current].quantization.scale[0]))

    def zero_point(self) -> int:
        return int(self.tensors[self.current].quantization.zeroPoint[0])

    def add_tensor(self, name, shape, dtype, scale=None, zero_point=0, data=None, axis=0) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), TYPES[dtype], 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(bytearray(np.ascontiguousarray(data).tobytes()), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        if scale is not None and dtype != "float32":
            q = schema.QuantizationParametersT()
            q.scale = np.atleast_1d(np.asarray(scale, np.float32))
            q.zeroPoint = np.full(len(q.scale), zero_point, np.int64)
            q.quantizedDimension = axis
            tensor.quantization = q
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add_operator(self, op: str, inputs, output, options=None, options_type="NONE", old_field_only=False) -> int:
        code = schema.OperatorCodeT()
        number = getattr(schema.BuiltinOperator, op)
        code.builtinCode, code.deprecatedBuiltinCode, code.version = (
            0 if old_field_only else number,
            min(number, 127),
            VERSIONS.get(op, 2),
        )
        self.codes.append(code)
        operator = schema.OperatorT()
        outputs = output if isinstance(output, list) else [output]
        operator.opcodeIndex, operator.inputs, operator.outputs = len(self.codes) - 1, list(inputs), outputs
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_type)
        operator.builtinOptions = options
        self.operators.append(operator)
        self.current = outputs[0]
        return self.current

    def out(self, shape, scale=None, zero_point=None, dtype=None) -> int:
        """A tensor for the next result; same quantisation as now unless told."""
        dtype = dtype or self.dtype
        if dtype in ("int8", "uint8", "int16") and scale is None:
            scale, zero_point = self.scale(), self.zero_point()
        return self.add_tensor(f"t{len(self.tensors)}", shape, dtype, scale, zero_point or 0)

    def _weights(self, shape, channels, axis, per_channel, fan_in):
        """(weight tensor, bias tensor, output scale) with values that neither vanish nor saturate everything."""
        if not self.quantised:
            weights = self.random.normal(0, fan_in**-0.5, shape).astype(np.float32)
            bias = self.random.normal(0, 0.3, channels).astype(np.float32)
            return (
                self.add_tensor("w", shape, "float32", data=weights),
                self.add_tensor("b", (channels,), "float32", data=bias),
                None,
            )
        weights = self.random.integers(-127, 128, shape).astype(np.int8)
        scales = self.random.uniform(0.5, 1.5, channels if per_channel else 1).astype(np.float32) * np.float32(
            fan_in**-0.5 / 73
        )
        product = np.float32(self.scale()) * scales
        bias = (self.random.normal(0, 0.5, channels) / product).astype(np.int32)
        return (
            self.add_tensor("w", shape, "int8", scales, 0, weights, axis),
            self.add_tensor("b", (channels,), "int32", product, 0, bias),
            float(self.scale() * self.random.uniform(0.5, 1.5)),
        )

    def conv(
        self, channels, kernel=(3, 3), stride=(1, 1), padding=SAME, dilation=(1, 1), activation=0, per_channel=True,
        depthwise=False,
    ):  # fmt: skip
        n, h, w, c = self.shape()
        if depthwise:
            channels *= c
            shape, axis, fan_in = (1, *kernel, channels), 3, kernel[0] * kernel[1]
            options = schema.DepthwiseConv2DOptionsT()
            options.depthMultiplier = channels // c
        else:
            shape, axis, fan_in = (channels, *kernel, c), 0, kernel[0] * kernel[1] * c
            options = schema.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = padding, *stride
        options.dilationHFactor, options.dilationWFactor = dilation
        options.fusedActivationFunction = activation
        weights, bias_tensor, scale = self._weights(shape, channels, axis, per_channel, fan_in)
        size = [_extent(e, k, s, d, padding) for e, k, s, d in zip((h, w), kernel, stride, dilation, strict=True)]
        source, target = self.current, self.out((n, *size, channels), scale, int(self.random.integers(-128, 100)))
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        kind = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
        # Always with a bias: LiteRT refuses a convolution without one.
        return self.add_operator(name, [source, weights, bias_tensor], target, options, kind)

    def pool(self, op, kernel=(2, 2), stride=(2, 2), padding=VALID, activation=0):
        n, h, w, c = self.shape()
        options = schema.Pool2DOptionsT()
        options.padding, options.strideH, options.strideW = padding, *stride
        options.filterHeight, options.filterWidth = kernel
        options.fusedActivationFunction = activation
        size = [_extent(e, k, s, 1, padding) for e, k, s in zip((h, w), kernel, stride, strict=True)]
        source, target = self.current, self.out((n, *size, c))
        return self.add_operator(op, [source], target, options, "Pool2DOptions")

    def reshape(self, shape):
        new = self.add_tensor("shape", (len(shape),), "int32", data=np.array(shape, np.int32))
        source, target = self.current, self.out(shape)
        return self.add_operator("RESHAPE", [source, new], target)

    def dense(self, outputs, activation=0, bias=True, per_channel=True):
        inputs = int(np.prod(self.shape()))
        weights, bias_tensor, scale = self._weights((outputs, inputs), outputs, 0, per_channel, inputs)
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = activation
        source, target = self.current, self.out((1, outputs), scale, int(self.random.integers(-128, 100)))
        inputs_ = [source, weights, bias_tensor if bias else -1]
        return self.add_operator("FULLY_CONNECTED", inputs_, target, options, "FullyConnectedOptions")

    def unary(self, op, scale=None, zero_point=None, dtype=None, **kw):
        source, target = self.current, self.out(self.shape(), scale, zero_point, dtype)
        if dtype:
            self.dtype = dtype
        return self.add_operator(op, [source], target, **kw)

    def squashed(self, op, **kw):
        """LOGISTIC or SOFTMAX, whose int8 output quantisation is fixed."""
        if op == "SOFTMAX":
            options = schema.SoftmaxOptionsT()
            options.beta = 1.0
            kw |= {"options": options, "options_type": "SoftmaxOptions"}
        return self.unary(op, 1 / 256, -128, **kw) if self.quantised else self.unary(op, **kw)

    def content(self, outputs=None) -> bytes:
        model, graph = schema.ModelT(), schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = self.inputs, outputs or [self.current]
        model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, self.codes, [graph], self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def write(self, path: Path, outputs=None) -> Path:
        path.write_bytes(self.content(outputs))
        return path


def random_inputs(dtype: str, shape: tuple[int, ...], n: int, seed: int = 1) -> np.ndarray:
    """[n, *shape] values; half of the samples are mostly at their lowest, as images are."""
    random = np.random.default_rng(seed)
    if dtype == "int32":
        return random.integers(-9, 10, (n, *shape)).astype(np.int32)
    if dtype != "float32":
        limits = np.iinfo(dtype)
        values = random.integers(limits.min, limits.max + 1, (n, *shape)).astype(dtype)
        low = limits.min
    else:
        values, low = random.random((n, *shape), dtype=np.float32), np.float32(0)
    sparse = values[: n // 2]
    sparse[random.random(sparse.shape) < 0.6] = low
    return values


def bits(values: np.ndarray) -> np.ndarray:
    """The values as unsigned integers, so that -0.0 differs from 0.0."""
    return np.ascontiguousarray(values).view(f"u{values.itemsize}")


def _extent(extent, taps, stride, dilation, padding) -> int:
    reach = (taps - 1) * dilation + 1
    return -(-extent // stride) if padding == SAME else -(-(extent - reach + 1) // stride)
