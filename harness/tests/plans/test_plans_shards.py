"""``shards`` in a plan, and the option that goes before it."""

from __future__ import annotations

import pytest

from harness.errors import MisuseError, PlanError
from harness.plans import load
from harness.run.options import shards_of

PLAN = "name: p\nboard: nucleo_f446re\nmodel: digits_cnn_int8\ndataset: digits\n"
PLAYED = (
    "name: p\nboard: nucleo_f446re\nmodel: vowels_int8\ndataset: {name: rendered, options: {what: vowels, seconds: 30}}\n"
    "continuous: {front_end: {name: imu, hop: 100}, rule: {name: majority, over: 3}, tolerance_ms: 1000}\n"
)


@pytest.fixture
def plan(tmp_path):
    def write(text):
        path = tmp_path / "p.yaml"
        path.write_text(text)
        return load(path)

    return write


@pytest.mark.parametrize(("word", "found"), [("auto", "auto"), ("2", 2), ("64", 64)])
def test_a_plan_names_a_number_of_units_or_all(plan, word, found):
    assert plan(PLAN).shards is None
    assert plan(f"{PLAN}shards: {word}\n").shards == found


@pytest.mark.parametrize("word", ["1", "0", "65", "all", "2.5", "true", "[2]"])
def test_anything_else_is_the_plans_mistake_at_its_line(plan, word):
    with pytest.raises(PlanError) as caught:
        plan(f"{PLAN}shards: {word}\n")
    assert "p.yaml:5:shards" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [(f"{PLAYED}shards: auto\n", "from start to end"), (f"{PLAN}state: {{reset: never}}\nshards: 2\n", "through all")],
)
def test_what_takes_one_unit_from_start_to_end_cannot_be_spread(plan, text, why):
    with pytest.raises(PlanError, match=why):
        plan(text)


def test_the_option_says_the_same():
    assert [shards_of(text) for text in (None, "auto", "2", "64")] == [None, "auto", 2, 64]
    for text in ("1", "65", "-2", "two", "", "²"):
        with pytest.raises(MisuseError, match="cannot be spread so") as caught:
            shards_of(text)
        assert caught.value.next_step
