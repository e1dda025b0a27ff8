"""The firmware as a host program, with real models: the board's side of the wire without an emulator."""

import os
import zlib

import numpy as np
import pytest

from harness.bench.transports.pipe import PipeTransport
from harness.build import native
from harness.build.compilers import host_compiler
from harness.clock import SystemClock
from harness.data.encode import quantise
from harness.errors import BenchError
from harness.models import layertable, load_model
from harness.models.codegen.generate import generate
from harness.models.reference import load
from harness.session.layers import LayerReader
from harness.session.verbs import Session

FULL = os.environ.get("HIL_FULL") == "1"
N_SAMPLES = 24


@pytest.fixture(scope="session")
def sanitizers():
    try:
        host_compiler(sanitize=True)
    except BenchError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("name", "sanitize"), [("digits_cnn_int8", True), ("digits_cnn_f32", FULL)])
def test_the_native_firmware_answers_a_stream_of_real_samples_as_the_reference_does(
    name, sanitize, sanitizers, tmp_path
):
    """The integers' under the sanitizers; the floats' too with HIL_FULL=1: what else it compiles is the same."""
    model = load_model(name)
    generate(model.path, tmp_path / "generated")
    image = native(tmp_path / "generated", sanitize=sanitize)
    assert image.board == "native"
    real = np.random.default_rng(7).integers(0, 17, (N_SAMPLES, 8, 8, 1)).astype(np.float32) / 16
    inputs = quantise(real, model.inputs[0])
    expected = load("litert").run(model.path, inputs)
    transport = PipeTransport([str(image.elf)])
    try:
        session = Session(transport, SystemClock(), window=None, answer_timeout_s=20.0)
        hello = session.hello(timeout_s=20.0)
        assert (hello.build_id, hello.model_sha256.hex()) == (image.build_id, image.model_sha256)
        assert hello.slots == image.slots
        outcome = session.stream([row.tobytes() for row in inputs])
        table = layertable.read(image.model_json).layers
        reader = LayerReader(session, inputs[3].tobytes())
        crcs = {layer.tensor: row.crc for layer, row in zip(table, reader.rows(), strict=True)}
        last = table[-1].values(reader.data(len(table) - 1))
    finally:
        transport.close()
    truth = load("twin").run_layers(model.path, inputs[3:4])
    assert crcs == {tensor: zlib.crc32(values.tobytes()) for tensor, values in truth.items()}
    assert last.tobytes() == outcome.results[3].outputs
    assert outcome.lost == {}
    assert outcome.misread == ()
    outputs = np.stack([np.frombuffer(result.outputs, expected.dtype) for result in outcome.results])
    if expected.dtype == np.int8:
        np.testing.assert_array_equal(outputs, expected)
    else:
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)


def test_the_native_firmware_speaks_on_a_terminal_too(tmp_path):
    import pty
    import subprocess
    import termios

    from harness.paths import shipped
    from harness.wire import messages as m
    from harness.wire.framing import FrameDecoder, encode_frame

    image = native(shipped("firmware") / "tests" / "sums")
    near, far = pty.openpty()
    process = subprocess.Popen([image.elf, os.ttyname(far)])
    try:
        # Its first word shows that it has set the terminal to raw; every later byte passes as it is.
        decoder, frames = FrameDecoder(), []
        while not frames:
            frames += decoder.push(os.read(near, 4096))
        assert isinstance(m.decode(frames[0].type, frames[0].body), m.Boot)
        assert not termios.tcgetattr(far)[3] & termios.ECHO
        everything = bytes(range(256))
        os.write(near, encode_frame(m.Ping.TYPE, 0, everything))
        while len(frames) < 2:
            frames += decoder.push(os.read(near, 4096))
        assert m.decode(frames[1].type, frames[1].body) == m.Pong(everything)
    finally:
        process.kill()
        process.wait()
        os.close(near)
        os.close(far)
