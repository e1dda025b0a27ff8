"""Every engine adapter, compiled into the whole firmware and run, against stand-ins of our own for the SDKs.

What this shows is that an adapter keeps the seam's contract; whether the real SDK is as its headers say is not shown here.
"""

import shutil
import subprocess
import zlib

import numpy as np
import pytest

from harness.bench.transports.pipe import PipeTransport
from harness.build import Symbols, build, engines, native
from harness.build.compilers import host_compiler
from harness.clock import SystemClock
from harness.errors import BenchError, MisuseError
from harness.models import layertable, load_model
from harness.models.codegen import generate
from harness.models.codegen.external import generate_external
from harness.paths import shipped
from harness.records import Tensor
from harness.session.layers import LayerReader
from harness.session.verbs import Session
from harness.wire import messages as m

SHA256 = "ab" * 32
INPUT, OUTPUT = Tensor("in", (1, 8), "int8", 0.5, -3), Tensor("out", (1, 4), "int8", 0.25, 7)
SAMPLES = np.random.default_rng(3).integers(-128, 128, (12, 8)).astype(np.int8)


def first(x):
    return (np.trunc(x.astype(np.int32) / 2) + 1).astype(np.int8)


def second(y):
    return (y[..., :4].astype(np.int32) - y[..., 4:]).astype(np.int8)


def standin(name):
    return engines.load(name, shipped("firmware") / "tests" / "engines" / name)


def built(name, folder, inputs=(INPUT,), outputs=(OUTPUT,)):
    try:
        host_compiler(sanitize=True)
    except BenchError as error:
        pytest.skip(str(error))
    model_file = b"TFL3" if name == "tflm" else None
    generate_external(
        folder, name="tiny", model_sha256=SHA256, engine=name, inputs=inputs, outputs=outputs, model_file=model_file
    )
    return native(folder, sanitize=True, engine=standin(name))


OWN_NETWORK = ["cubeai", "stai", "tflm"]


@pytest.mark.parametrize("name", OWN_NETWORK)
def test_an_adapter_answers_a_stream_tells_its_layers_and_keeps_its_inputs(name, tmp_path):
    image = built(name, tmp_path)
    assert (image.engine, image.model_sha256) == (name, SHA256)
    transport = PipeTransport([str(image.elf)])
    try:
        session = Session(transport, SystemClock(), answer_timeout_s=20.0)
        hello = session.hello(timeout_s=20.0)
        assert hello.engine == name
        assert hello.inputs == (m.TensorSpec(m.DType.INT8, (1, 8), 0.5, -3, "in"),)
        assert hello.capabilities & m.Capability.LAYERS
        outcome = session.stream([row.tobytes() for row in SAMPLES])
        # Each SDK here computes over its input: the seam's own copy must be what the CRC is of.
        assert outcome.lost == {}
        assert outcome.misread == ()
        outputs = np.stack([np.frombuffer(result.outputs, np.int8) for result in outcome.results])
        np.testing.assert_array_equal(outputs, second(first(SAMPLES)))
        reader = LayerReader(session, SAMPLES[5].tobytes())
        rows = reader.rows()
        assert len(rows) == 2
        assert all(row.cycles > 0 for row in rows)
        if name == "stai":  # its events have addresses but no sizes
            assert [(row.op, row.bytes, row.crc) for row in rows] == [(51, 0, 0), (52, 0, 0)]
        else:
            truth = [first(SAMPLES[5]).tobytes(), second(first(SAMPLES[5])).tobytes()]
            assert [(row.bytes, row.crc) for row in rows] == [(len(t), zlib.crc32(t)) for t in truth]
            assert [reader.data(i) for i in range(2)] == truth
        assert session.stream([SAMPLES[0].tobytes()]).results[0].outputs == second(first(SAMPLES[0])).tobytes()
    finally:
        transport.close()


@pytest.mark.parametrize("name", OWN_NETWORK)
def test_a_network_of_other_sizes_than_the_model_is_refused_at_hello(name, tmp_path):
    image = built(name, tmp_path, outputs=(Tensor("out", (1, 5), "int8", 0.25, 7),))
    transport = PipeTransport([str(image.elf)])
    try:
        with pytest.raises(Exception, match="the engine failed to start"):
            Session(transport, SystemClock(), answer_timeout_s=20.0).hello(timeout_s=20.0)
    finally:
        transport.close()


def test_an_unknown_engine_and_a_missing_sdk_are_the_callers_mistake(tmp_path):
    with pytest.raises(MisuseError, match="cmsis_nn, cubeai, stai, tflm"):
        engines.load("tensorrt", tmp_path)
    with pytest.raises(MisuseError, match="README"):
        engines.load("tflm", tmp_path / "nowhere")


def test_a_changed_sdk_gives_another_build(tmp_path):
    sdk = tmp_path / "sdk"
    sdk.mkdir()
    (sdk / "network.c").write_text("int a;")
    before = [path.read_bytes() for _, path in engines.load("cubeai", sdk).files()]
    (sdk / "network.c").write_text("int b;")
    assert [path.read_bytes() for _, path in engines.load("cubeai", sdk).files()] != before


def test_cmsis_nn_under_our_kernel_functions_passes_the_tests_of_our_kernels(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("neither gcc nor clang is installed")
    firmware, sdk = shipped("firmware"), standin("cmsis_nn").sdk_dir
    engine, adapter = firmware / "engine", firmware / "engines" / "cmsis_nn" / "adapter.c"
    replaced = {"nn_conv_s8.c", "nn_dwconv_s8.c", "nn_dense_s8.c"}
    ours = [path for path in sorted(engine.glob("*.c")) if path.name not in replaced]
    sources = [*sorted((firmware / "tests" / "engine").glob("*.c")), *ours, adapter, sdk / "Source" / "standin.c"]
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off"]
    flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    includes = [f"-I{path}" for path in (engine, firmware / "tests" / "engine", sdk / "Include")]
    command = [compiler, *flags, *includes, *map(str, sources), "-lm", "-o", str(tmp_path / "kernels")]
    built_so = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert built_so.returncode == 0, built_so.stderr
    done = subprocess.run([tmp_path / "kernels"], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "0 failed\n"), done.stdout[-4000:] + done.stderr[-4000:]


def test_a_board_image_with_cmsis_nn_keeps_the_layer_table_and_says_which_kernels_it_has(tmp_path):
    generate(load_model("digits_cnn_int8").path, tmp_path)
    image = build(shipped("firmware") / "boards" / "nucleo_f446re", tmp_path, engine=standin("cmsis_nn"))
    assert image.engine == "cmsis_nn"
    assert len(layertable.read(image.model_json).layers) == 8
    names = Symbols(image.elf)
    assert names.address_of("arm_convolve_wrapper_s8") is not None


def test_the_adapters_compile_without_a_warning(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("neither gcc nor clang is installed")
    firmware = shipped("firmware")
    generate_external(
        tmp_path, name="tiny", model_sha256=SHA256, engine="x", inputs=(INPUT,), outputs=(OUTPUT,), model_file=b"TFL3"
    )
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"]
    for name, source in (("cubeai", "adapter.c"), ("stai", "adapter.c"), ("tflm", "engine.c"), ("tflm", "adapter.cc")):
        folders = (tmp_path, firmware / "src", firmware / "engines", firmware / "engines" / name, standin(name).sdk_dir)
        flags = strict if source.endswith(".c") else ["-std=c++17", "-fno-exceptions", "-fno-rtti", *strict[1:]]
        command = [compiler, *flags, *(f"-I{folder}" for folder in folders)]
        files = [firmware / "engines" / name / source, *([tmp_path / "model.c"] if source.endswith(".c") else [])]
        done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
