"""Gates that no run could decide, or that no run could break, are refused before anything is built or flashed. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from harness.errors import PlanError
from harness.plans.names import listed, suggestion
from harness.plans.schema import ArgmaxRule, Gate, ThresholdRule, number
from harness.records import Tensor
from harness.verdict.clustered import most_effective, share_interval
from harness.verdict.metrics import Family, family_of, metric_names
from harness.verdict.relative import check_relative
from harness.verdict.statistics import LEVEL, wilson


def check_gates(
    gates: Iterable[Gate],
    where: str | Callable[[Gate], str] = "gates",
    classes: Sequence[str] | None = None,
    n_samples: int | None = None,
    task: str = "classification",
    outputs: Sequence[str] | None = None,
    groups: int | None = None,
) -> None:
    """Raise ``PlanError`` for the first gate that no run could decide, or that would hold (or break) whatever is measured.

    That is a metric nobody measures (in that ``task``), an output that the model (``outputs``, when known) does not have, a
    limit outside the metric's range, a class that the dataset (``classes``, when known) does not have, a ``confidence`` on a
    figure without an interval of that level, or one that ``n_samples`` (when known) of so many ``groups`` (when samples share some)
    could not give even if all were right. ``where`` names a gate's place.
    """
    for error in gate_mistakes(gates, where, classes, n_samples, task, outputs, groups):
        raise error


def gate_mistakes(
    gates: Iterable[Gate],
    where: str | Callable[[Gate], str] = "gates",
    classes: Sequence[str] | None = None,
    n_samples: int | None = None,
    task: str = "classification",
    outputs: Sequence[str] | None = None,
    groups: int | None = None,
) -> Iterator[PlanError]:
    """What ``check_gates`` would raise, of every gate the first."""
    gates = tuple(gates)
    for index, gate in enumerate(gates):
        try:
            place = where if isinstance(where, str) else where(gate)
            if gate.is_relative:
                check_relative(gate, place, classes, task)
                continue
            family = _family(gate, task, place)
            _check_names(gate, family, place, classes, outputs, task)
            _check_limit(gate, family, place, n_samples)
            _check_needs(gate, family, place)
            _check_confidence(gate, family, place, n_samples, groups)
            _check_together(gate, gates[:index], place)
        except PlanError as error:
            yield error


def _family(gate: Gate, task: str, place: str) -> Family:
    family = family_of(gate.metric, task)
    if family is not None:
        return family
    known = metric_names(task)
    elsewhere = family_of(gate.metric)
    raise PlanError(
        f"the task {task!r} has no metric {gate.metric!r}" if elsewhere else f"unknown metric {gate.metric!r}",
        where=place,
        expected=listed(known),
        found=gate.text(),
        next_step=f"gate on one of these, or say task: {elsewhere.tasks[0]}"
        if elsewhere and elsewhere.tasks
        else suggestion(gate.metric, known, "name a known metric"),
    )


def _check_names(
    gate: Gate, family: Family, place: str, classes: Sequence[str] | None, outputs: Sequence[str] | None, task: str
) -> None:
    output = family.of_output(gate.metric)
    if outputs is not None and output and (output not in outputs or len(outputs) == 1):
        stem = family.of(gate.metric)
        raise PlanError(
            f"the model has no output {output!r}" if output not in outputs else "the model has one output alone",
            where=place,
            expected=listed([stem, *(f"{stem}.{name}" for name in outputs if len(outputs) > 1)]),
            found=gate.text(),
            next_step=suggestion(output, outputs, "name one of these") if len(outputs) > 1 else f"gate on {stem}",
        )
    name = gate.metric.partition(".")[2]
    if family.stars and name not in family.stars:
        raise PlanError(
            f"there is no {gate.metric!r}",
            where=place,
            expected=listed([f"{gate.metric.partition('.')[0]}.{star}" for star in family.stars]),
            found=gate.text(),
            next_step="name one of these",
        )
    if classes is not None and not family.stars and family.per_class(gate.metric) and name not in classes:
        raise PlanError(
            f"the dataset has no {'class' if task == 'classification' else 'class, label or group'} {name!r}",
            where=place,
            expected=listed(classes),
            found=gate.text(),
            next_step=suggestion(name, classes, "name a class of the data set"),
        )


def check_rule(rule: ArgmaxRule | ThresholdRule, output: Tensor, where: str) -> None:
    """Raise ``PlanError`` for a threshold that no value of a quantised output can pass: every sample would be unknown."""
    if not isinstance(rule, ThresholdRule) or not output.scale:
        return
    top = float(output.scale * (np.iinfo(output.dtype).max - output.zero_point))
    if rule.above > top or (rule.above == top and not rule.inclusive):
        hundredth = round(rule.above / 100, 12)
        raise PlanError(
            "the threshold is never passed: every sample would be unknown",
            where=where,
            expected=f"below {top:.6g}, the largest value of output {output.name!r}",
            found=number(rule.above),
            next_step=f"did you mean {number(hundredth)}?" if 0 < hundredth < top else "lower the threshold",
        )


def _check_limit(gate: Gate, family: Family, where: str, n_samples: int | None) -> None:
    low, high = family.lowest(gate.metric), family.highest(gate.metric, n_samples)
    limit = gate.limit
    if not low <= limit <= high:
        hundredth = gate.model_copy(update={"limit": round(limit / 100, 12)})
        is_percent = family.highest(gate.metric) == 1 and 1 < limit <= 100
        raise PlanError(
            f"{gate.metric} is never {f'above {number(high)}' if limit > high else f'below {number(low)}'}",
            where=where,
            expected=_range_of(gate, family, high),
            found=gate.text(),
            next_step=f"did you mean {hundredth.text()!r}?" if is_percent else "correct the limit",
        )
    if gate.op == "==" and gate.metric in family.whole and limit != int(limit):
        raise PlanError(f"{gate.metric} is a whole number", where=where, expected="a whole limit", found=gate.text())
    always = (gate.op == ">=" and limit == low) or (gate.op == "<=" and limit == high)
    never = (gate.op == "<" and limit == low) or (gate.op == ">" and limit == high)
    if always or never:
        end = number(high) if math.isfinite(high) else "any number"
        raise PlanError(
            f"this gate {'holds' if always else 'breaks'} whatever is measured",
            where=where,
            expected="a limit that a run can keep or break",
            found=f"{gate.text()}; {gate.metric} is between {number(low)} and {end}",
            next_step="correct the limit, or remove the gate",
        )


def _range_of(gate: Gate, family: Family, high: float) -> str:
    if math.isinf(high):
        return "a limit of 0 or more"
    if math.isinf(family.lowest(gate.metric)):
        return f"a limit of {number(high)} or less"
    if family.of(gate.metric) in family.signed:
        return "a limit between -1 and 1"
    return f"a limit between 0 and {number(high)}: it " + (
        "counts samples" if gate.metric in family.counted else "is a share"
    )


def _check_together(gate: Gate, before: Sequence[Gate], where: str) -> None:
    """The first gate before this one that no value keeps beside it."""
    for other in before:
        if other.metric != gate.metric or other.is_relative:
            continue
        for low, high in ((other, gate), (gate, other)):
            bounds = low.op in (">=", ">", "==") and high.op in ("<=", "<", "==")
            if bounds and (low.limit > high.limit or (low.limit == high.limit and {low.op, high.op} & {">", "<"})):
                raise PlanError(
                    "no run can keep both gates",
                    where=where,
                    expected=f"limits of {gate.metric} that some value keeps",
                    found=f"{gate.text()}, and {other.text()}",
                    next_step="correct one of the two limits, or remove it",
                )


def _check_needs(gate: Gate, family: Family, where: str) -> None:
    if gate.needs == "hardware" and family.only == "emulated":
        raise PlanError(
            f"{gate.metric} is measured on an emulator alone",
            where=where,
            expected="a metric that hardware has, such as cycles.p50",
            found=gate.text(),
            next_step="leave out 'needs hardware', or gate on another metric",
        )


def _check_confidence(gate: Gate, family: Family, where: str, n_samples: int | None, groups: int | None) -> None:
    level = gate.confidence
    if level is None:
        return
    has_one = family.has_interval(gate.metric)
    if not (family.is_share(gate.metric) or (has_one and level == LEVEL)):
        raise PlanError(
            f"{gate.metric} has no interval of that level",
            where=where,
            expected=f"confidence {LEVEL}" if has_one else "no confidence",
            found=gate.text(),
            next_step="judge the value alone, or gate on a share such as accuracy",
        )
    if not family.is_share(gate.metric):
        return
    if (gate.op, gate.limit) in ((">=", 1.0), ("<=", 0.0)):
        raise PlanError(
            "no number of samples shows that with confidence",
            where=where,
            expected=f"a limit {'below 1' if gate.limit else 'above 0'}: the interval of {gate.metric} never ends there",
            found=gate.text(),
            next_step="leave out 'confidence', or give the limit room",
        )
    # A class's share is over its own samples, fewer than these: what even all of them could not show, they cannot.
    if n_samples is None:
        return
    grouped = groups if groups is not None and groups < n_samples and family.by_group(gate.metric) else None
    what = (
        f"{n_samples} samples"
        if grouped is None
        else f"{n_samples} samples of {grouped} group{'s' if grouped > 1 else ''}"
    )
    if grouped == 1:
        low, high = 0.0, 1.0
    elif grouped is not None:
        effective = most_effective(n_samples, grouped)
        low, high = (share_interval(share, effective, grouped, level)[side] for share, side in ((1.0, 0), (0.0, 1)))
    else:
        low, high = wilson(n_samples, n_samples, level)[0], wilson(0, n_samples, level)[1]
    if (gate.op in (">=", ">") and low < gate.limit) or (gate.op in ("<=", "<") and high > gate.limit):
        raise PlanError(
            f"{what} cannot show that with confidence, whatever the board answers",
            where=where,
            expected=f"samples enough for an interval within {gate.op} {number(gate.limit)}",
            found=f"{gate.text()}; with all samples right it ends at {low if gate.op in ('>=', '>') else high:.4g}",
            next_step=f"use {'more samples' if grouped is None else 'samples of more groups'}, or give the limit room",
        )
