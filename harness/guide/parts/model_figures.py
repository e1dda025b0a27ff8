"""What the shipped models reach, from their model.toml: ``model_figures vowels_int8 vowels_f32``."""

from __future__ import annotations

from collections.abc import Iterator

from harness.models.find import TOML
from harness.models.metadata import read_facts
from harness.paths import shipped
from harness.verdict.statistics import wilson


def made(*names: str) -> str:
    """A table of the models' figures, those of real data first."""
    rows = ["| model | data | figure | value | 95 % interval | n | other seeds |", "|---|---|---|---:|---:|---:|---|"]
    return "\n".join([*rows, *(row for name in names for row in _rows(name))])


def _rows(name: str) -> Iterator[str]:
    facts = read_facts(shipped("fixtures") / "models" / name / TOML)
    for one in sorted(facts.figures, key=lambda figure: figure.dataset.endswith("-synthetic")):
        ends = (one.low, one.high)
        if one.low is None and one.metric == "accuracy":  # a share of samples, written down before intervals were
            ends = wilson(round(one.value * one.n), one.n)
        spread = "" if ends[0] is None or ends[1] is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
        others = ", ".join(f"{value:.3f}" for value in one.seeds)
        yield f"| {name} | {one.dataset} | {one.metric} | {one.value:.3f} | {spread} | {one.n} | {others} |"
