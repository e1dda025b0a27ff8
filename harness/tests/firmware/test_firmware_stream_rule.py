"""The rules by which the board makes detections of outputs are the host's: the C as a library against the Python."""

import ctypes
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.build.compilers import host_compiler
from harness.paths import shipped
from harness.plans.continuous import AverageRule, Continuous, MajorityRule, SlidingRule
from harness.plans.schema import ArgmaxRule, ThresholdRule
from harness.records import Tensor
from harness.run.played.config import _rule
from harness.verdict.rules import Rule

CLASSES = ("silence", "unknown", "yes", "no")
HOP_MS = 20
SOURCE = """
#include "stream_rule.h"
static const stream_rule rules[] = {RULES};
static stream_rule_state state;
static uint32_t memory[4096];
static int8_t row[4];
static hil_tensor tensor = {"t", HIL_S8, 2, {1, 4}, 4, 1.0f / 256.0f, -128, row};
void begin(int which) { stream_rule_reset(&rules[which], &state); }
void step(int which, const int8_t *outputs, uint32_t now_ms, int32_t *found) {
    for (int i = 0; i < 4; i++) row[i] = outputs[i];
    const stream_decision d = stream_rule_step(&rules[which], &state, memory, &tensor, now_ms);
    found[0] = d.decided; found[1] = d.detected; found[2] = d.score;
}
"""
OUTPUT = Tensor("scores", (1, 4), "int8", 1 / 256, -128)


class _Playing:
    """As much of ``Playing`` as a rule is made of."""

    def __init__(self, rule, decide, background=("silence", "unknown")):
        self.continuous = Continuous(front_end="micro", rule=rule, background=background)
        self.decide, self.classes, self.hop_s = decide, CLASSES, HOP_MS / 1000


class _Model:
    outputs = (OUTPUT,)


CASES = [
    _Playing(MajorityRule(over=1, suppress_ms=100), ArgmaxRule()),
    _Playing(MajorityRule(over=3, suppress_ms=0), ThresholdRule(rule="threshold", above=0.5)),
    _Playing(MajorityRule(over=10, suppress_ms=300), ThresholdRule(rule="threshold", above=0.25, inclusive=True)),
    _Playing(AverageRule(name="average", average_ms=100, above=60, suppress_ms=150, at_least=2), ArgmaxRule()),
    _Playing(AverageRule(name="average", average_ms=1000, above=100, suppress_ms=1500, at_least=3), ArgmaxRule()),
    _Playing(AverageRule(name="average", average_ms=120, above=150, suppress_ms=400, at_least=2), ArgmaxRule(), ()),
    _Playing(SlidingRule(name="sliding", over=3, above=150, rest=4), ArgmaxRule()),
    _Playing(SlidingRule(name="sliding", over=2, above=127), ArgmaxRule(), ()),
]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    folder, out = shipped("firmware"), tmp_path_factory.mktemp("rules")
    rules = ", ".join(f"{{{_rule(playing, _Model)}}}" for playing in CASES)
    (out / "rules.c").write_text(SOURCE.replace("RULES", rules))
    zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
    includes = [f"-I{folder / name}" for name in ("src", "tests/ears", "frontend")]
    sources = [out / "rules.c", folder / "src" / "stream_rule.c", folder / "frontend" / "hil_decide.c"]
    command = [zig, "cc", "-std=c99", "-O2", "-shared", "-fPIC", "-ffp-contract=off", "-DHIL_STREAM", *includes]
    subprocess.run([*command, *sources, "-o", out / "rules.so"], check=True, capture_output=True, timeout=300)
    return ctypes.CDLL(str(out / "rules.so"))


@settings(max_examples=60)
@given(
    which=st.sampled_from(range(len(CASES))),
    seed=st.integers(0, 10_000),
    calm=st.integers(1, 12),
    gap=st.sampled_from([1, 1, 5]),
)
def test_board_and_host_decide_and_detect_alike(library, which, seed, calm, gap):
    draw = np.random.default_rng(seed)
    case = CASES[which]
    rule = Rule(case.continuous, case.decide, CLASSES, OUTPUT)
    library.begin(which)
    # A class stays for some hops; ties and scores at the threshold are among them.
    for hop in range(0, 120 * gap, gap):
        if hop % (calm * gap) == 0:
            favourite = int(draw.integers(0, 4))
        row = draw.choice(np.array([-128, -64, -63, 0, 1, 127], np.int8), 4)
        row[favourite] = max(int(row[favourite]), int(draw.choice([0, 1, 127])))
        now_ms = (hop + 1) * HOP_MS
        found = (ctypes.c_int32 * 3)()
        library.step(which, row.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)), now_ms, found)
        host = rule.step(row, now_ms)
        assert (host.decided, host.detected, host.score) == tuple(found), hop


def test_without_a_background_the_first_class_is_suppressed_as_any_other():
    rule = Rule(CASES[5].continuous, CASES[5].decide, CLASSES, OUTPUT)
    rows = [(np.array([127, -128, -128, -128], np.int8), hop * 20) for hop in range(40)]
    # Told of as soon as the results reach over a quarter of the time, and again when more than 400 ms have passed.
    assert [hop for hop, d in enumerate(rule.run(rows)) if d.detected == 0] == [2, 23]


def test_there_is_something_to_detect_in_such_rows():
    case = CASES[3]
    rule = Rule(case.continuous, case.decide, CLASSES, OUTPUT)
    rows = [(np.array([-128, -128, 127 if 20 <= hop < 40 else -128, -128], np.int8), hop * 20) for hop in range(60)]
    found = [(hop, d.detected) for hop, d in enumerate(rule.run(rows)) if d.detected >= 0]
    # 60 of 255 need two of six results; then it is quiet for more than 150 ms.
    assert found[0] == (21, 2)
    assert [hop for hop, _ in found] == [21, 29, 37]
