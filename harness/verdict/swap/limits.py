"""A limit on how much worse a candidate may be, and what came of it. Pure.

``accuracy drop <= 0.01``, ``negative_flips <= 0.02``, ``cycles.p50 rise <= 0.5 %``: *drop* and *rise* are how far the candidate
lies below or above the baseline, so that a drop below 0 is a gain. What is estimated from samples keeps a limit when its whole
interval does, breaks it when none of it does, and is undecided otherwise; what is known exactly is held against it as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.verdict.swap.decisions import grown
from harness.verdict.swap.facts import Check, ClassFacts, Comparison, Decisions, Rate
from harness.verdict.swap.margin import kept
from harness.verdict.swap.power import n_to_decide, n_to_decide_share

Relation = Literal["", "drop", "rise"]
NO_LABELS = "the data has no labels, so nothing says which decisions are right"


@dataclass(frozen=True)
class Limit:
    """At most ``limit`` of it; ``percent``: of the baseline's own figure."""

    metric: str
    relation: Relation
    limit: float
    percent: bool = False

    @property
    def name(self) -> str:
        """``accuracy drop``."""
        return f"{self.metric} {self.relation}".strip()


@dataclass(frozen=True)
class Found:
    """A figure that a limit is held against, in its unit. ``low`` and ``high``: None where so few samples bound nothing.

    ``to_decide``: how many samples would decide, should it stay as it is; None: not known, or none would. ``why_open``: why
    nothing is decided, whatever the interval says.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    detail: str
    to_decide: int | None = None
    why_open: str = ""


@dataclass(frozen=True)
class Kind:
    """What can be limited. ``metrics``: their names, ``x.*`` one per class; ``find`` returns what was found, or why nothing was."""

    metrics: tuple[str, ...]
    relation: Relation
    meaning: str
    percent: bool
    exact: bool
    find: Callable[[Comparison, Limit], Found | str]
    only: Literal["hardware", "emulated"] | None = None
    tasks: tuple[str, ...] = ()
    unit: str = "ratio"


def kind_of(metric: str, relation: Relation) -> Kind | None:
    """What that limit would be on; None for nothing that is compared."""
    stem, _, rest = metric.partition(".")
    names = (metric, f"{stem}.*") if rest else (metric,)
    return next((kind for kind in KINDS if kind.relation == relation and set(names) & set(kind.metrics)), None)


def check(comparison: Comparison, limit: Limit) -> Check:
    """What came of one limit. One that is on nothing which is compared is undecided, and says so."""
    kind = kind_of(limit.metric, limit.relation)
    found = f"{limit.name} is nothing that two runs are compared by" if kind is None else kind.find(comparison, limit)
    unit = "%" if limit.percent else kind.unit if kind else "ratio"
    if isinstance(found, str):
        return Check(name=limit.name, value=None, limit=limit.limit, unit=unit, passed=None, reason=found)
    factor = 100.0 if limit.percent else 1.0
    # Rounded, since 7 % more is 7.000000000000001; plus 0, since no drop is 0 and not -0.
    ends = (found.value, found.low, found.high)
    value, low, high = (None if x is None else round(x * factor, 12) + 0.0 for x in ends)
    assert value is not None
    passed = True if high is not None and high <= limit.limit else None
    if passed is None and low is not None and low > limit.limit:
        passed = False
    if found.why_open:
        passed = None
    exact = low == high == value
    sign = " %" if limit.percent else ""
    interval = f" ({_end(low)} to {_end(high)} at confidence {comparison.level:.4g}, n={found.n})"
    reason = (
        f"{limit.name} {_end(value)}{sign}{'' if exact else interval}, limit <= {limit.limit:g}{sign}; {found.detail}"
    )
    if passed is None:
        unbounded = "so few samples bound it on neither side" if low is None and high is None else ""
        reason += f"; {found.why_open or unbounded or 'the interval lies on both sides'}, more samples are needed"
        reason += f": about {found.to_decide} would decide" if found.to_decide else ""
    return Check(
        name=limit.name,
        value=value,
        low=None if exact else low,
        high=None if exact else high,
        limit=limit.limit,
        unit=unit,
        passed=passed,
        reason=reason,
    )


def _undecided(comparison: Comparison) -> str:
    """Why there is nothing that was right or wrong."""
    return NO_LABELS if comparison.churn is not None else f"the task {comparison.task} decides on no class"


def _end(value: float | None) -> str:
    return "?" if value is None else f"{value:.6g}"


def _accuracy(comparison: Comparison, limit: Limit) -> Found | str:
    found = comparison.decisions
    if found is None:
        return _undecided(comparison)
    detail = f"{found.before:.4f} before, {found.after:.4f} after, {found.lost} lost, {found.gained} gained"
    if found.n_groups:
        detail += f", groups: {found.n_groups}"
    n = found.both_right + found.lost + found.gained + found.both_wrong
    needed = n_to_decide(found.lost, found.gained, n, limit.limit, comparison.level)
    why = _open(found, n, limit.limit, comparison.level)
    return Found(-found.difference, -found.high, -found.low, n, detail, grown(needed, found), why)


_ONE_GROUP = "all are of one group, which says nothing of others"


def _open(found: Decisions | ClassFacts, n: int, margin: float, level: float) -> str:
    """Why nothing is decided whatever the interval says: one group, or a near thing that was counted exactly; else ""."""
    if found.n_groups == 1:
        return _ONE_GROUP
    beyond = found.low >= -margin or found.high < -margin
    near = beyond and not found.n_groups and kept(found.lost, found.gained, n, margin, level) == "undecided"
    return "it lies beyond the limit by so little that the samples do not tell" if near else ""


def _recall(comparison: Comparison, limit: Limit) -> Found | str:
    name = limit.metric.partition(".")[2]
    found = next((one for one in comparison.classes if one.name == name), None)
    if found is None:
        return f"no sample has the label {name}"
    detail = f"{found.before:.4f} before, {found.after:.4f} after, {found.lost} lost, {found.gained} gained"
    if found.n_groups:
        detail += f", groups: {found.n_groups}"
    needed = None if found.n_groups else n_to_decide(found.lost, found.gained, found.n, limit.limit, comparison.level)
    why = _open(found, found.n, limit.limit, comparison.level)
    return Found(-found.difference, -found.high, -found.low, found.n, detail, needed, why)


def _rate(which: Callable[[Comparison], Rate | None], word: str) -> Callable[[Comparison, Limit], Found | str]:
    def find(comparison: Comparison, limit: Limit) -> Found | str:
        rate = which(comparison)
        if rate is None:
            return _undecided(comparison)
        detail = f"{rate.count} of {rate.n} {word}"
        if rate.n_groups:
            one = _ONE_GROUP if rate.n_groups == 1 else ""
            return Found(rate.rate, rate.low, rate.high, rate.n, f"{detail}, groups: {rate.n_groups}", None, one)
        needed = n_to_decide_share(rate.count, rate.n, limit.limit, comparison.level)
        return Found(rate.rate, rate.low, rate.high, rate.n, detail, needed)

    return find


def _score(metric: str, sign: float) -> Callable[[Comparison, Limit], Found | str]:
    def find(comparison: Comparison, limit: Limit) -> Found | str:
        found = comparison.score
        if found is None or found.metric != metric:
            return f"the task {comparison.task} has no such figure, or no sample has it on both sides"
        ends = (found.low, found.high) if sign > 0 else (found.high, found.low)
        low, high = (None if end is None else sign * end for end in ends)
        return Found(sign * found.difference, low, high, found.n, f"{found.before:.6g} before, {found.after:.6g} after")

    return find


def _timing(comparison: Comparison, limit: Limit) -> Found | str:
    stem, _, which = limit.metric.partition(".")
    found = comparison.timing
    if found is None or found.unit != stem:
        other = f", only {found.unit}" if found else ""
        return f"the two runs have no {stem} to compare{other}"
    shift = next((one for one in found.shifts if one.quantile == {"p50": 0.5, "p99": 0.99}[which]), None)
    if shift is None or (shift.low is None and shift.high is None and found.why_not):
        return found.why_not or "nothing was timed"
    factor = 1.0 if limit.percent else shift.before
    low, high = (None if end is None else end * factor for end in (shift.low, shift.high))
    return Found(shift.rise * factor, low, high, found.n, f"{shift.before:.9g} before, {shift.after:.9g} after")


def _amount(comparison: Comparison, limit: Limit) -> Found | str:
    found = next((one for one in comparison.memory if one.name == limit.metric), None)
    if found is None or found.before is None or found.after is None:
        return f"{limit.metric} is not known of both runs"
    rise = found.after - found.before
    if limit.percent:
        if not found.before:
            return f"{limit.metric} of the baseline is 0"
        rise /= found.before
    return Found(rise, rise, rise, 1, f"{found.before:.9g} before, {found.after:.9g} after")


KINDS: tuple[Kind, ...] = (
    Kind(("accuracy",), "drop", "how much of the accuracy is lost", False, False, _accuracy, tasks=("classification",)),
    Kind(("recall.*",), "drop", "how much of a class's recall is lost", False, False, _recall, tasks=("classification",)),
    Kind(
        ("negative_flips",), "", "samples that were right before and are wrong now", False, False,
        _rate(lambda c: c.negative_flips, "were right and are wrong"), tasks=("classification",),
    ),
    Kind(
        ("churn",), "", "samples that are decided otherwise than before", False, False,
        _rate(lambda c: c.churn, "decisions changed"), tasks=("classification",),
    ),
    Kind(("auc",), "drop", "how much of the area under the ROC curve is lost", False, False, _score("auc", -1), tasks=("anomaly",)),
    Kind(
        ("score",), "rise", "how much more the mean score of a sample is", False, False, _score("score", 1),
        tasks=("regression", "multi_label"), unit="1",
    ),
    Kind(
        ("score",), "drop", "how much less the mean score of a sample is", False, False, _score("score", -1),
        tasks=("sequence",), unit="1",
    ),
    Kind(
        ("cycles.p50", "cycles.p99"), "rise", "how many more cycles a sample takes", True, False, _timing, only="hardware",
        unit="cycles",
    ),
    Kind(
        ("instructions.p50", "instructions.p99"), "rise", "how many more instructions a sample takes", True, True, _timing,
        only="emulated", unit="instructions",
    ),
    Kind(("flash_bytes",), "rise", "how much more flash the firmware takes", True, True, _amount, unit="B"),
    Kind(("ram_bytes",), "rise", "how much more RAM the firmware takes", True, True, _amount, unit="B"),
    Kind(("stack_bytes",), "rise", "how much deeper the stack was seen", True, True, _amount, unit="B"),
)  # fmt: skip
