import dataclasses

import pytest

from harness.bench.identity import Claim, check_claim, known_id
from harness.errors import DeviceError
from harness.records import Tensor

INPUT = Tensor("in", (1, 8, 8, 1), "int8", 0.0625, -128)
OUTPUT = Tensor("out", (1, 10), "int8", 0.00390625, -128)
CLAIM = Claim(1, "nucleo_f446re", "abc", "11" * 32, [INPUT], [OUTPUT])


@pytest.mark.parametrize("raw", [b"", bytes(12), b"\xff" * 12, b"\0"])
def test_memory_that_is_blank_holds_no_id(raw):
    assert known_id(raw) == b""


@pytest.mark.parametrize("raw", [b"\x01" * 12, bytes(11) + b"\x01", b"\xff" * 11 + b"\0", bytes(range(12))])
def test_anything_else_is_one(raw):
    assert known_id(raw) == raw


def check(claim):
    check_claim(
        claim,
        source="hello",
        protocol=1,
        board="nucleo_f446re",
        model_name="digits",
        model_sha256="11" * 32,
        inputs=[INPUT],
        outputs=[OUTPUT],
        build_id="abc",
    )


def test_the_right_firmware_is_accepted():
    check(CLAIM)
    check(dataclasses.replace(CLAIM, inputs=None, outputs=None))


@pytest.mark.parametrize(
    ("change", "expected", "found"),
    [
        ({"protocol": 2}, "1", "2"),
        ({"board": "steval_stwinkt1"}, "nucleo_f446re", "steval_stwinkt1"),
        ({"model_sha256": "22" * 32}, "11" * 32, "22" * 32),
        ({"build_id": "def"}, "abc", "def"),
        ({"inputs": [dataclasses.replace(INPUT, shape=(1, 28, 28, 1))]}, "[1,8,8,1]", "[1,28,28,1]"),
        ({"inputs": [dataclasses.replace(INPUT, dtype="uint8")]}, "int8", "uint8"),
        ({"outputs": [dataclasses.replace(OUTPUT, zero_point=0)]}, "zero point -128", "zero point 0"),
        ({"outputs": [dataclasses.replace(OUTPUT, scale=0.5)]}, "scale 0.00390625", "scale 0.5"),
        ({"outputs": [OUTPUT, OUTPUT]}, "1", "2"),
    ],
)
def test_any_difference_is_refused_naming_both_sides(change, expected, found):
    with pytest.raises(DeviceError) as caught:
        check(dataclasses.replace(CLAIM, **change))
    assert expected in str(caught.value.expected)
    assert found in str(caught.value.found)


def test_a_tensor_renamed_by_an_exporter_is_the_same_tensor():
    check(dataclasses.replace(CLAIM, inputs=[dataclasses.replace(INPUT, name="serving_default_x")]))
