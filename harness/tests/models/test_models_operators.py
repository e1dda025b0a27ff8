"""Each operator of the list, in each type, against LiteRT's BUILTIN_REF on every layer; then the same C under the sanitizers."""

import os
import shutil
import subprocess

import host_c
import numpy as np
import pytest
from host_c import compiled, linked, sanitizing
from op_nets import CASES, OpNet
from tflite_kit import bits, random_inputs

from harness.models.codegen import generate, plan_layout
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

FULL = os.environ.get("HIL_FULL") == "1"
SEEDS = range(6 if FULL else 1)
SAMPLES = 12
COMPILER = "gcc" if shutil.which("gcc") else "zig"  # gcc starts faster
FLOAT_LIMIT = 2.5e-7
# Operators whose float32 form is our own approximation of what LiteRT takes from libm or Eigen.
# Where the reference's own tanh (Eigen's, with 1e-7 of its own) is multiplied by the input; where it sums four at a time.
WIDER = {
    "GELU-approximate-float32": 1e-6,
    "SVDF-float32": 2.5e-6,
    "UNIDIRECTIONAL_SEQUENCE_RNN-float32": 1e-6,  # LiteRT sums four products at a time
}
APPROXIMATED = {
    "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "COS",
    "ELU",
    "EXP",
    "GELU",
    "LOG",
    "LOGISTIC",
    "LOG_SOFTMAX",
    "SIN",
    "SOFTMAX",
    "TANH",
}


def made(name, seed, folder):
    net = CASES[name](np.random.default_rng([seed, len(name)]))
    return net.write(folder / f"{name}_{seed}.tflite", getattr(net, "outputs", None))


def inputs_of(layout, seed, n=SAMPLES):
    """Integers over their whole range; floats of both signs, around 1, with some zeros."""
    given = [random_inputs(t.dtype, t.shape[1:], n, seed + i) for i, t in enumerate(layout.inputs)]
    random = np.random.default_rng(seed)
    for array in given:
        if array.dtype == np.float32:
            array[...] = random.normal(0, 2, array.shape)
            array[random.random(array.shape) < 0.1] = 0
    return given


def same(expected, found):
    """Bit for bit; any NaN is one NaN."""
    both = np.isnan(expected) & np.isnan(found) if expected.dtype == np.float32 else np.zeros(expected.shape, bool)
    return ((bits(expected) == bits(found)) | both).all()


def near(expected, found, what, limit):
    """Within the limit, relative where values are beyond 1."""
    with np.errstate(invalid="ignore"):
        off = np.abs(expected - found) > limit * np.maximum(1, np.abs(expected))
    assert not off.any(), f"{what}: {expected[off][:4]} here {found[off][:4]}"
    assert np.array_equal(np.isnan(expected), np.isnan(found)), what


@pytest.mark.parametrize("name", CASES)
def test_the_operator_equals_litert(tmp_path, name):
    for seed in SEEDS:
        path = made(name, seed, tmp_path)
        layout = plan_layout(path)
        inputs = inputs_of(layout, seed)
        expected = LiteRt().run_layers(path, inputs)
        found = Twin(COMPILER).run_layers(path, inputs)
        fast = Twin(COMPILER, kernels="fast").run_layers(path, inputs) if FULL else found
        blurred = False
        for kernel in layout.kernels:
            tensor = layout.result(kernel)
            ours, theirs = found[tensor.index], expected[tensor.index]
            assert np.array_equal(bits(ours), bits(fast[tensor.index])), kernel.name
            blurred |= tensor.dtype == "float32" and kernel.layer.op in APPROXIMATED
            if blurred:
                near(theirs, ours, kernel.name, WIDER.get(name, FLOAT_LIMIT))
            else:
                assert same(theirs, ours), (kernel.name, seed)
        assert len(np.unique(found[layout.outputs[0].index])) > 1, "a constant result shows nothing"


@pytest.mark.parametrize("asymmetric", [True, False])
def test_data_between_two_steps_of_its_quantisation_goes_to_the_one_that_litert_takes(tmp_path, asymmetric):
    """A dense layer that gives out what its data was quantised to; a tie before the zero point is added is none after."""
    n, random = 64, np.random.default_rng(1)
    net = OpNet("float32", (n,), random)
    w = net.add_tensor("w", (n, n), "int8", np.full(n, 1 / 127), 0, (np.eye(n) * 127).astype(np.int8))
    options = {"asymmetricQuantizeInputs": asymmetric, "fusedActivationFunction": 0}
    net.op("FULLY_CONNECTED", [net.current, w, -1], (1, n), kind="FullyConnectedOptions", **options)
    path = net.write(tmp_path / "net.tflite")
    high, low = random.uniform(0.1, 5, (2, 60, 1)) * [[[1]], [[-1]]]
    low[::3] = 0
    step = (high - low) / 255 if asymmetric else np.maximum(high, -low) / 127
    ties = (random.integers(-120, 120, (60, n)) + 0.5) * step
    inputs = np.clip(ties, low, high).astype(np.float32)
    inputs[:, 0], inputs[:, 1] = high[:, 0], low[:, 0]
    assert np.array_equal(LiteRt().run(path, inputs), Twin(COMPILER).run(path, inputs))


PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include "engine.h"
extern const hil_engine *const engines[];
int main(int n, char **arguments)
{
    const hil_engine *engine = engines[n > 1 ? atoi(arguments[1]) : 0];
    void *arena = 0;
    if (posix_memalign(&arena, 16, engine->arena_bytes) || engine->init(arena, engine->arena_bytes)) {
        return 2;
    }
    for (;;) {
        for (uint32_t i = 0; i < engine->n_inputs; ++i) {
            const hil_tensor *t = engine->input(i);
            if (fread(t->data, 1, t->bytes, stdin) != t->bytes) {
                return 0;
            }
        }
        if (engine->run(0, 0)) {
            return 3;
        }
        for (uint32_t i = 0; i < engine->n_outputs; ++i) {
            fwrite(engine->output(i)->data, 1, engine->output(i)->bytes, stdout);
        }
    }
}
"""
NAMES = list(CASES)


def unit(number, generated):
    """The generated C as one file whose names are its own: all the networks are linked into one program."""
    include = '#include "model.h"\n'
    code = generated.model_c.read_text("utf-8")
    assert include in code
    own = "".join(f"#define {name} {name}_{number}\n" for name in ("hil_engine_active", "hil_model_weights"))
    return own + code.replace(include, generated.model_h.read_text("utf-8"))


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory, folder_of_the_run):
    """One program of all the networks and the plain kernels, compiled with sanitizers; it takes a network's number."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed; zig has no address sanitizer")
    folder, command = tmp_path_factory.mktemp("sanitized"), sanitizing("gcc")
    for number, name in enumerate(NAMES):
        generated = generate(made(name, 0, folder), folder / name)
        (folder / f"net_{number}.c").write_text(unit(number, generated), "utf-8")
    engines = [f"hil_engine_active_{number}" for number in range(len(NAMES))]
    table = "".join(f"extern const hil_engine {engine};\n" for engine in engines)
    table += f"const hil_engine *const engines[] = {{{', '.join(f'&{engine}' for engine in engines)}}};\n"
    (folder / "main.c").write_text(PROGRAM + table)
    files = host_c.kernels(command, "plain", folder_of_the_run)
    files += compiled(command, sorted(folder.glob("*.c")), folder_of_the_run)
    return linked(command, files, folder / "program")


@pytest.mark.parametrize("name", NAMES)
def test_the_operator_s_generated_c_runs_clean_under_the_sanitizers(tmp_path, sanitized, name):
    layout = plan_layout(made(name, 0, tmp_path))
    inputs = inputs_of(layout, 0)
    rows = b"".join(array[i].tobytes() for i in range(SAMPLES) for array in inputs)
    done = subprocess.run(
        [sanitized, str(NAMES.index(name))],
        input=rows,
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr[-2000:]
    assert len(done.stdout) == SAMPLES * sum(t.n_bytes for t in layout.outputs)
