"""Networks drawn at random from the whole operator list, for comparing the engine with LiteRT on every layer."""

from __future__ import annotations

import numpy as np
from op_nets import OpNet
from tflite_kit import SAME, VALID

STEPS = (
    *("conv", "conv", "dilated", "depthwise", "grouped", "transpose_conv", "max", "average", "dense"),
    *(
        "residual",
        "constant",
        "self",
        "second input",
        "mean",
        "pad",
        "concat",
        "split",
        "transpose",
        "slice",
        "reshape",
    ),
    *("relu", "relu6", "relu_n1", "leaky", "hard_swish", "logistic", "tanh", "quantize"),
    *(
        "one value",
        "two values",
        "reduce",
        "mirror",
        "tile",
        "gather",
        "reverse",
        "blocks",
        "batches",
        "resize",
        "prelu",
        "l2",
    ),
    *("matmul", "choose", "greatest", "running"),
)
_VALUES_MAX = 3000  # elements of a tensor: keeps one network in the milliseconds


class RandomNet:
    """Grows a network step by step. ``steps`` names what was drawn."""

    def __init__(self, dtype: str, seed: int) -> None:
        self.random = np.random.default_rng([seed, dtype == "int8"])
        shape = (self.integer(4, 11), self.integer(4, 11), self.integer(1, 7))
        scale, zero = float(self.random.uniform(0.01, 0.1)), self.integer(-128, 127)
        self.net = OpNet(dtype, shape, self.random, scale, zero)
        self.steps: list[str] = []
        self.outputs: list[int] = []

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def pick(self, *choices):
        return choices[self.integer(0, len(choices) - 1)]

    def grow(self) -> OpNet:
        for _ in range(self.integer(3, 9)):
            step = self.pick(*STEPS)
            self.steps.append(step)
            getattr(self, step.replace(" ", "_"))()
            if self.pick(*range(8)) == 0:
                self.outputs.append(self.net.current)
        match self.pick("softmax", "logistic", "arg_max", "plain", "plain"):
            case "softmax" if self.net.shape()[-1] <= 511:
                self.net.squashed("SOFTMAX")
            case "logistic":
                self.net.squashed("LOGISTIC")
            case "arg_max" if not self.outputs:
                self.net.arg_max(len(self.net.shape()) - 1)
            case _:
                self.net.dense(self.integer(1, 12), self.pick(0, 1), per_channel=self.pick(True, False))
        return self.net

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
        op = self.pick("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")
        if op == "SQUARED_DIFFERENCE":
            kind = "SquaredDifferenceOptions"
        self.net.op(op, [self.net.current, other], self.net.shape(), self.net.quantisation(), kind=kind)

    def reduce(self) -> None:
        shape = self.net.shape()
        axis = self.integer(1, len(shape) - 1)
        target = tuple(1 if i == axis else e for i, e in enumerate(shape))
        op = self.pick("REDUCE_MAX", "REDUCE_MIN", *([] if self.net.quantised else ["SUM"]))
        self.net.op(op, [self.net.current, self.net.ints(axis)], target, kind="ReducerOptions", keepDims=True)

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
        net = self.net
        _, h, w, c = net.shape()
        pads = np.array([[0, h % 2], [1, (w + 1) % 2]], np.int32)
        there = net.add_tensor("p", (2, 2), "int32", data=pads)
        back = net.add_tensor("p", (2, 2), "int32", data=pads)
        high, wide = (h + int(pads[0].sum())) // 2, (w + int(pads[1].sum())) // 2
        net.op(
            "SPACE_TO_BATCH_ND", [net.current, net.ints(2, 2), there], (4, high, wide, c), kind="SpaceToBatchNDOptions"
        )
        net.op("BATCH_TO_SPACE_ND", [net.current, net.ints(2, 2), back], (1, h, w, c), kind="BatchToSpaceNDOptions")

    def resize(self) -> None:
        self.image()
        net = self.net
        h, w = self.integer(1, 9), self.integer(1, 9)
        name = self.pick("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
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
        if net.quantised and net.scale() < 1:
            where = net.op("LESS", [first, net.values(net.shape()[-1:])], net.shape(), dtype="bool", kind="LessOptions")
            net.current = first
            other = net.unary("RELU")
            net.op("SELECT_V2", [where, first, other], net.shape(), kind="SelectV2Options")

    def greatest(self) -> None:
        net, shape = self.net, self.net.shape()
        few = self.integer(1, shape[-1])
        target = (*shape[:-1], few)
        values, places = net.op("TOPK_V2", [net.current, net.scalar(few)], [target, target], kind="TopKV2Options")
        net.tensors[places].type, net.tensors[places].quantization = 2, None
        net.current = values

    def running(self) -> None:
        if not self.net.quantised:
            axis = self.integer(1, len(self.net.shape()) - 1)
            options = {"kind": "CumsumOptions", "exclusive": self.pick(True, False), "reverse": self.pick(True, False)}
            self.net.op("CUMSUM", [self.net.current, self.net.scalar(axis)], self.net.shape(), **options)
