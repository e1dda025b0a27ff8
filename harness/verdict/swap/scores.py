"""What a swap did in a task that decides on no class: to the scores of the samples, or to the area under the ROC curve. Pure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.errors import PlanError
from harness.plans.schema import TaskSpec
from harness.records import Record
from harness.verdict import tasks
from harness.verdict.clustered import clustered_interval
from harness.verdict.statistics import auc_interval, student, wilson
from harness.verdict.swap.facts import NonInferior, Score
from harness.verdict.swap.groups import Grouping
from harness.verdict.swap.pairing import Pairs, Side
from harness.verdict.tasks import anomaly

Floats = npt.NDArray[np.float64]


def score(
    baseline: Side, candidate: Side, pairs: Pairs, *, margin: float | None, level: float, seed: int
) -> Score | None:
    """The change of the task's own figure; None for a task that gives a sample no score, or where no sample has one on both sides.

    Of an anomaly detector the area under the ROC curve, since whether a higher score is better depends on the sample. ``margin`` is
    in the unit of the score, and 0..1 of the area.
    """
    before, after = baseline.samples.scores, candidate.samples.scores
    if before is None or after is None:
        return None
    one, other = before[pairs.baseline], after[pairs.candidate]
    if baseline.record.task == "anomaly":
        return _area(baseline, pairs, one, other, margin, level)
    task = tasks.load(baseline.record.task)
    finite = np.isfinite(one) & np.isfinite(other)
    n = int(finite.sum())
    if not n or not task.BETTER:
        return None
    off = other[finite] - one[finite]
    groups = Grouping.of(baseline, pairs, seed).among(finite)
    low = high = None
    if groups.names is not None:
        # Of one group nothing tells how another would do.
        low, high = clustered_interval(off, groups.names, confidence=level, seed=seed) if groups.n > 1 else (None, None)
    elif n >= 2:
        half = student(level, n - 1) * float(off.std(ddof=1)) / math.sqrt(n)
        low, high = float(off.mean()) - half, float(off.mean()) + half
    return Score(
        name=task.SCORE,
        better=task.BETTER,
        n=n,
        before=float(one[finite].mean()),
        after=float(other[finite].mean()),
        difference=float(off.mean()),
        low=low,
        high=high,
        interval="t" if groups.names is None else "clustered",
        n_groups=groups.n,
        margin=margin,
        non_inferior=_kept(low, high, margin, task.BETTER),
    )


def unscored(baseline: Side, candidate: Side, pairs: Pairs) -> int:
    """Samples that have a finite score of the baseline and none of the candidate: no mean shows how bad they are."""
    before, after = baseline.samples.scores, candidate.samples.scores
    if before is None or after is None:
        return 0
    return int((np.isfinite(before[pairs.baseline]) & ~np.isfinite(after[pairs.candidate])).sum())


def _kept(low: float | None, high: float | None, margin: float | None, better: tasks.Better) -> NonInferior:
    if margin is None or low is None or high is None:
        return "undecided"
    worst, best = (-high, -low) if better == "lower" else (low, high)
    return "yes" if worst >= -margin else "no" if best < -margin else "undecided"


def _area(
    baseline: Side, pairs: Pairs, before: Floats, after: Floats, margin: float | None, level: float
) -> Score | None:
    """The areas of both on the same samples, see ``area_difference``."""
    record = baseline.record
    options = _options(record)
    if options is None or pairs.n != len(baseline.samples.ids) or pairs.n % options.windows:
        return None  # a row of windows that is not whole says something else
    labels = baseline.samples.labels[pairs.baseline]
    classes = record.dataset.classes if record.dataset else ()
    anomalous, one = anomaly.ranked(labels, before, classes, options)
    _, other = anomaly.ranked(labels, after, classes, options)
    if anomalous.all() or not anomalous.any():
        return None
    first, second, low, high = area_difference(anomalous, one, other, level)
    return Score(
        metric="auc",
        name="area under the ROC curve",
        better="higher",
        n=len(anomalous),
        before=first,
        after=second,
        difference=second - first,
        low=low,
        high=high,
        interval="mover",
        margin=margin,
        non_inferior=_kept(low, high, margin, "higher"),
    )


def area_difference(
    anomalous: npt.NDArray[np.bool_], before: Floats, after: Floats, level: float
) -> tuple[float, float, float, float]:
    """Two areas under the ROC curve on the same samples and the two-sided interval of second minus first: (first, second, low,
    high).

    Of the two areas' own intervals (``auc_interval``) and their correlation, by the method of variance estimates recovery: G. Y.
    Zou, A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27 (2008) 1693-1702. The
    correlation is that of E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988) 837-845; where an area has no
    variance (all are told apart) it is taken as 0, which is the careful side. Where no row's rank changed, as many rows of
    either kind as could change without one of so few doing so (Wilson's upper end of a share of 0) might each cost the area its
    whole share.
    """
    n = (int(anomalous.sum()), int((~anomalous).sum()))
    (a, parts_a), (b, parts_b) = (_components(anomalous, ranks) for ranks in (before, after))
    if all(np.array_equal(one, other) for one, other in zip(parts_a, parts_b, strict=True)):
        unseen = min(1.0, sum(wilson(0, size, level)[1] for size in n))
        return a, b, -unseen, unseen
    r = _correlation(parts_a, parts_b, n)
    (low_a, high_a), (low_b, high_b) = (auc_interval(area, *n, level) for area in (a, b))
    down, up = (b - low_b, high_a - a), (high_b - b, a - low_a)
    spread = [math.sqrt(max(0.0, x * x + y * y - 2 * r * x * y)) for x, y in (down, up)]
    return a, b, max(-1.0, b - a - spread[0]), min(1.0, b - a + spread[1])


def _components(anomalous: npt.NDArray[np.bool_], ranks: Floats) -> tuple[float, tuple[Floats, Floats]]:
    """The area, and of each anomalous and each normal row the share of the other kind that it is ranked rightly against."""
    positive, negative = ranks[anomalous], ranks[~anomalous]
    of_positive = _below(positive, negative)
    return float(of_positive.mean()), (of_positive, 1 - _below(negative, positive))


def _below(values: Floats, others: Floats) -> Floats:
    """The share of the others below each value, ties by half."""
    ordered = np.sort(others)
    places = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(places / (2 * len(others)))


def _correlation(one: tuple[Floats, Floats], other: tuple[Floats, Floats], n: tuple[int, int]) -> float:
    if min(n) < 2:
        return 0.0
    parts = [np.cov(a, b) / size for a, b, size in zip(one, other, n, strict=True)]
    found = parts[0] + parts[1]
    spread = math.sqrt(float(found[0, 0] * found[1, 1]))
    return float(found[0, 1]) / spread if spread > 0 else 0.0


def _options(record: Record) -> anomaly.Options | None:
    try:
        found: anomaly.Options = tasks.options(
            TaskSpec(name=record.task, options={setting.name: setting.value for setting in record.task_options})
        )
    except PlanError:
        return None
    return found
