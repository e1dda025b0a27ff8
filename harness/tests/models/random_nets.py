"""Networks drawn at random from the whole operator list, for comparing the engine with LiteRT on every layer."""

from __future__ import annotations

import numpy as np
from tflite_kit import SAME, VALID
from tflite_ops import RichNet

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
)
_VALUES_MAX = 3000  # elements of a tensor: keeps one network in the milliseconds


class RandomNet:
    """Grows a network step by step. ``steps`` names what was drawn."""

    def __init__(self, dtype: str, seed: int) -> None:
        self.random = np.random.default_rng([seed, dtype == "int8"])
        shape = (self.integer(4, 11), self.integer(4, 11), self.integer(1, 7))
        scale, zero = float(self.random.uniform(0.01, 0.1)), self.integer(-128, 127)
        self.net = RichNet(dtype, shape, self.random, scale, zero)
        self.steps: list[str] = []
        self.outputs: list[int] = []

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def pick(self, *choices):
        return choices[self.integer(0, len(choices) - 1)]

    def grow(self) -> RichNet:
        for _ in range(self.integer(2, 7)):
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
