"""What the shipped models reach, from their model.toml: ``model_figures vowels_int8 vowels_f32``."""

from __future__ import annotations

from collections.abc import Iterator

from harness.models.find import TOML
from harness.models.metadata import read_facts
from harness.paths import shipped
from harness.verdict.statistics import one_more


def made(*names: str) -> str:
    """A table of the models' figures, those of real data first."""
    rows = [
        "| model | data | figure | value | 95 % interval | n | seeds | off |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*rows, *(row for name in names for row in _rows(name))])


def _rows(name: str) -> Iterator[str]:
    facts = read_facts(shipped("fixtures") / "models" / name / TOML)
    for one in sorted(facts.figures, key=lambda figure: figure.dataset.endswith("-synthetic")):
        spread = "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"
        others = " | "
        if one.seeds:
            mean, half = one_more((one.value, *one.seeds))
            others = f"{mean:.3f} ± {half:.3f} | {round(one.value - mean, 3) + 0.0:+.3f}"
        yield f"| {name} | {one.dataset} | {one.metric} | {one.value:.3f} | {spread} | {one.n} | {others} |"
