"""Generated code whose inputs lie outside the arena: the contract of engine.h that the firmware's slots rest on."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

from harness.models import load_model
from harness.models.codegen import generate
from harness.models.kernels import kernel_includes, kernel_sources
from harness.models.reference.twin import Twin
from harness.paths import shipped

PROGRAM = """
#include "engine.h"
#include "model.h"
static _Alignas(16) uint8_t arena[HIL_MODEL_CORE_BYTES];
int begin(uint32_t bytes) { return hil_engine_active.init(arena, bytes); }
int run(void) { return hil_engine_active.run(0, 0); }
int place(uint32_t i, void *data) { return hil_engine_active.place_input(i, data); }
void *input(void) { return hil_engine_active.input(0)->data; }
void *output(void) { return hil_engine_active.output(0)->data; }
uint32_t core(void) { return hil_engine_active.core_bytes; }
"""
ZIG = [sys.executable, "-m", "ziglang", "cc", "-std=c11", "-O1", "-shared", "-fPIC", "-ffp-contract=off"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("placed")
    generated = generate(load_model("digits_cnn_int8").path, folder)
    (folder / "program.c").write_text(PROGRAM)
    home = shipped("firmware") / "engine"
    includes = [f"-I{path}" for path in (folder, *kernel_includes(home), shipped("firmware") / "src")]
    sources = [folder / "program.c", generated.model_c, *kernel_sources(home, "plain")]
    library = folder / "engine.so"
    subprocess.run([*ZIG, *includes, *map(str, sources), "-o", str(library)], check=True, timeout=240)
    loaded = ctypes.CDLL(str(library))
    loaded.input.restype = loaded.output.restype = ctypes.c_void_p
    loaded.place.argtypes = [ctypes.c_uint32, ctypes.c_void_p]
    return loaded


def test_without_room_for_inputs_the_engine_starts_and_asks_for_them(engine):
    assert engine.begin(engine.core() - 1) < 0
    assert engine.begin(engine.core()) == 0
    assert engine.input() is None
    assert engine.run() < 0


def test_each_run_reads_the_input_where_it_was_placed_last_and_leaves_it_as_it_is(engine):
    path = load_model("digits_cnn_int8").path
    inputs = np.random.default_rng(1).integers(-128, 128, (5, 64)).astype(np.int8)
    expected = Twin().run(path, inputs)
    before = inputs.copy()
    assert engine.begin(engine.core()) == 0
    for sample, wanted in zip(inputs, expected, strict=True):
        assert engine.place(0, sample.ctypes.data) == 0
        assert engine.input() == sample.ctypes.data
        assert engine.run() == 0
        assert ctypes.string_at(engine.output(), wanted.nbytes) == wanted.tobytes()
    assert np.array_equal(inputs, before)


def test_a_place_that_is_no_word_s_or_no_input_s_is_refused(engine):
    memory = np.zeros(80, np.int8)
    assert engine.begin(engine.core()) == 0
    assert engine.place(0, memory.ctypes.data + 1) < 0
    assert engine.place(1, memory.ctypes.data) < 0
    assert engine.place(0, None) < 0
