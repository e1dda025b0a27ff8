"""Networks drawn at random from the whole operator list, for comparing the engine with LiteRT on every layer."""

from __future__ import annotations

import numpy as np
from op_nets import OpNet, rnn
from tflite_kit import SAME, VALID
from typed_nets import HybridNet, WideNet

_WEIGHTED = "conv conv images dilated depthwise grouped max average dense residual"
_MOVED = "pad concat split transpose slice reshape mirror tile gather rows update reverse batches nearest"
_COMPUTED = "constant self second_input mean two_values reduce choose"
_INT8 = "product relu relu6 relu_n1 leaky hard_swish quantize one_value prelu l2 matmul greatest blocks resize transpose_conv"
_FLOAT = "sum relu relu6 relu_n1 leaky hard_swish prelu l2 matmul greatest running blocks resize transpose_conv"
#: What is drawn from, for each type. The mixed type leaves out what is not exact: a step further in the next layer's
#: quantisation is no rounding any more.
STEPS = {
    "int8": f"{_WEIGHTED} {_MOVED} {_COMPUTED} {_INT8} logistic tanh",
    "float32": f"{_WEIGHTED} {_MOVED} {_COMPUTED} {_FLOAT} one_value logistic tanh recurrent",
    "uint8": f"{_WEIGHTED} {_MOVED} {_COMPUTED} {_INT8} logistic tanh",
    "int16": f"{_WEIGHTED} {_MOVED} {_COMPUTED} product logistic tanh",
    "hybrid": f"{_WEIGHTED} {_MOVED} {_COMPUTED} {_FLOAT}",
}
_VALUES_MAX = 3000  # elements of a tensor: keeps one network in the milliseconds


class RandomNet:
    """Grows a network step by step. ``steps`` names what was drawn."""

    def __init__(self, dtype: str, seed: int) -> None:
        self.dtype, self.random = dtype, np.random.default_rng([seed, [*STEPS].index(dtype)])
        shape = (self.integer(4, 11), self.integer(4, 11), self.integer(1, 7))
        scale, zero = float(self.random.uniform(0.01, 0.1)), self.integer(-128, 127)
        match dtype:
            case "int16":
                self.net: OpNet = WideNet(dtype, shape, self.random, scale / 100, 0)
            case "hybrid":
                self.net = HybridNet("float32", shape, self.random)
            case "uint8":
                self.net = OpNet(dtype, shape, self.random, scale, zero + 128)
                self.net.op("QUANTIZE", [self.net.current], self.net.shape(), (scale, zero), "int8", "QuantizeOptions")
                self.net.dtype = "int8"
            case _:
                self.net = OpNet(dtype, shape, self.random, scale, zero)
        self.steps: list[str] = []
        self.outputs: list[int] = []

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def pick(self, *choices):
        return choices[self.integer(0, len(choices) - 1)]

    def grow(self) -> OpNet:
        for _ in range(self.integer(3, 9)):
            step = self.pick(*STEPS[self.dtype].split())
            self.steps.append(step)
            getattr(self, step)()
            if self.pick(*range(8)) == 0:
                self.outputs.append(self.net.current)
        self.end()
        if self.dtype == "uint8" and self.net.tensor_dtype() == "int8":
            q = (self.net.scale(), self.net.zero_point() + 128)
            self.net.op("QUANTIZE", [self.net.current], self.net.shape(), q, "uint8", "QuantizeOptions")
        return self.net

    def end(self) -> None:
        net, exact = self.net, self.dtype == "hybrid"
        match self.pick("softmax", "log_softmax", "logistic", "arg_max", "plain", "plain"):
            case "softmax" if net.shape()[-1] <= 511 and not exact and (self.dtype != "int16" or net.scale() < 0.002):
                net.squashed("SOFTMAX")
            case "log_softmax" if self.dtype in ("int8", "uint8", "float32"):
                q = (1 / 16, 127) if net.quantised else ()
                net.op("LOG_SOFTMAX", [net.current], net.shape(), q, kind="LogSoftmaxOptions")
            case "logistic" if not exact:
                net.squashed("LOGISTIC")
            case "arg_max" if self.dtype != "int16":
                net.arg_max(len(net.shape()) - 1)
            case _:
                net.dense(self.integer(1, 12), self.pick(0, 1), per_channel=self.pick(True, False))

    def final_outputs(self) -> list[int]:
        """Every output, the last layer's first; each once."""
        return list(dict.fromkeys([self.net.current, *self.outputs]))

    def image(self) -> None:
        """Make the current tensor an image of bounded size."""
        net = self.net
        if len(net.shape()) != 4:
            net.reshape((1, 1, 1, int(np.prod(net.shape()))))
        if np.prod(net.shape()) > _VALUES_MAX or net.shape()[3] > 64:
            net.mean([1, 2])
            net.conv(self.integer(1, 8), (1, 1))

    def window(self) -> dict:
        return {"stride": (self.pick(1, 1, 2, 3), self.pick(1, 1, 2)), "padding": self.pick(SAME, VALID)}

    def kernel(self) -> tuple[int, int]:
        _, h, w, _ = self.net.shape()
        return self.integer(1, min(h, 5)), self.integer(1, min(w, 4))

    def conv(self) -> None:
        self.image()
        self.net.conv(
            self.integer(1, 11),
            self.kernel(),
            **self.window(),
            activation=self.pick(0, 1, 2, 3),
            per_channel=self.pick(True, False),
        )

    def dilated(self) -> None:
        self.image()
        depthwise = self.pick(True, False)
        dilation = (self.pick(1, 2, 3), self.pick(2, 3))
        self.net.conv(self.integer(1, 3), (2, 2), padding=SAME, dilation=dilation, depthwise=depthwise)

    def depthwise(self) -> None:
        self.image()
        self.net.conv(
            self.pick(1, 1, 2, 3), self.kernel(), **self.window(), activation=self.pick(0, 1, 3), depthwise=True
        )

    def grouped(self) -> None:
        self.image()
        groups = self.pick(2, 3, 4)
        self.net.conv(groups * self.integer(1, 3), (1, 1))
        self.net.grouped(groups, self.integer(1, 3), self.kernel(), **self.window(), activation=self.pick(0, 1))

    def transpose_conv(self) -> None:
        self.image()
        if np.prod(self.net.shape()) < _VALUES_MAX // 9:
            stride = (self.pick(1, 2, 3), self.pick(1, 2))
            kernel = (self.integer(1, 4), self.integer(1, 3))
            self.net.transpose_conv(self.integer(1, 5), kernel, stride, self.pick(SAME, VALID), self.pick(True, False))

    def max(self) -> None:
        self.image()
        self.net.pool("MAX_POOL_2D", self.kernel(), **self.window(), activation=self.pick(0, 1))

    def average(self) -> None:
        self.image()
        self.net.pool("AVERAGE_POOL_2D", self.kernel(), **self.window(), activation=self.pick(0, 3))

    def dense(self) -> None:
        if np.prod(self.net.shape()) > _VALUES_MAX:
            self.image()
        bias, per_channel = self.pick(True, False), self.pick(True, False)
        self.net.dense(self.integer(1, 20), self.pick(0, 1), bias=bias, per_channel=per_channel)

    def residual(self) -> None:
        self.image()
        before = self.net.current
        channels = self.net.shape()[3]
        self.net.conv(channels, (self.pick(1, 3), self.pick(1, 3)), per_channel=self.pick(True, False))
        self.net.binary(self.pick("ADD", "SUB", "MUL"), before, self.pick(0, 1, 3), self.pick(True, False))

    def constant(self) -> None:
        shape = [self.pick(1, e) for e in self.net.shape()]
        other = self.net.values(tuple(shape[self.pick(0, len(shape) - 1) :]))
        self.net.binary(self.pick("ADD", "SUB", "MUL"), other, self.pick(0, 1, 2), self.pick(True, False))

    def self(self) -> None:
        self.net.binary(self.pick("ADD", "MUL"), self.net.current)

    def second_input(self) -> None:
        other = self.net.second_input([self.pick(1, e, e) for e in self.net.shape()[1:]])
        self.net.binary(self.pick("ADD", "SUB", "MUL"), other, 0, self.pick(True, False))

    def mean(self) -> None:
        rank = len(self.net.shape())
        axes = sorted({self.integer(1, rank - 1) for _ in range(self.integer(1, 2))})
        if rank == 4 and self.pick(True, False):
            axes = [1, 2]
        self.net.mean(axes, keep=rank < 3 or self.pick(True, False))

    def pad(self) -> None:
        if np.prod(self.net.shape()) < _VALUES_MAX:
            rank = len(self.net.shape())
            self.net.pad([(0, 0), *((self.integer(0, 2), self.integer(0, 2)) for _ in range(rank - 1))])

    def concat(self) -> None:
        axis = self.integer(1, len(self.net.shape()) - 1)
        first = self.net.current
        if self.dtype == "int16":  # which has no RELU of its own
            self.reverse()
            parts = [first, self.net.current, first]
        else:
            parts = [first, self.net.unary("RELU"), self.net.unary("RELU6")]
        self.net.concat(parts[: self.integer(2, 3)], axis)

    def split(self) -> None:
        shape = self.net.shape()
        for axis in range(len(shape) - 1, 0, -1):
            parts = next((n for n in (3, 2) if shape[axis] % n == 0), 1)
            if parts > 1:
                found = self.net.split(axis, parts)
                self.net.concat(found[::-1][: self.integer(1, parts)], self.integer(1, len(shape) - 1))
                return

    def transpose(self) -> None:
        rank = len(self.net.shape())
        self.net.transpose([0, *(1 + self.random.permutation(rank - 1)).tolist()])

    def slice(self) -> None:
        begin, end, stride = [0], [1], [1]
        for extent in self.net.shape()[1:]:
            low = self.integer(0, extent - 1)
            begin.append(low)
            end.append(self.integer(low + 1, extent))
            stride.append(self.pick(1, 1, 2))
        self.net.slice(begin, end, stride)

    def reshape(self) -> None:
        shape = self.net.shape()
        self.net.reshape((1, shape[-1], int(np.prod(shape[:-1])) or 1))

    def relu(self) -> None:
        self.net.unary("RELU", *(self.net.quantisation() if self.pick(True, False) else ()))

    def relu6(self) -> None:
        self.net.unary("RELU6", *(self.net.quantisation() if self.pick(True, False) else ()))

    def relu_n1(self) -> None:
        self.net.unary("RELU_N1_TO_1", *(self.net.quantisation() if self.pick(True, False) else ()))

    def leaky(self) -> None:
        self.net.leaky(float(np.float32(self.random.uniform(0.01, 0.5))))

    def hard_swish(self) -> None:
        self.net.unary("HARD_SWISH", *self.net.quantisation())

    def logistic(self) -> None:
        self.net.squashed("LOGISTIC")

    def tanh(self) -> None:
        self.net.tanh()

    def quantize(self) -> None:
        if self.net.quantised:
            self.net.unary("QUANTIZE", *self.net.quantisation())

    def one_value(self) -> None:
        op = self.pick("ABS", "NEG", "GELU", *(["EXP"] if self.net.quantised else ["SQUARE"]))
        options = {"kind": "GeluOptions", "approximate": False} if op == "GELU" else {}
        q = self.net.quantisation() if op != "NEG" else ()
        self.net.op(op, [self.net.current], self.net.shape(), q, **options)

    def two_values(self) -> None:
        shape = tuple(self.pick(1, e) for e in self.net.shape())
        other, kind = self.net.values(shape), "MaximumMinimumOptions"
        op = self.pick("MAXIMUM", "MINIMUM", *(["SQUARED_DIFFERENCE"] if self.dtype != "int16" else []))
        if op == "SQUARED_DIFFERENCE":
            kind = "SquaredDifferenceOptions"
        self.net.op(op, [self.net.current, other], self.net.shape(), self.net.quantisation(), kind=kind)

    def reduce(self) -> None:
        shape = self.net.shape()
        axis = self.integer(1, len(shape) - 1)
        target = tuple(1 if i == axis else e for i, e in enumerate(shape))
        op = self.pick("REDUCE_MAX", "REDUCE_MIN")
        self.net.op(op, [self.net.current, self.net.ints(axis)], target, kind="ReducerOptions", keepDims=True)

    def product(self) -> None:
        shape = self.net.shape()
        axis = self.integer(1, len(shape) - 1)
        target = tuple(1 if i == axis else e for i, e in enumerate(shape))
        q = self.net.quantisation()
        operands = [self.net.current, self.net.ints(axis)]
        self.net.op("REDUCE_PROD", operands, target, q, kind="ReducerOptions", keepDims=True)

    def sum(self) -> None:
        shape = self.net.shape()
        axis = self.integer(1, len(shape) - 1)
        target = tuple(1 if i == axis else e for i, e in enumerate(shape))
        self.net.op("SUM", [self.net.current, self.net.ints(axis)], target, kind="ReducerOptions", keepDims=True)

    def mirror(self) -> None:
        self.image()
        net = self.net
        pads = np.zeros((4, 2), np.int32)
        for axis in (1, 2):
            pads[axis] = [self.integer(0, min(2, net.shape()[axis] - 1)) for _ in range(2)]
        rows = net.add_tensor("p", (4, 2), "int32", data=pads)
        shape = tuple(int(n) for n in np.array(net.shape()) + pads.sum(axis=1))
        net.op("MIRROR_PAD", [net.current, rows], shape, kind="MirrorPadOptions", mode=self.pick(0, 1))

    def tile(self) -> None:
        shape = self.net.shape()
        if np.prod(shape) < _VALUES_MAX // 3:
            times = [1, *(self.pick(1, 1, 2) for _ in shape[1:])]
            target = tuple(e * n for e, n in zip(shape, times, strict=True))
            self.net.op("TILE", [self.net.current, self.net.ints(*times)], target, kind="TileOptions")

    def gather(self) -> None:
        shape = self.net.shape()
        axis = self.integer(1, len(shape) - 1)
        taken = [self.integer(0, shape[axis] - 1) for _ in range(self.integer(1, 6))]
        target = (*shape[:axis], len(taken), *shape[axis + 1 :])
        self.net.op("GATHER", [self.net.current, self.net.ints(*taken)], target, kind="GatherOptions", axis=axis)

    def rows(self) -> None:
        """Other places in each row."""
        shape = self.net.shape()
        n = self.integer(1, 4)
        indices = self.random.integers(0, shape[-1], (*shape[:-1], n)).astype(np.int32)
        places = self.net.add_tensor("i", indices.shape, "int32", data=indices)
        options = {"kind": "GatherOptions", "axis": len(shape) - 1, "batchDims": len(shape) - 1}
        self.net.op("GATHER", [self.net.current, places], indices.shape, **options)

    def update(self) -> None:
        """Some of the tensor's beginning, again, anywhere in it."""
        net, shape = self.net, self.net.shape()
        whole, part = net.current, tuple(self.integer(1, e) for e in shape)
        some = net.op("SLICE", [whole, net.ints(*[0] * len(shape)), net.ints(*part)], part, kind="SliceOptions")
        at = net.ints(*(self.integer(-2, e) for e in shape))
        net.op("DYNAMIC_UPDATE_SLICE", [whole, some, at], shape, kind="DynamicUpdateSliceOptions")

    def images(self) -> None:
        """A convolution and a pool on four images at a time."""
        self.image()
        self._to_batches(self.pick(self.conv, self.max, self.average, self.depthwise))

    def recurrent(self) -> None:
        shape = self.net.shape()
        self.net.reshape((1, int(np.prod(shape[:-1])), shape[-1]))
        if self.net.shape()[1] <= 60:
            rnn(self.net, self.integer(1, 7), self.pick(1, 3, 4), self.pick(True, False) and self.net.shape()[1] == 1)

    def nearest(self) -> None:
        self._resize("RESIZE_NEAREST_NEIGHBOR")

    def reverse(self) -> None:
        axis = self.integer(1, len(self.net.shape()) - 1)
        self.net.op("REVERSE_V2", [self.net.current, self.net.ints(axis)], self.net.shape(), kind="ReverseV2Options")

    def blocks(self) -> None:
        self.image()
        net = self.net
        n, h, w, c = net.shape()
        if h % 2 == 0 and w % 2 == 0:
            target = (n, h // 2, w // 2, 4 * c)
            net.op("SPACE_TO_DEPTH", [net.current], target, kind="SpaceToDepthOptions", blockSize=2)
        else:
            net.conv(8, (1, 1))
            net.op("DEPTH_TO_SPACE", [net.current], (n, 2 * h, 2 * w, 2), kind="DepthToSpaceOptions", blockSize=2)

    def batches(self) -> None:
        """To batches and back: what a dilated convolution was in older converters, without the convolution."""
        self.image()
        self._to_batches(None)

    def _to_batches(self, between) -> None:
        net = self.net
        _, h, w, c = net.shape()
        pads = np.array([[0, h % 2], [1, (w + 1) % 2]], np.int32)
        there = net.add_tensor("p", (2, 2), "int32", data=pads)
        high, wide = (h + int(pads[0].sum())) // 2, (w + int(pads[1].sum())) // 2
        kind = "SpaceToBatchNDOptions"
        net.op("SPACE_TO_BATCH_ND", [net.current, net.ints(2, 2), there], (4, high, wide, c), kind=kind)
        if between is not None:
            between()
            pads = np.zeros((2, 2), np.int32)
        back = net.add_tensor("p", (2, 2), "int32", data=pads)
        _, high, wide, c = net.shape()
        shape = (1, 2 * high - int(pads[0].sum()), 2 * wide - int(pads[1].sum()), c)
        net.op("BATCH_TO_SPACE_ND", [net.current, net.ints(2, 2), back], shape, kind="BatchToSpaceNDOptions")

    def resize(self) -> None:
        self._resize(self.pick("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"))

    def _resize(self, name: str) -> None:
        self.image()
        net = self.net
        h, w = self.integer(1, 9), self.integer(1, 9)
        kind = "ResizeBilinearOptions" if name == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
        alignment = self.pick((False, False), (True, False), (False, True))
        options = dict(zip(("alignCorners", "halfPixelCenters"), alignment, strict=True))
        net.op(name, [net.current, net.ints(h, w)], (1, h, w, net.shape()[3]), kind=kind, **options)

    def prelu(self) -> None:
        self.image()
        slopes = self.net.values((1, 1, self.net.shape()[3]))
        self.net.op("PRELU", [self.net.current, slopes], self.net.shape(), self.net.quantisation())

    def l2(self) -> None:
        q = (1 / 128, 0) if self.net.quantised else ()
        options = {"kind": "L2NormOptions", "fusedActivationFunction": 0}
        self.net.op("L2_NORMALIZATION", [self.net.current], self.net.shape(), q, **options)

    def matmul(self) -> None:
        shape = self.net.shape()
        if len(shape) >= 3 and shape[-1] * shape[-2] ** 2 < 20 * _VALUES_MAX:
            target = (*shape[:-1], shape[-2])
            options = {"adjX": False, "adjY": True, "asymmetricQuantizeInputs": False}
            q = (self.net.scale() ** 2 * shape[-1] * 30, self.integer(-9, 9)) if self.net.quantised else ()
            self.net.op("BATCH_MATMUL", [self.net.current] * 2, target, q, kind="BatchMatMulOptions", **options)

    def choose(self) -> None:
        net, first = self.net, self.net.current
        if (net.quantised or self.dtype == "int16") and net.scale() < 1:
            where = net.op("LESS", [first, net.values(net.shape()[-1:])], net.shape(), dtype="bool", kind="LessOptions")
            net.current = first
            self.reverse()
            other = net.current
            net.op("SELECT_V2", [where, first, other], net.shape(), kind="SelectV2Options")

    def greatest(self) -> None:
        net, shape = self.net, self.net.shape()
        few = self.integer(1, shape[-1])
        target = (*shape[:-1], few)
        values, places = net.op("TOPK_V2", [net.current, net.scalar(few)], [target, target], kind="TopKV2Options")
        net.tensors[places].type, net.tensors[places].quantization = 2, None
        net.current = values

    def running(self) -> None:
        axis = self.integer(1, len(self.net.shape()) - 1)
        options = {"kind": "CumsumOptions", "exclusive": self.pick(True, False), "reverse": self.pick(True, False)}
        self.net.op("CUMSUM", [self.net.current, self.net.scalar(axis)], self.net.shape(), **options)
