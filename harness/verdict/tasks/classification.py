"""One class a sample: the plan's ``decide`` makes it of an output with one value per class. Its metrics are in ``metrics/``."""

from __future__ import annotations

from harness.data.dataset import Dataset
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.metrics import Family
from harness.verdict.view import View

Options = tasks.Options
TRUTH: tasks.Needs = "labels"
SCORE = ""
BETTER: tasks.Better = ""
HEADLINES = ("accuracy",)
TABLES = (
    tasks.Table("Each class", "class", ("recall", "precision")),
    tasks.Table(
        "Vote of the last decisions",
        "votes",
        ("vote_accuracy", "vote_unknown_rate", "vote_uncertain_rate"),
    ),
)
PICTURE: tasks.Picture = ""
FAMILY = Family((), tasks=("classification",))


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """Nothing: classes and output are held against each other by name (``data.classes``)."""


def parts(data: Dataset) -> tuple[str, ...]:
    """The classes."""
    return data.classes


def measure(view: View) -> tuple[Measurement, ...]:
    """None that is no family of its own."""
    return ()


def scores(view: View) -> None:
    """None: a class is no number."""
