"""Networks of the whole operator list against LiteRT's BUILTIN_REF, every layer: a sample always, 400 with HIL_FULL=1."""

import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from random_nets import STEPS, RandomNet
from tflite_kit import bits, random_inputs

from harness.models.codegen import plan_layout
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin, built

FULL = os.environ.get("HIL_FULL") == "1"
PER_TYPE = 80 if FULL else 3
GROUPS = 8 if FULL else 1  # test cases per type, so that workers can share
SAMPLES = 12
COMPILER = "gcc" if shutil.which("gcc") else "zig"  # gcc starts faster
INEXACT = {"EXP", "GELU", "LOGISTIC", "LOG_SOFTMAX", "SOFTMAX", "TANH", "UNIDIRECTIONAL_SEQUENCE_RNN"}  # in float


def seeds(group):
    return range(group, PER_TYPE, GROUPS)


def made(folder, dtype, seed):
    random = RandomNet(dtype, seed)
    net = random.grow()
    return random, net.write(folder / f"{dtype}_{seed}.tflite", random.final_outputs())


def compared(path):
    layout = plan_layout(path)
    inputs = [
        random_inputs(t.dtype, t.shape[1:], SAMPLES, seed) for seed, t in enumerate(layout.inputs, start=len(path.name))
    ]
    expected, found = LiteRt().run_layers(path, inputs), Twin(COMPILER).run_layers(path, inputs)
    return layout, [(k, expected[layout.result(k).index], found[layout.result(k).index]) for k in layout.kernels]


def check(random, path, dtype):
    """How many layers were compared."""
    layout, results = compared(path)
    blurred: set[int] = set()  # tensors that a float exp has a part in
    for kernel, expected, found in results:
        what = f"{path.name} {random.steps}: {kernel.name}"
        sources = {layout.program.storage[s] for s in kernel.sources if isinstance(s, int)}
        if dtype == "float32" and (kernel.layer.op in INEXACT or sources & blurred):
            if not sources & blurred:
                limit = 1e-6 if kernel.layer.op == "UNIDIRECTIONAL_SEQUENCE_RNN" else 2.5e-7  # sums in another order
                assert np.abs(expected - found).max() <= limit * max(1.0, np.abs(expected).max()), what
            elif expected.dtype == np.float32:  # places (ARG_MAX, TOPK_V2) jump
                assert np.abs(expected - found).max() <= 1e-5 * max(1.0, np.abs(expected).max()), what
            blurred.add(layout.result(kernel).index)
        else:
            assert np.array_equal(bits(expected), bits(found)), what
    return len(results)


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.parametrize("dtype", STEPS)
def test_random_networks_equal_litert_on_every_layer(tmp_path, dtype, group):
    networks = [made(tmp_path, dtype, seed) for seed in seeds(group)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda entry: built(entry[1], COMPILER), networks))
    assert sum(check(random, path, dtype) for random, path in networks) >= 3 * len(networks)


@pytest.mark.parametrize("dtype", STEPS)
def test_the_full_run_draws_every_step_of_the_list(dtype):
    drawn = Counter()
    for seed in range(80):
        random = RandomNet(dtype, seed)
        random.grow()
        drawn.update(random.steps)
    assert set(STEPS[dtype].split()) - set(drawn) == set()
