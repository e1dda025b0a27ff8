"""The front ends in C, on this host under sanitizers: every stage of every window has the bits of the NumPy side."""

import numpy as np
import pytest
from front_end_programs import COMPILER, FIRMWARE, FLAGS, run

from harness.data import features
from harness.data.features import codegen
from harness.errors import PlanError
from harness.records import Tensor
from harness.testing import clips

FRONT_END = FIRMWARE / "frontend"
SPECS = {
    "micro": "micro",
    "micro-S": {"name": "micro", "variant": "S", "step_ms": 10, "rows": 20},
    "lock": "lock_mfcc",
    "dscnn": "dscnn_mfcc",
    "imu": {"name": "imu", "hop": 100},
    "imu-first": {"name": "imu", "layout": "chw", "hop": 400},
}
DTYPES = {"float32": 0, "int8": 1, "uint8": 2}


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    """The C that all front ends share, compiled once."""
    folder = tmp_path_factory.mktemp("frontend")
    run([*COMPILER, *FLAGS, "-c", *map(str, sorted(FRONT_END.glob("*.c")))], cwd=folder)
    return sorted(map(str, folder.glob("*.o")))


@pytest.fixture(scope="session")
def player(objects, tmp_path_factory):
    """The program that plays a recording, for a front end and an input tensor."""
    made = {}

    def player(name, tensor):
        key = name, tensor.dtype
        if key not in made:
            folder = tmp_path_factory.mktemp(name)
            source, _ = codegen.generate(features.load(SPECS[name]), folder, tensor)
            own = [str(source), str(FIRMWARE / "tests" / "frontend" / "play.c"), f"-I{folder}"]
            run([*COMPILER, *FLAGS, *own, *objects, "-o", str(folder / "play")])
            made[key] = folder / "play"
        return made[key]

    return player


def recording(front_end):
    if front_end.channels > 1:
        random = np.random.default_rng(9)
        parts = [
            clips.capture(),
            np.full((450, 6), 3, np.float32),
            np.resize(np.array([-0.0, 0.0, 5.0], np.float32), (400, 6)),
            random.normal(0, 3e5, (900, 6)).astype(np.float32),
        ]
        return np.concatenate(parts)
    pieces = [*clips.loud(4000), clips.sine(2000), clips.zeros(1500), clips.impulse(2000), clips.noise(3000)]
    return np.concatenate(pieces)


def split(front_end, tensor, output, stages):
    """What the program wrote: {stage: [windows, values]} and the inputs [windows, ...]."""
    width = tensor.elements * np.dtype(tensor.dtype).itemsize
    parts = {name: values[0, 0].nbytes for name, values in stages.items()}
    records = np.frombuffer(output, np.uint8).reshape(-1, sum(parts.values()) + width)
    found, start = {}, 0
    for name, size in parts.items():
        found[name] = records[:, start : start + size].copy().view(stages[name].dtype)
        start += size
    return found, records[:, start:].copy().view(tensor.dtype)


@pytest.mark.parametrize("name", SPECS)
def test_every_stage_and_the_networks_input_have_the_bits_of_numpy(player, name):
    front_end, dtype = features.load(SPECS[name]), "float32" if name in ("dscnn", "imu") else "int8"
    tensor = Tensor(
        "in", (1, *front_end.input_shape), dtype, 0.0 if dtype == "float32" else 0.25, 0 if dtype == "float32" else -11
    )
    sound = recording(front_end)
    expected = front_end.stages(sound[None])
    arguments = ["331", str(DTYPES[dtype]), repr(tensor.scale), str(tensor.zero_point)]
    output = run([player(name, tensor), *arguments], input=sound.tobytes())
    found, inputs = split(front_end, tensor, output, expected)
    assert len(inputs) == front_end.count(len(sound)) > front_end.rows
    assert features.first_difference(expected, found) is None
    encoded = front_end.encoded(expected["row"][0], tensor)
    full = features.sliding(encoded, front_end.rows)
    assert inputs[front_end.rows - 1 :].tobytes() == full.tobytes()
    # Before there are so many rows, what is not there yet is a row of zeros.
    first = front_end.encoded(np.zeros((front_end.rows - 1, front_end.values), front_end.row_dtype), tensor)
    assert inputs[0].tobytes() == np.concatenate([first, encoded[:1]]).tobytes()


def test_a_reset_forgets_samples_rows_and_noise(player):
    front_end = features.load("micro")
    tensor = Tensor("in", (1, *front_end.input_shape), "int8", 0.25, -11)
    sound = clips.noise(480 + 320 * 9)
    expected = front_end.stages(sound[None, : front_end.length_of(3)])
    output = run(
        [player("micro", tensor), "7", "1", "0", "0", "3"],
        input=np.concatenate([sound[: front_end.length_of(3)]] * 2).tobytes(),
    )
    found, inputs = split(front_end, tensor, output, expected)
    assert len(inputs) == 6
    assert np.array_equal(found["row"][:3], expected["row"][0])
    assert np.array_equal(found["row"][3:], found["row"][:3])
    assert np.array_equal(inputs[3:], inputs[:3])


def test_reals_become_integers_as_the_host_quantises_them(player):
    front_end = features.load("dscnn_mfcc")
    tensor = Tensor("in", (1, *front_end.input_shape), "int8", 0.37, -5)
    sound = recording(front_end)
    arguments = ["4096", str(DTYPES["int8"]), repr(tensor.scale), str(tensor.zero_point)]
    output = run([player("dscnn", tensor), *arguments], input=sound.tobytes())
    expected = front_end.stages(sound[None])
    _, inputs = split(front_end, tensor, output, expected)
    assert inputs[-1].tobytes() == front_end.encoded(expected["row"][0, -front_end.rows :], tensor).tobytes()


def test_what_is_generated_is_the_same_each_time_and_says_its_hash(tmp_path):
    front_end = features.load("imu")
    tensor = Tensor("in", (1, 20, 20, 6), "float32")
    texts = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        texts.append([path.read_text() for path in codegen.generate(front_end, folder, tensor)])
    assert texts[0] == texts[1]
    assert ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(front_end.tables_sha256)) in texts[0][1]


@pytest.mark.parametrize(
    ("tensor", "why"),
    [
        (Tensor("in", (1, 6, 20, 20), "float32"), "shape"),
        (Tensor("in", (1, 20, 20, 6), "int16", 0.1, 0), "type"),
    ],
)
def test_a_network_that_does_not_take_the_features_is_refused_before_anything_is_written(tmp_path, tensor, why):
    with pytest.raises(PlanError, match=why):
        codegen.generate(features.load("imu"), tmp_path, tensor)
    assert not list(tmp_path.iterdir())
