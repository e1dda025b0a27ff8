"""Nothing is known of what the outputs mean: board and reference are compared, and no labels are needed."""

from __future__ import annotations

from harness.data.dataset import Dataset
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.metrics import Family
from harness.verdict.view import View

Options = tasks.Options
TRUTH: tasks.Needs = "nothing"
SCORE = ""
BETTER: tasks.Better = ""
HEADLINES: tuple[str, ...] = ()
TABLES: tuple[tasks.Table, ...] = ()
PICTURE: tasks.Picture = ""
FAMILY = Family((), tasks=("raw",))


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """Every output will do."""


def parts(data: Dataset) -> tuple[str, ...]:
    """None of its metrics is of a part."""
    return ()


def measure(view: View) -> tuple[Measurement, ...]:
    """None beyond those of all tasks."""
    return ()


def scores(view: View) -> None:
    """None: nothing says what would be better."""
