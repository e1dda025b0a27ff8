"""The decision rules in C, under sanitizers: the same answers as in Python on random streams."""

import numpy as np
import pytest
from front_end_programs import COMPILER, FIRMWARE, FLAGS, run

from harness.data.features.decisions import Average, Gate, Majority, Sliding, threshold
from harness.records import Tensor

DTYPES = {"float32": 0, "int8": 1, "uint8": 2}
RANDOM = np.random.default_rng(21)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    out = tmp_path_factory.mktemp("decide") / "decide"
    sources = [FIRMWARE / "frontend" / "hil_decide.c", FIRMWARE / "tests" / "frontend" / "decide.c"]
    run([*COMPILER, *FLAGS, *map(str, sources), "-o", str(out)])
    return out


def answers(program, commands):
    return run([program], input="\n".join(commands).encode()).decode().splitlines()


def outputs(dtype, n, classes, scale=0.0, zero=0):
    """A tensor and n rows of it: words that come and go in noise."""
    tensor = Tensor("out", (1, classes), dtype, float(np.float32(scale)), zero)
    word = np.repeat(RANDOM.integers(0, classes, n // 10 + 1), 10)[:n]
    level = np.clip(RANDOM.normal(0.2, 0.15, (n, classes)) + 0.7 * (np.arange(classes) == word[:, None]), 0, 1)
    if dtype == "float32":
        return tensor, level.astype(np.float32)
    return tensor, (np.rint(level * 255) + np.iinfo(dtype).min).astype(dtype)


def told(tensor, row):
    values = " ".join(repr(float(value)) for value in row)
    return f"{DTYPES[tensor.dtype]} {len(row)} {tensor.scale!r} {tensor.zero_point} {values}"


@pytest.mark.parametrize("case", [("float32", 0.0, 0), ("int8", 1 / 256, -128), ("uint8", 1 / 255, 0)])
def test_thresholds(program, case):
    dtype, scale, zero = case
    tensor, rows = outputs(dtype, 300, 5, scale, zero)
    limits = [
        (1, 0, 0.8),
        (1, 1, float(tensor.real(rows[0]).max())),
        (1, 0, float(tensor.real(rows[0]).max())),
        (0, 0, 0.0),
    ]
    commands, expected = [], []
    for row in [*rows, *([np.array([0, np.nan, 1], np.float32)] if dtype == "float32" else [])]:
        for on, inclusive, above in limits:
            commands.append(f"threshold {on} {inclusive} {above!r} {told(tensor, row)}")
            expected.append(threshold(row, tensor, above if on else None, bool(inclusive)))
    assert [int(line) for line in answers(program, commands)] == expected
    assert -1 in expected
    assert len(set(expected)) > 4


def test_gates(program):
    gate, commands, expected = Gate(600, 3), ["gate 600 3"], []
    for _ in range(400):
        window = RANDOM.normal(0, RANDOM.choice([50, 180, 250]), 20).astype(np.int16)
        window[0] = RANDOM.choice([0, 600, -600, 601, -601, -32768], p=[0.9, 0.02, 0.02, 0.02, 0.02, 0.02])
        commands.append(f"window 20 {' '.join(map(str, window))}")
        expected.append(gate.step(window))
    assert [bool(int(line)) for line in answers(program, commands)] == expected
    assert 0.1 < np.mean(expected) < 0.9


def test_majorities(program):
    commands, expected = [], []
    for over in (1, 2, 3, 10):
        majority = Majority(over)
        commands.append("majority")
        for vote in RANDOM.integers(-1, 3, 200).tolist():
            commands.append(f"vote {over} {vote}")
            expected.append(majority.step(vote))
    assert [int(line) for line in answers(program, commands)] == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_averages(program, dtype):
    commands, expected = [], []
    for capacity, average_ms, suppression_ms, least, limit, background in (
        (60, 1000, 1500, 3, 90, 0),
        (8, 1000, 300, 3, 100, 1),  # less room than results
        (5, 0, 0, 1, 50, 0),
    ):
        tensor, rows = outputs(dtype, 400, 4, 0 if dtype == "float32" else 1 / 256)
        rule = Average(4, average_ms, suppression_ms, least, limit, background, capacity)
        commands.append(f"average 4 {capacity} {average_ms} {suppression_ms} {least} {limit} {background}")
        now = 0
        for row in rows:
            now += int(RANDOM.choice([0, 20, 33, 100, 700], p=[0.05, 0.6, 0.2, 0.1, 0.05]))
            commands.append(f"result {now} {told(tensor, row)}")
            expected.append(rule.step(row, tensor, now))
    found = [tuple(map(int, line.split())) for line in answers(program, commands)]
    assert found == [(found, score, int(new)) for found, score, new in expected]
    assert 20 < sum(new for _, _, new in expected) < 900


@pytest.mark.parametrize("dtype", DTYPES)
def test_sliding_means(program, dtype):
    commands, expected = [], []
    for classes, over, rest, limit, background in (
        (1, 5, 24, 128, ()),
        (4, 3, 6, 160, (0, 3)),
        (2, 1, 0, 180, ()),
        (2, 255, 2, 60, (0, 1)),
        (40, 4, 3, 100, (31,)),
    ):
        tensor, rows = outputs(dtype, 400, classes, 0 if dtype == "float32" else 1 / 256)
        rows[150:200] = rows[150]  # a phrase that does not end
        rule = Sliding(classes, over, limit, rest, frozenset(background))
        commands.append(f"sliding {classes} {sum(1 << index for index in background)} {over} {rest} {limit}")
        for row in rows:
            commands.append(f"next {told(tensor, row)}")
            expected.append(rule.step(row, tensor))
    found = [tuple(map(int, line.split())) for line in answers(program, commands)]
    assert found == [(found, score, int(new)) for found, score, new in expected]
    assert 20 < sum(new for _, _, new in expected) < 900
