"""The fast kernels as a Cortex-M4 executes them: shapes at the edges of their loops against LiteRT, and all compilers take them."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from lstm_nets import LstmNet
from tflite_kit import SAME, VALID, random_inputs
from tflite_ops import RichNet

from harness.enginebench import Board, compiled
from harness.models.kernels import kernel_includes
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin
from harness.paths import shipped

RELU6 = 3
M4 = {
    "zig": [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp", "-fno-lto"],
    "gcc": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
}  # fmt: skip
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os", "-O3 -fno-omit-frame-pointer", "-O2 -g -fPIC"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("compiler", M4)
def test_the_fast_kernels_compile_at_every_optimisation_level(tmp_path, compiler, level):
    if compiler == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    engine = shipped("firmware") / "engine"
    flags = [
        "-std=c99",
        "-ffreestanding",
        "-ffp-contract=off",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Werror",
        *level.split(),
    ]
    includes = [f"-I{path}" for path in kernel_includes(engine)]
    unit = tmp_path / "all.c"
    for source in sorted((engine / "fast").glob("*.c")):
        unit.write_text(f'#include "{source.as_posix()}"\n')
        command = [*M4[compiler], *flags, *includes, "-c", str(unit), "-o", str(tmp_path / "all.o")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, f"{source.name} {level}: {done.stderr[-2000:]}"


class Branches:
    """Many layers on one input, each an output: one image for all of them."""

    def __init__(self, shape, seed):
        self.net = RichNet("int8", shape, np.random.default_rng(seed), 0.04, -11)
        self.start, self.ends = self.net.current, []

    def add(self, layer, *args, after=None, **kw):
        self.net.current = self.start if after is None else after
        getattr(self.net, layer)(*args, **kw)
        self.ends.append(self.net.current)
        return self.net.current


def convolutions():
    """Filters that are and are not a multiple of four, every number of groups modulo four, odd numbers of pixels."""
    b = Branches((5, 7, 5), 1)
    for channels in (1, 2, 3, 4, 5, 6, 7, 8):
        b.add("conv", channels, (1, 1), activation=RELU6 if channels % 2 else 0)
    for kernel in ((2, 1), (3, 3), (1, 2), (2, 3), (5, 7), (4, 4)):
        b.add("conv", 6, kernel, (1, 1), SAME)
        b.add("conv", 4, kernel, (2, 1), VALID if kernel != (5, 7) else SAME)
    b.add("conv", 8, (3, 3), (1, 1), SAME, (2, 2))
    return b


def depthwise():
    """3 x 3 with each stride, padding and dilation; images where every column is at an edge; other windows; multipliers."""
    b = Branches((9, 6, 6), 2)
    for stride in ((1, 1), (2, 2), (1, 2), (3, 1)):
        for padding in (SAME, VALID):
            b.add("conv", 1, (3, 3), stride, padding, depthwise=True, activation=RELU6 if stride[0] == 2 else 0)
    for dilation in ((2, 2), (1, 2), (3, 3)):
        b.add("conv", 1, (3, 3), (1, 1), SAME, dilation, depthwise=True)
    for width in (1, 2, 3):
        narrow = b.add("conv", 8, (1, 6 - width + 1), (1, 1), VALID)
        b.add("conv", 1, (3, 3), (1, 1), SAME, depthwise=True, after=narrow)
        b.add("conv", 1, (3, 3), (2, 2), SAME, depthwise=True, after=narrow)
        b.add("conv", 1, (3, 3), (1, 1), SAME, (2, 2), depthwise=True, after=narrow)
    flat = b.add("conv", 4, (9, 1), (1, 1), VALID)
    b.add("conv", 1, (3, 3), (1, 1), SAME, depthwise=True, after=flat)
    for kernel in ((5, 5), (1, 3), (8, 6)):
        b.add("conv", 1, kernel, (1, 1), SAME, depthwise=True)
    for multiplier in (2, 3, 4, 8):
        b.add("conv", multiplier, (3, 2), (1, 1), SAME, depthwise=True, activation=RELU6 if multiplier == 8 else 0)
    return b


def dense():
    """Inputs of every length modulo eight, outputs modulo four."""
    b = Branches((1, 1, 24), 3)
    for inputs in (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 23):
        part = b.add("slice", (0, 0, 0, 0), (1, 1, 1, inputs), (1, 1, 1, 1))
        b.add("dense", 4 + inputs % 4, after=part)
    return b


@pytest.mark.parametrize("compiler", M4)
@pytest.mark.parametrize("branches", [convolutions, depthwise, dense])
def test_the_fast_kernels_on_the_target_equal_litert_at_the_edges_of_their_loops(tmp_path, branches, compiler):
    if compiler == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    b = branches()
    path = b.net.write(tmp_path / "net.tflite", b.ends)
    board = Board(image := compiled(path, tmp_path, kernels="fast", compiler=compiler))
    (tensor,) = image.generated.layout.inputs
    inputs = random_inputs("int8", tensor.shape[1:], 4)
    expected, twin = LiteRt().run_layers(path, inputs), Twin(kernels="fast").run_layers(path, inputs)
    for i, sample in enumerate(inputs):
        for index, values in board.run_layers(sample).items():
            what = f"sample {i}, {b.net.tensors[index].name}, shape {list(b.net.tensors[index].shape)}"
            assert values.tobytes() == expected[index][i].tobytes(), f"{what}, against LiteRT"
            assert values.tobytes() == twin[index][i].tobytes(), f"{what}, against the twin"


@pytest.mark.parametrize(("features", "cells"), [(3, 5), (4, 4), (9, 6)])
def test_an_lstm_on_the_target_equals_litert(tmp_path, features, cells):
    net = LstmNet("int8", (6, features), np.random.default_rng(features), 0.03, -7)
    net.lstm(cells)
    path = net.write(tmp_path / "net.tflite")
    board = Board(image := compiled(path, tmp_path, kernels="fast", compiler="zig"))
    (tensor,) = image.generated.layout.inputs
    inputs = random_inputs("int8", tensor.shape[1:], 6)
    for sample, expected in zip(inputs, LiteRt().run(path, inputs), strict=True):
        board.run(sample)
        assert board.output().tobytes() == expected.tobytes()
