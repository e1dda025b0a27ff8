"""From measurements and limits to a verdict with reasons. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.plans.schema import Gate, number
from harness.records import Evidence, GateResult, Measurement, Verdict
from harness.verdict.clustered import share_interval
from harness.verdict.metrics import family_of
from harness.verdict.statistics import LEVEL, wilson

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Extent:
    """How much was run: ``n`` samples of the ``planned`` ones (fewer after ``--samples``); the plan wants ``wanted`` at least."""

    n: int
    planned: int
    wanted: int | None = None

    @property
    def shortened(self) -> str:
        """``60 of 450 samples``; empty for a whole run."""
        return f"{self.n} of {self.planned} samples" if self.n < self.planned else ""


def judge(
    gates: Iterable[Gate], measurements: Iterable[Measurement], evidence: Evidence, extent: Extent | None = None
) -> tuple[tuple[GateResult, ...], Verdict, tuple[str, ...]]:
    """Every gate's result, the verdict and its reasons in words: see ``concluded``. A gate against a baseline is none of these.

    A shortened run passes no gate with ``confidence``: the plan's own number of samples is what the author holds enough.
    """
    by_name = {m.name: m for m in measurements}
    results = tuple(
        _judge_one(gate, by_name.get(gate.metric), evidence, extent) for gate in gates if not gate.is_relative
    )
    return results, *concluded(results, extent)


def concluded(results: Sequence[GateResult], extent: Extent | None = None) -> tuple[Verdict, tuple[str, ...]]:
    """What gates come to, and why.

    ``fail`` if any gate is broken; else ``inconclusive`` if any could not be decided, there is none, or fewer samples were run
    than the plan wants; else ``pass``. A gate that only warns counts for nothing of that. Never ``error``: that is for whoever
    ran the case to say.
    """
    if not results:
        return Verdict.INCONCLUSIVE, ("the plan has no gate for this case: nothing was judged",)
    blocking = [r for r in results if r.severity == "block"]
    if not blocking:
        return Verdict.INCONCLUSIVE, ("every gate of this case only warns: nothing was judged",)
    failed = [r.reason for r in blocking if r.passed is False]
    open_ = [r.reason for r in blocking if r.passed is None]
    if extent is not None and extent.wanted is not None and extent.n < extent.wanted:
        open_.append(f"{extent.n} samples were run, the plan wants {extent.wanted} at least (min_samples)")
    if failed:
        return Verdict.FAIL, (*failed, *open_)
    if open_:
        return Verdict.INCONCLUSIVE, tuple(open_)
    return Verdict.PASS, ("the gate holds" if len(blocking) == 1 else f"all {len(blocking)} gates hold",)


def warned(results: Iterable[GateResult]) -> tuple[str, ...]:
    """What gates that only warn have to say: every one that is broken, or that could not be decided."""
    words = {False: "broken", None: "not decided"}
    return tuple(
        f"a gate that only warns is {words[r.passed]}: {r.reason}"
        for r in results
        if r.severity == "warn" and r.passed is not True
    )


def _judge_one(gate: Gate, found: Measurement | None, evidence: Evidence, extent: Extent | None) -> GateResult:
    passed: bool | None = None
    if gate.needs == "hardware" and evidence != "hardware":
        reason = f"{gate.text()}: cannot be decided on an emulator"
    elif found is None:
        reason = f"{gate.text()}: {why_absent(gate.metric, evidence)}"
    elif math.isnan(found.value):
        reason = f"{gate.text()}: the measurement is not a number"
    elif gate.confidence is None:
        passed = _OPERATORS[gate.op](found.value, gate.limit)
        reason = f"{shown(found)}, limit {gate.op} {number(gate.limit)}"
    else:
        passed, reason = _by_interval(gate, found)
        if passed and extent is not None and extent.shortened:
            passed = None
            reason += f": it would hold, but a run of {extent.shortened} passes no gate with confidence"
    return GateResult(
        metric=gate.metric,
        op=gate.op,
        limit=gate.limit,
        value=None if found is None else found.value,
        passed=passed,
        needs=gate.needs,
        confidence=gate.confidence,
        reason=reason,
        severity=gate.severity,
    )


def _by_interval(gate: Gate, found: Measurement) -> tuple[bool | None, str]:
    """Both ends keep the limit: pass. Both break it: fail. Otherwise the samples are too few to say."""
    assert gate.confidence is not None
    low, high = _ends(found, gate.confidence)
    # A side without a bound is unbounded: it can decide nothing in that direction.
    ends = (-math.inf if low is None else low, math.inf if high is None else high)
    holds = [_OPERATORS[gate.op](end, gate.limit) for end in ends]
    text = f"{found.name} {_number(found.value)} (interval {_number(ends[0])} to {_number(ends[1])} at confidence "
    text += f"{number(gate.confidence)}, {extent_of(found)}), limit {gate.op} {number(gate.limit)}"
    if all(holds):
        return True, text
    if not any(holds):
        return False, text
    if found.by_group is None:
        return None, f"{text}: the interval lies on both sides, more samples are needed"
    if found.by_group.groups == 1:
        return None, f"{text}: all samples are of one group, which says nothing of others"
    return None, f"{text}: the interval lies on both sides, samples of more groups are needed"


def _ends(found: Measurement, level: float) -> tuple[float | None, float | None]:
    """The interval of that level: by groups where samples share some, else of the samples; None where none is known."""
    by = found.by_group
    if level == LEVEL:
        return (found.low, found.high) if by is None else (by.low, by.high)
    if by is not None:
        known = by.effective_n is not None and by.groups > 1
        return share_interval(found.value, by.effective_n or 0, by.groups, level) if known else (None, None)
    family = family_of(found.name)
    if family is not None and family.is_share(found.name):
        return wilson(round(found.value * found.n), found.n, level)
    return None, None


def extent_of(found: Measurement) -> str:
    """``n=450``; ``n=450 in 30 groups`` where samples share some."""
    by = found.by_group
    return f"n={found.n}" if by is None else f"n={found.n} in {by.groups} group{'s' if by.groups > 1 else ''}"


def why_absent(metric: str, evidence: Evidence) -> str:
    """Why there is no such measurement, in words."""
    family = family_of(metric)
    if family is not None and family.only is not None and family.only != evidence:
        if family.only == "hardware":
            return "needs hardware: no time of an emulator is a measurement"
        return "only an emulator counts instructions"
    if family is not None and family.absent:
        return family.absent
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
    by = measurement.by_group
    if by is not None and by.low is not None and by.high is not None:
        parts.append(f"{_number(by.low)} to {_number(by.high)} by group")
    if measurement.n > 1:
        parts.append(extent_of(measurement))
    return f"{text} ({', '.join(parts)})" if parts else text


def _number(value: float) -> str:
    # Six digits read well, but must not round a failing 0.9999999 up to the limit that it broke.
    short = f"{value:.6g}"
    return short if float(short) == value or short not in ("0", "1") else repr(value)
