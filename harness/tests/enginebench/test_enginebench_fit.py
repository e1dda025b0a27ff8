"""Networks of MLPerf Tiny's size: exact, and within 512 KB of flash and 128 KB of RAM with the whole firmware around them."""

import numpy as np
import pytest

from harness import build
from harness.enginebench import Board, compiled
from harness.enginebench.measure import random_sample
from harness.models import load_model, reference
from harness.models.codegen import generate
from harness.models.kernels import KERNEL_SETS
from harness.paths import shipped

LARGE = ["bench_autoencoder_int8", "bench_mobilenet_int8", "bench_resnet8_int8"]
F446 = shipped("firmware") / "boards" / "nucleo_f446re"


@pytest.mark.parametrize("name", LARGE)
def test_the_firmware_with_the_network_fits_the_f446re(tmp_path, name):
    generate(load_model(name).path, tmp_path / "generated")
    image = build.build(F446, tmp_path / "generated", cache_dir=tmp_path / "cache")
    assert image.flash_bytes <= 512 * 1024
    assert image.ram_bytes <= 128 * 1024
    assert image.slots >= 2  # the next sample arrives while one is computed


@pytest.mark.parametrize(
    "name", [*LARGE, "bench_ds_cnn_int8", "bench_imu_int8", "bench_lock_int8", "bench_tiny_conv_int8"]
)
def test_the_network_on_the_target_equals_litert_on_every_layer(tmp_path, name):
    path = load_model(name).path
    images = [compiled(path, tmp_path / kernels, kernels=kernels, compiler="zig") for kernels in KERNEL_SETS]
    (tensor,) = images[0].generated.layout.inputs
    inputs = np.stack([random_sample(tensor, seed) for seed in range(3)])
    expected = reference.load("litert").run_layers(path, inputs)
    for image in images:
        board = Board(image)
        for i, sample in enumerate(inputs):
            for index, values in board.run_layers(sample).items():
                assert np.array_equal(values, expected[index][i].reshape(-1)), (image.elf.stem, i, index)
