"""Plans, benches and descriptions that were damaged: an error of ours, or what they say; nothing else, and no warning."""

import random
import re
import warnings

import pytest

from harness.build.inputs import BuildBoard, BuildModel
from harness.errors import HilError
from harness.models import layertable, load_model
from harness.models.codegen import generate
from harness.paths import shipped
from harness.plans import load
from harness.plans.bench import load_bench

WORDS = [
    b"\0",
    b"[",
    b"{",
    b"]" * 3,
    b"'",
    b'"',
    b"nan",
    b"inf",
    b"null",
    b"true",
    b": ",
    b"\n",
    b"\xff",
    b"\xed\xa0\x80",
]
WORDS += [b"-1", b"1e999", b"9" * 30, b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"a." * 2000 + b"b = 1\n", b"\xd9\xa3"]
NUMBERS = [b"-1", b"0", b"99999999999999999999", b"1e400", b"'x'", b"[]", b"{}", b"true", b"0.5"]
BENCH = b"units:\n  - board: nucleo_f446re\n    uid: 066E\n    port: /dev/x\n"


def mutated(rng: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(changed) + 1)
        numbers = list(re.finditer(rb"\d+(\.\d+)?", bytes(changed)))
        match rng.randrange(5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randrange(1, 30)]
            case 2:
                changed[at:at] = rng.choice(WORDS)
            case 3:
                start = rng.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + rng.randrange(1, 60)]
            case 4 if numbers:
                number = rng.choice(numbers)
                changed[number.start() : number.end()] = rng.choice(NUMBERS)
    return bytes(changed)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    generate(load_model("digits_cnn_int8").path, folder)
    return (folder / "model.json").read_bytes()


CASES = {
    "plan.yaml": (load, lambda: sorted(shipped("testplans").glob("*.yaml"))),
    "bench.yaml": (load_bench, lambda: [BENCH]),
    "model.toml": (load_model, lambda: sorted((shipped("fixtures") / "models").glob("*/model.toml"))),
    "board.toml": (
        lambda p: BuildBoard.load(p.parent),
        lambda: sorted((shipped("firmware") / "boards").glob("*/*.toml")),
    ),
    "model.json": (lambda p: (BuildModel.load(p.parent), layertable.read(p)), None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_description_is_an_error_of_ours(tmp_path, name, generated):
    reader, sources = CASES[name]
    texts = [one if isinstance(one, bytes) else one.read_bytes() for one in (sources() if sources else [generated])]
    rng, refused = random.Random(8), 0
    for _ in range(300):
        (tmp_path / name).write_bytes(mutated(rng, rng.choice(texts)))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                reader(tmp_path / name)
            except HilError:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize("name", CASES)
def test_a_folder_and_an_endless_file_are_no_description(tmp_path, name):
    reader, _ = CASES[name]
    (tmp_path / name).mkdir()
    with pytest.raises(HilError):
        reader(tmp_path / name)
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(HilError):
        reader(tmp_path / name)
