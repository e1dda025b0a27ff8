"""A cell of a release held against its run in the baseline. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.plans.schema import number
from harness.records import Record, Samples, Verdict
from harness.verdict.release.alarms import chance_beyond
from harness.verdict.release.facts import AlarmFacts, BaselineFacts
from harness.verdict.swap import Comparison, Margins, Side, compare_sides


@dataclass(frozen=True)
class Against:
    """What came of it. ``missing``: why there was nothing to compare with.

    ``certain``: what failed and was no chance; ``alarms``: the margins that chance could break.
    """

    facts: BaselineFacts | None = None
    missing: str = ""
    certain: tuple[str, ...] = ()
    alarms: tuple[AlarmFacts, ...] = ()


def compared(
    before: Record,
    before_samples: Samples | None,
    now: Record,
    now_samples: Samples | None,
    *,
    accuracy: float,
    own: float | None = None,
) -> Against:
    """``now`` against ``before``, a run of the same case. ``MisuseError`` where they cannot be compared: other data, say.

    ``accuracy``: so much of it, or of the AUC, may be lost; ``own`` goes before it, and is of the mean score in a task without.
    """
    for samples, record in ((before_samples, before), (now_samples, now)):
        if samples is None:
            return Against(missing=f"not compared with the baseline: the samples of run {record.run_id} are not kept")
    assert before_samples is not None
    assert now_samples is not None
    found = compare_sides(
        Side(f"run {before.run_id}", before, before_samples),
        Side(f"run {now.run_id}", now, now_samples),
        margins=Margins(accuracy=accuracy if own is None else own, score=own),
    )
    return Against(_facts(found), certain=tuple(_certain(found)), alarms=tuple(_alarms(found)))


def _facts(found: Comparison) -> BaselineFacts:
    facts = BaselineFacts(run_id=found.baseline.run_id, verdict=found.verdict, reasons=found.reasons, n=found.pairing.n)
    if found.decisions is None:
        return facts
    counts = found.decisions
    named = ("lost", "gained", "difference", "low", "high", "margin")
    return facts.model_copy(update={name: getattr(counts, name) for name in named})


def _certain(found: Comparison) -> Iterator[str]:
    """What fails the comparison and is no interval's: a fault beside the figures, a size that is known exactly."""
    if found.verdict is Verdict.FAIL:
        yield from (one.text for one in found.findings if one.weight == "fault")
        yield from (one.reason for one in found.checks if one.passed is False and one.low is None)


def _alarms(found: Comparison) -> Iterator[AlarmFacts]:
    for check in found.checks:
        if check.value is None or check.low is None:
            continue
        p = chance_beyond(check.value, check.limit, check.low) if check.value > check.limit else 1.0
        yield AlarmFacts(
            run_id=found.candidate.run_id,
            gate=f"{check.name} <= {number(check.limit)} against the baseline",
            p=p,
            p_holm=p,
            broken=check.passed is False,
            stands=False,
        )
