"""Several labels may hold of a sample: one output value each (a sigmoid's), and the data's targets say 0 or 1.

- ``exact_match``: share of all samples sent whose labels are all right (Wilson, 95 %; by groups too where the data has them).
- ``label_accuracy``: share of all labels that are right. No interval: the labels of one sample are not independent.
- ``label_f1.<label>``, ``label_f1.macro``: F1 of each label, 2 hits / (true + claimed), and their mean; a label that is neither
  true nor claimed of any sample is left out.
- ``label_support.<label>``: samples of which the label is true.
- ``average_precision.<label>``, ``average_precision.macro``: area under precision and recall as sklearn sums it, without a
  threshold; left out for a label that is true of no sample or of all.

A label is claimed when its dequantised output is above ``threshold``. A sample that is not sound has every label wrong: it is
ranked last where a label is true of it, first where it is not. So has a NaN its one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.tasks import _truth
from harness.verdict.view import View

TRUTH: tasks.Needs = "targets"
SCORE = "wrong labels of a sample"
BETTER: tasks.Better = "lower"
HEADLINES = ("average_precision.macro", "label_f1.macro", "exact_match", "label_accuracy")
TABLES = (tasks.Table("Each label", "label", ("label_support", "label_f1", "average_precision")),)
PICTURE: tasks.Picture = ""
FAMILY = Family(
    (
        "average_precision.*",
        "average_precision.macro",
        "exact_match",
        "label_accuracy",
        "label_f1.*",
        "label_f1.macro",
        "label_support.*",
    ),
    whole=("label_support.*",),
    shares=("exact_match",),
    grouped=("exact_match",),
    ratios=("average_precision.*", "average_precision.macro", "label_accuracy", "label_f1.*", "label_f1.macro"),
    tasks=("multi_label",),
    meanings={
        "average_precision.*": "area under precision and recall of that label: average_precision.<label>",
        "average_precision.macro": "mean of the labels' average precision",
        "exact_match": "samples whose labels are all right",
        "label_accuracy": "labels that are right, of all labels of all samples",
        "label_f1.*": "F1 of that label: label_f1.<label>",
        "label_f1.macro": "mean F1 of the labels",
        "label_support.*": "samples of which that label is true: label_support.<label>",
    },
    units={"label_support.*": "1"},
)


class Options(tasks.Options):
    """When a label is claimed."""

    threshold: float = Field(
        default=0.5, allow_inf_nan=False, description="A label is claimed when its output is above this, in real units."
    )


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """Targets of the output's size, each 0 or 1, and a name for each if there are names."""
    _truth.same_size(spec.name, output, data)
    strange = np.setdiff1d(np.unique(data.targets if data.targets is not None else []), (0, 1))
    if strange.size:
        raise PlanError(
            "a label holds or does not: a target is neither 0 nor 1",
            where=f"dataset {data.name}",
            expected="0 or 1",
            found=f"{strange[0]:g}",
            next_step="for real numbers: task: regression",
        )
    if data.classes and len(data.classes) != output.elements:
        raise PlanError(
            "the names of the labels are not one per output value",
            where=f"dataset {data.name}, output {output.name!r}",
            expected=f"{output.elements} names",
            found=f"{len(data.classes)}: {', '.join(data.classes[:12])}",
            next_step="correct dataset.options.classes",
        )


def parts(data: Dataset) -> tuple[str, ...]:
    """The labels."""
    count = 0 if data.targets is None else data.targets[0].size
    return data.classes or tuple(map(str, range(count)))


def measure(view: View) -> tuple[Measurement, ...]:
    """All of them, label by label."""
    from sklearn.metrics import average_precision_score

    wanted, ranks, claimed = _held(view)
    right = claimed == wanted
    found = [
        share_of(view, "exact_match", right.all(axis=1)),
        Measurement(name="label_accuracy", value=float(right.mean()), unit="ratio", n=right.size),
    ]
    names = view.classes or tuple(map(str, range(wanted.shape[1])))
    per_label: dict[str, list[float]] = {"label_f1": [], "average_precision": []}
    for at, name in enumerate(names):
        true, said = wanted[:, at], claimed[:, at]
        found.append(Measurement(name=f"label_support.{name}", value=float(true.sum()), unit="1", n=view.n))
        if true.any() or said.any():
            value = float(2 * (true & said).sum() / (true.sum() + said.sum()))
            per_label["label_f1"].append(value)
            found.append(Measurement(name=f"label_f1.{name}", value=value, unit="ratio", n=view.n))
        if true.any() and not true.all():
            value = float(average_precision_score(true, ranks[:, at]))
            per_label["average_precision"].append(value)
            found.append(Measurement(name=f"average_precision.{name}", value=value, unit="ratio", n=view.n))
    found += [
        Measurement(name=f"{stem}.macro", value=float(np.mean(values)), unit="ratio", n=view.n)
        for stem, values in per_label.items()
        if values
    ]
    return tuple(found)


def scores(view: View) -> npt.NDArray[np.float64]:
    """How many labels of each sample are wrong."""
    wanted, _, claimed = _held(view)
    return _truth.per_sample(view, (wanted != claimed).sum(axis=1)[view.sound].astype(np.float64))


def _held(view: View) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """[N, labels] what holds, how strongly it was said (finite, so that it can be ranked), and whether it was claimed."""
    assert view.truth.targets is not None
    wanted = view.truth.targets > 0.5
    real = view.output.real(view.samples.outputs)
    lost = np.isnan(real) | ~view.sound[:, np.newaxis]
    most = np.finfo(np.float64).max
    ranks = np.clip(np.where(lost, np.where(wanted, -np.inf, np.inf), real), -most, most)
    threshold: float = tasks.options(view.task).threshold
    return wanted, ranks, np.where(lost, ~wanted, real > threshold)
