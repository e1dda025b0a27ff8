import subprocess
import sys

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tflite_kit import random_inputs
from tflite_ops import RichNet

from harness.errors import BenchError, MisuseError, PlanError
from harness.models import load_model, reference
from harness.models.reference import twin

MODEL = load_model("digits_cnn_int8").path


def test_references_are_found_by_their_file_s_name():
    assert {"litert", "twin"} <= set(reference.names())
    for name in reference.names():
        assert reference.load(name).version


def test_an_unknown_reference_lists_the_known_ones():
    with pytest.raises(PlanError) as caught:
        reference.load("onnx_next_year")
    assert "litert, " in str(caught.value.expected)


@pytest.mark.parametrize("name", ["litert", "twin"])
@pytest.mark.parametrize("inputs", [np.zeros((2, 8, 8, 1), np.float32), np.zeros((2, 9, 9), np.int8), np.int8(0)])
def test_inputs_of_another_dtype_or_size_are_refused(name, inputs):
    with pytest.raises(MisuseError) as caught:
        reference.load(name).run(MODEL, np.asarray(inputs))
    assert "int8[1,8,8,1]" in str(caught.value.expected)


@pytest.mark.parametrize("name", ["litert", "twin"])
def test_any_layout_of_the_same_values_gives_the_same_outputs(name):
    inputs = random_inputs("int8", (8, 8, 1), 5)
    run = reference.load(name).run
    assert np.array_equal(run(MODEL, inputs), run(MODEL, inputs.reshape(5, 64)))
    assert run(MODEL, inputs).shape == (5, 10)
    assert run(MODEL, inputs[:0]).shape == (0, 10)


def test_a_sample_s_result_does_not_depend_on_the_samples_before_it():
    inputs = random_inputs("int8", (8, 8, 1), 20)
    forward = reference.load("twin").run(MODEL, inputs)
    assert np.array_equal(reference.load("twin").run(MODEL, inputs[::-1])[::-1], forward)


def test_a_file_that_litert_cannot_read_is_the_plan_s_fault(tmp_path):
    (tmp_path / "x.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(64))
    with pytest.raises(PlanError):
        reference.load("litert").run(tmp_path / "x.tflite", np.zeros((1, 4), np.int8))


def with_biases_that_name_an_axis_they_do_not_have(path):
    """As TFLM's person_detect: quantized_dimension 3 in vectors of one dimension (tensorflow/tflite-micro issue 2680)."""
    net = schema.ModelT.InitFromObj(schema.Model.GetRootAs(MODEL.read_bytes(), 0))
    biases = [t for t in net.subgraphs[0].tensors if len(t.shape) == 1 and np.size(t.quantization.scale) > 1]
    for tensor in biases:
        tensor.quantization.quantizedDimension = 3
    assert biases
    builder = flatbuffers.Builder(0)
    builder.Finish(net.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_what_litert_refuses_and_tflm_runs_is_told_in_a_line_and_the_twin_computes_it(tmp_path):
    path = with_biases_that_name_an_axis_they_do_not_have(tmp_path / "net.tflite")
    inputs = random_inputs("int8", (8, 8, 1), 20)
    with pytest.raises(PlanError, match="reference: twin") as caught:
        reference.load("litert").run(path, inputs)
    found = str(caught.value.found)
    assert found.startswith("quantized_dimension must be in range [0, 1). Was 3. Tensor ")
    assert "\n" not in found
    assert np.array_equal(reference.load("twin").run(path, inputs), reference.load("litert").run(MODEL, inputs))


def left_in(cache):
    """What lies in the cache beside the one folder of the kernels' object files, and beside the digests."""
    (objects,) = cache.glob("objects-*")
    assert {path.suffix or path.name for path in objects.iterdir()} == {".o", "sha256"}
    return [path for path in cache.iterdir() if path != objects and path.suffix != ".sha256"]


def test_a_twin_is_compiled_once_and_leaves_nothing_but_the_library_and_the_kernels(tmp_path, monkeypatch):
    monkeypatch.setattr(twin, "cache_dir", lambda: tmp_path)
    first = twin.built(MODEL)
    stamp = first.stat().st_mtime_ns
    assert twin.built(MODEL) == first
    assert first.stat().st_mtime_ns == stamp
    assert left_in(tmp_path) == [first]


def test_two_processes_that_build_the_same_twin_at_once_both_get_it(tmp_path):
    script = (
        "import sys, pathlib; from harness.models.reference import twin; home = pathlib.Path(sys.argv[1]);"
        "twin.cache_dir = lambda: home; print(twin.built(pathlib.Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(MODEL)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=240)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert answers[0] == answers[1]
    assert [str(path) for path in left_in(tmp_path)] == answers[:1]


def test_a_damaged_library_or_object_is_never_loaded_but_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setattr(twin, "cache_dir", lambda: tmp_path)
    library = twin.built(MODEL)
    sound = library.read_bytes()
    library.write_bytes(damaged := sound[:4000] + bytes(64) + sound[4064:])
    (kernels,) = tmp_path.glob("objects-*")
    for path in (*sorted(kernels.glob("*.o"))[:1], kernels / "sha256"):
        path.write_bytes(b"")
    # Not the same bytes: a compiler may put the name of the folder that it worked in among them.
    assert twin.built(MODEL) == library
    assert library.read_bytes() != damaged
    assert len(library.read_bytes()) == len(sound)
    assert all(path.stat().st_size for path in kernels.iterdir())


def test_a_missing_compiler_is_the_bench_s_fault_and_says_what_to_install():
    with pytest.raises(BenchError, match="ziglang"):
        twin.Twin("no-such-compiler").run(MODEL, np.zeros((1, 64), np.int8))


@pytest.mark.parametrize("name", ["litert", "twin"])
def test_several_inputs_are_given_as_several_arrays(tmp_path, name):
    net = RichNet("float32", (3,), np.random.default_rng(0))
    net.binary("SUB", net.second_input((3,)))
    path = net.write(tmp_path / "net.tflite")
    a, b = np.float32([[1, 2, 3], [4, 5, 6]]), np.float32([[1, 1, 1], [0, 1, 2]])
    assert reference.load(name).run(path, [a, b]).tolist() == [[0, 1, 2], [4, 4, 4]]
    with pytest.raises(MisuseError, match="number of inputs"):
        reference.load(name).run(path, a)
    with pytest.raises(MisuseError, match="number of samples"):
        reference.load(name).run(path, [a, b[:1]])
