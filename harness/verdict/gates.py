"""From measurements and limits to a verdict with reasons. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence

from harness.errors import PlanError
from harness.plans.names import listed, suggestion
from harness.plans.schema import Gate, number
from harness.records import Evidence, GateResult, Measurement, Verdict
from harness.verdict.metrics import family_of, metric_names
from harness.verdict.statistics import LEVEL, wilson

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


def check_gates(gates: Iterable[Gate], where: str = "gates", classes: Sequence[str] | None = None) -> None:
    """Raise ``PlanError`` for a gate that no run could ever decide: call it before anything is built or flashed.

    That is a metric nobody measures, a class that the dataset (``classes``, when known) does not have, or a
    ``confidence`` on a figure without an interval of that level.
    """
    for gate in gates:
        family = family_of(gate.metric)
        if family is None:
            raise PlanError(
                f"unknown metric {gate.metric!r}",
                where=where,
                expected=listed(metric_names()),
                found=gate.text(),
                next_step=suggestion(gate.metric, metric_names(), "name a known metric"),
            )
        name = gate.metric.partition(".")[2]
        if classes is not None and family.per_class(gate.metric) and name not in classes:
            raise PlanError(
                f"the dataset has no class {name!r}", where=where, expected=listed(classes), found=gate.text()
            )
        level = gate.confidence
        if level is not None and not (family.is_share(gate.metric) or (family.interval and level == LEVEL)):
            raise PlanError(
                f"{gate.metric} has no interval of that level",
                where=where,
                expected=f"confidence {LEVEL}" if family.interval else "no confidence",
                found=gate.text(),
                next_step="judge the value alone, or gate on a share such as accuracy",
            )


def judge(
    gates: Iterable[Gate], measurements: Iterable[Measurement], evidence: Evidence
) -> tuple[tuple[GateResult, ...], Verdict, tuple[str, ...]]:
    """Every gate's result, the verdict and its reasons in words.

    ``fail`` if any gate is broken; else ``inconclusive`` if any could not be decided, or there is no gate at all; else
    ``pass``. Never ``error``: that is for whoever ran the case to say.
    """
    by_name = {m.name: m for m in measurements}
    results = tuple(_judge_one(gate, by_name.get(gate.metric), evidence) for gate in gates)
    if not results:
        return results, Verdict.INCONCLUSIVE, ("the plan has no gate for this case: nothing was judged",)
    failed = [r.reason for r in results if r.passed is False]
    open_ = [r.reason for r in results if r.passed is None]
    if failed:
        return results, Verdict.FAIL, (*failed, *open_)
    if open_:
        return results, Verdict.INCONCLUSIVE, tuple(open_)
    held = "the gate holds" if len(results) == 1 else f"all {len(results)} gates hold"
    return results, Verdict.PASS, (held,)


def _judge_one(gate: Gate, found: Measurement | None, evidence: Evidence) -> GateResult:
    passed: bool | None = None
    if gate.needs == "hardware" and evidence != "hardware":
        reason = f"{gate.text()}: cannot be decided on an emulator"
    elif found is None:
        reason = f"{gate.text()}: {_why_absent(gate, evidence)}"
    elif math.isnan(found.value):
        reason = f"{gate.text()}: the measurement is not a number"
    elif gate.confidence is None:
        passed = _OPERATORS[gate.op](found.value, gate.limit)
        reason = f"{shown(found)}, limit {gate.op} {number(gate.limit)}"
    else:
        passed, reason = _by_interval(gate, found)
    return GateResult(
        metric=gate.metric,
        op=gate.op,
        limit=gate.limit,
        value=None if found is None else found.value,
        passed=passed,
        needs=gate.needs,
        reason=reason,
    )


def _by_interval(gate: Gate, found: Measurement) -> tuple[bool | None, str]:
    """Both ends keep the limit: pass. Both break it: fail. Otherwise the samples are too few to say."""
    assert gate.confidence is not None
    low, high = found.low, found.high
    if gate.confidence != LEVEL:
        family = family_of(gate.metric)
        if family is not None and family.is_share(gate.metric):
            low, high = wilson(round(found.value * found.n), found.n, gate.confidence)
        else:
            low = high = None
    # A side without a bound is unbounded: it can decide nothing in that direction.
    ends = (-math.inf if low is None else low, math.inf if high is None else high)
    holds = [_OPERATORS[gate.op](end, gate.limit) for end in ends]
    text = f"{found.name} {_number(found.value)} (interval {_number(ends[0])} to {_number(ends[1])} at confidence "
    text += f"{number(gate.confidence)}, n={found.n}), limit {gate.op} {number(gate.limit)}"
    if all(holds):
        return True, text
    if not any(holds):
        return False, text
    return None, f"{text}: the interval lies on both sides, more samples are needed"


def _why_absent(gate: Gate, evidence: Evidence) -> str:
    family = family_of(gate.metric)
    if family is not None and family.only is not None and family.only != evidence:
        if family.only == "hardware":
            return "needs hardware: no time of an emulator is a measurement"
        return "only an emulator counts instructions"
    return "there was nothing to measure it on"


def shown(measurement: Measurement) -> str:
    """``accuracy 0.9733 (0.954 to 0.985 at 95 %, n=450)``."""
    text = f"{measurement.name} {_number(measurement.value)}"
    if measurement.unit not in ("ratio", "1", "samples"):
        text += f" {measurement.unit}"
    parts = []
    if measurement.low is not None or measurement.high is not None:
        low = "?" if measurement.low is None else _number(measurement.low)
        high = "?" if measurement.high is None else _number(measurement.high)
        parts.append(f"{low} to {high} at 95 %")
    if measurement.n > 1:
        parts.append(f"n={measurement.n}")
    return f"{text} ({', '.join(parts)})" if parts else text


def _number(value: float) -> str:
    # Six digits read well, but must not round a failing 0.9999999 up to the limit that it broke.
    short = f"{value:.6g}"
    return short if float(short) == value or short not in ("0", "1") else repr(value)
