"""Many networks in one: one float input that all of them read, one float output with all their results behind each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from op_nets import OpNet

_NAMES = {0: "float32", 2: "int32", 3: "uint8", 6: "bool", 7: "int16", 9: "int8"}


def chained(dtype: str, random: np.random.Generator) -> OpNet:
    """The operators that have no case of their own, since other networks of the tests are made of them."""
    net = OpNet(dtype, (5, 6, 4), random, 0.03, -3)
    clamped = []
    for name in ("RELU_N1_TO_1", "RELU6", "RELU"):
        net.current = net.inputs[0]
        clamped.append(net.unary(name))
    net.concat(clamped, 1)
    net.leaky(0.25)
    net.unary("HARD_SWISH", *net.quantisation())
    net.pad([(0, 0), (1, 0), (0, 2), (1, 1)])
    rows = net.add_tensor("p", (4, 2), "int32", data=np.array([[0, 0], [0, 1], [0, 0], [0, 0]], np.int32))
    scale = (net.scale(), net.zero_point()) if net.quantised else (None, 0)
    value = net.add_tensor("v", (), dtype, *scale, np.array(7, dtype))
    net.op("PADV2", [net.current, rows, value], (1, 17, 8, 6), kind="PadV2Options")
    net.transpose([0, 2, 1, 3])
    net.slice((0, 1, 0, 0), (1, 8, 17, 6), (1, 2, 3, 1))
    first, second = net.split(3, 2)
    net.concat([second, first], 2)
    sizes = [(1, 4, 5, 3), (1, 4, 7, 3)]
    parts = net.op("SPLIT_V", [net.current, net.ints(5, 7), net.scalar(2)], sizes, kind="SplitVOptions", numSplits=2)
    net.concat(parts[::-1], 2)
    layers = net.op("UNPACK", [net.current], [(1, 12, 3)] * 4, kind="UnpackOptions", num=4, axis=1)
    net.op("PACK", layers[::-1], (1, 12, 4, 3), kind="PackOptions", valuesCount=4, axis=2)
    return net


def place(name: str, dtype: str, random: np.random.Generator) -> OpNet:
    """ARG_MAX or ARG_MIN."""
    net = OpNet(dtype, (9, 7), random, 0.03, -3)
    options = {"kind": f"{'ArgMax' if name == 'ARG_MAX' else 'ArgMin'}Options", "outputType": 2}
    net.op(name, [net.current, net.ints(2)], (1, 9), dtype="int32", **options)
    return net


@dataclass(frozen=True)
class Piece:
    """Where a network's result lies in the output."""

    name: str
    start: int
    end: int


class Merged:
    """``values``: the size of the input. Integers are made of the floats at the door, and floats of the results: both exact.
    Of each result the last ``most`` values come out, since all of them lie in memory at once."""

    def __init__(self, values: int, most: int, seed: int) -> None:
        self.values, self.most = values, most
        self.net = OpNet("float32", (values,), np.random.default_rng(seed))
        self.start, self.random = self.net.current, np.random.default_rng(seed)
        self.ends: list[int] = []
        self.pieces: list[Piece] = []

    def add(self, name: str, other: OpNet, outputs=None) -> None:
        """Takes a network in."""
        net, offset = self.net, len(self.net.tensors)
        buffers, codes = len(net.buffers), len(net.codes)
        net.buffers += other.buffers[1:]
        net.codes += other.codes
        for tensor in other.tensors:
            tensor.buffer = tensor.buffer and tensor.buffer + buffers - 1
        net.tensors += other.tensors
        for source in other.inputs:
            self._fed(offset + source, name.partition("-")[0] in ("LOG", "RSQRT", "SQRT"))
        for operator in other.operators:
            operator.opcodeIndex += codes
            for field in ("inputs", "outputs", "intermediates"):
                tensors = getattr(operator, field)
                if tensors is not None:
                    setattr(operator, field, [t if t < 0 else t + offset for t in tensors])
        net.operators += other.operators
        for output in outputs or [other.current]:
            self._taken(name, offset + output)

    def write(self, path):
        """The file: all results, concatenated."""
        total = self.pieces[-1].end
        self.net.current = self.start
        self.net.op(
            "CONCATENATION", self.ends, (1, total), kind="ConcatenationOptions", axis=1, fusedActivationFunction=0
        )
        return self.net.write(path)

    def _fed(self, target: int, positive: bool) -> None:
        """The network's input: some of the floats, as its type."""
        net, tensor = self.net, self.net.tensors[target]
        shape, dtype = tuple(tensor.shape), _NAMES[tensor.type]
        n = int(np.prod(shape))
        begin = int(self.random.integers(0, self.values - n + 1))
        net.current = self.start
        row = net.op("SLICE", [self.start, net.ints(0, begin), net.ints(1, n)], (1, n), kind="SliceOptions")
        if positive:
            row = net.op("ABS", [row], (1, n))
        if dtype == "int32":  # as far from 0 as integers need to be
            wide = net.add_tensor("c", (), "float32", data=np.float32(4))
            row = net.op("MUL", [row, wide], (1, n), kind="MulOptions", fusedActivationFunction=0)
        if dtype == "float32":
            net.add_operator("RESHAPE", [row, net.ints(*shape)], target)
            return
        shaped = net.op("RESHAPE", [row, net.ints(*shape)], shape, kind="ReshapeOptions")
        name = "CAST" if dtype == "int32" else "QUANTIZE"
        net.add_operator(name, [shaped], target)

    def _taken(self, name: str, source: int) -> None:
        net = self.net
        tensor = net.tensors[source]
        shape, dtype = tuple(tensor.shape), _NAMES[tensor.type]
        n = int(np.prod(shape))
        net.current = source
        if dtype != "float32":
            op = "CAST" if dtype == "int32" else "DEQUANTIZE"
            net.op(op, [source], shape, dtype="float32", kind="NONE")
        net.op("RESHAPE", [net.current, net.ints(1, n)], (1, n), dtype="float32", kind="ReshapeOptions")
        if n > self.most:
            at = [net.ints(0, n - self.most), net.ints(1, self.most)]
            n = self.most
            net.op("SLICE", [net.current, *at], (1, n), kind="SliceOptions")
        self.ends.append(net.current)
        begin = self.pieces[-1].end if self.pieces else 0
        self.pieces.append(Piece(name, begin, begin + n))
