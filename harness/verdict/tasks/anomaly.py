"""A score tells anomalous samples from normal ones: how badly the network gives its input back, or its only output value.

- ``auc``: area under the ROC curve; ``auc_partial``: of its part with a false alarm rate up to ``max_fpr``, as sklearn's
  ``roc_auc_score(max_fpr=)`` scales it (0.5 = chance). ``auc.<group>`` and ``auc_partial.<group>``: of one group of the data
  (a machine).
- ``detection_rate``, ``false_alarm_rate``: anomalous and normal samples whose score is above the threshold; the plan gives
  it, or it is the quantile of normal samples of *other* data (``threshold_split``), scored by the reference before anything is
  streamed.

With ``windows: 5`` that many samples in a row, of one class and group, are one: the windows of a recording. The mean of their
scores is judged, and ``n`` counts those. A sample that is not sound is ranked on the wrong side.
Intervals: Newcombe's of ``auc``, Wilson's of the rates.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.statistics import auc_interval
from harness.verdict.view import View

_T = TypeVar("_T", bound=np.generic)

TRUTH: tasks.Needs = "labels"
SCORE = "anomaly score of a sample"
BETTER: tasks.Better = ""
HEADLINES = ("auc", "auc_partial", "detection_rate", "false_alarm_rate", "threshold")
TABLES = (tasks.Table("Each group", "group", ("auc", "auc_partial")),)
PICTURE: tasks.Picture = "roc"
FAMILY = Family(
    ("auc", "auc.*", "auc_partial", "auc_partial.*", "detection_rate", "false_alarm_rate", "threshold"),
    shares=("detection_rate", "false_alarm_rate"),
    ratios=("auc", "auc.*", "auc_partial", "auc_partial.*"),
    interval=("auc", "auc.*"),
    unbounded=("threshold",),
    tasks=("anomaly",),
    meanings={
        "auc": "chance that an anomalous sample scores above a normal one (area under the ROC curve)",
        "auc.*": "the same in one group of the data: auc.<group>",
        "auc_partial": "area under the ROC curve up to max_fpr false alarms, scaled so that 0.5 is chance",
        "auc_partial.*": "the same in one group of the data: auc_partial.<group>",
        "detection_rate": "anomalous samples whose score is above the threshold",
        "false_alarm_rate": "normal samples whose score is above the threshold",
        "threshold": "the threshold that was used",
    },
    units={"threshold": "1"},
)


class Options(tasks.Options):
    """What is normal, what the score is, and where the threshold comes from."""

    normal: str = Field(
        default="normal", min_length=1, description="The class of the normal samples; all others are anomalous."
    )
    score: Literal["mse", "mae", "output"] = Field(
        default="mse",
        description="mse, mae: mean squared or absolute difference of output and input. output: the model's only output value.",
    )
    max_fpr: float = Field(default=0.1, gt=0, lt=1, description="How far `auc_partial` goes.")
    windows: int = Field(default=1, ge=1, description="So many samples in a row are one: their mean score is judged.")
    threshold: float | None = Field(default=None, allow_inf_nan=False, description="Above it a sample is anomalous.")
    threshold_split: str = Field(
        default="", description="The split of other data whose normal samples give the threshold, train for instance."
    )
    threshold_quantile: float = Field(
        default=0.95, gt=0, lt=1, description="The quantile of those samples' scores that is the threshold."
    )


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """An output as large as the input (or of one value), both classes, and whole rows of windows."""
    options: Options = tasks.options(spec)
    where = f"dataset {data.name}, output {output.name!r}"
    wanted = 1 if options.score == "output" else source.elements
    if output.elements != wanted:
        raise PlanError(
            "the output is none that this score can be made of",
            where=where,
            expected=f"{wanted} value(s): "
            + ("the score itself" if options.score == "output" else f"the input {source.describe()} given back"),
            found=output.describe(),
            next_step="task.options.score: mse or mae for an autoencoder, output for a network that gives the score",
        )
    if options.normal not in data.classes or len(np.unique(_anomalous(data.labels, data.classes, options))) < 2:
        raise PlanError(
            "normal and anomalous samples cannot be told apart",
            where=f"dataset {data.name}, split {data.split}",
            expected=f"samples of class {options.normal!r} and of others",
            found=", ".join(data.classes[label] for label in np.unique(data.labels)),
            next_step="name the normal class: task: {name: anomaly, options: {normal: ...}}",
        )
    if options.threshold is not None and options.threshold_split:
        raise PlanError(
            "the threshold is said twice",
            where="task.options.threshold_split",
            expected="threshold or threshold_split",
            next_step="keep one of the two",
        )
    if options.threshold_split == data.split:
        raise PlanError(
            "the threshold would be chosen on the data that it is judged on",
            where="task.options.threshold_split",
            expected="another split than dataset.split",
            found=options.threshold_split,
            next_step="name the split that the network was trained on",
        )
    rows: list[npt.NDArray[Any]] = [data.labels, *([data.groups] if data.groups is not None else [])]
    if len(data) % options.windows or any((_rows(row, options) != _rows(row, options)[:, :1]).any() for row in rows):
        raise PlanError(
            "the samples are no whole rows of windows",
            where="task.options.windows",
            expected=f"{options.windows} samples in a row of one class and group, again and again",
            found=f"{len(data)} samples",
            next_step="correct windows, or dataset.samples",
        )


def parts(data: Dataset) -> tuple[str, ...]:
    """The groups."""
    return () if data.groups is None else tuple(map(str, np.unique(data.groups)))


def measure(view: View) -> tuple[Measurement, ...]:
    """Of all samples, of each group that has both kinds, and at the threshold where there is one."""
    options: Options = tasks.options(view.task)
    anomalous, ranks = ranked(view.samples.labels, scores(view), view.classes, options)
    found = [*_areas("", anomalous, ranks, options)]
    if view.truth.groups is not None:
        groups = _rows(view.truth.groups, options)[:, 0]
        for group in np.unique(groups):
            found += _areas(f".{group}", anomalous[groups == group], ranks[groups == group], options)
    threshold = options.threshold if options.threshold is not None else view.truth.threshold
    if threshold is not None:
        above = ranks > threshold
        found += [
            Measurement(name="threshold", value=threshold, unit="1", n=1),
            share("detection_rate", int(above[anomalous].sum()), int(anomalous.sum())),
            share("false_alarm_rate", int(above[~anomalous].sum()), int((~anomalous).sum())),
        ]
    return tuple(found)


def scores(view: View) -> npt.NDArray[np.float64]:
    """[N] the score of each sample, NaN where it is not sound."""
    options: Options = tasks.options(view.task)
    real = view.output.real(view.samples.outputs)
    return np.where(view.sound, scored(real, view.truth.inputs, options), np.nan)


def ranked(
    labels: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], classes: tuple[str, ...], options: Options
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Of each row of windows [rows] whether it is anomalous, and what it is ranked by (finite); ``scores`` [N] as of ``scores``."""
    anomalous = _rows(_anomalous(labels, classes, options), options)[:, 0]
    values = _rows(scores, options).mean(axis=1)  # one window that is not sound makes its whole row so
    most = np.finfo(np.float64).max
    return anomalous, np.clip(np.where(np.isnan(values), np.where(anomalous, -np.inf, np.inf), values), -most, most)


def scored(
    real: npt.NDArray[np.float64], inputs: npt.NDArray[np.float64] | None, options: Options
) -> npt.NDArray[np.float64]:
    """[N] the score of outputs [N, values] for inputs of that size, all in real units."""
    if options.score == "output":
        return real[:, 0]
    assert inputs is not None
    off = np.abs(real - inputs)
    return np.asarray((np.square(off) if options.score == "mse" else off).mean(axis=1))


def threshold_of(values: npt.NDArray[np.float64], options: Options) -> float:
    """The threshold that the scores [N] of normal samples give; an incomplete row of windows at the end is left out."""
    whole = values[: len(values) - len(values) % options.windows]
    return float(np.quantile(_rows(whole, options).mean(axis=1), options.threshold_quantile))


def _areas(
    suffix: str, anomalous: npt.NDArray[np.bool_], ranks: npt.NDArray[np.float64], options: Options
) -> tuple[Measurement, ...]:
    """Nothing where one kind is missing."""
    from sklearn.metrics import roc_auc_score

    n = (int(anomalous.sum()), int((~anomalous).sum()))
    if not all(n):
        return ()
    auc = float(roc_auc_score(anomalous, ranks))
    low, high = auc_interval(auc, *n)
    partial = float(roc_auc_score(anomalous, ranks, max_fpr=options.max_fpr))
    return (
        Measurement(name=f"auc{suffix}", value=auc, unit="ratio", n=sum(n), low=low, high=high),
        Measurement(name=f"auc_partial{suffix}", value=partial, unit="ratio", n=sum(n)),
    )


def _anomalous(labels: npt.NDArray[np.int64], classes: tuple[str, ...], options: Options) -> npt.NDArray[np.bool_]:
    return np.asarray(labels != classes.index(options.normal))


def _rows(values: npt.NDArray[_T], options: Options) -> npt.NDArray[_T]:
    """[rows, windows]."""
    return values.reshape(-1, options.windows)
