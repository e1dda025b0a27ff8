"""Two references compared, case by case: ``compare.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from harness import __version__
from harness.evidence.runrecord import worst
from harness.frozen import Frozen, Written
from harness.records import Verdict
from harness.verdict.swap import Comparison

SCHEMA = "hil.compared/1"
_S = TypeVar("_S")


class Refused(Frozen):
    """A pair of cases that cannot be compared: other data, other labels, nothing in common."""

    case_id: str  # of the candidate, plan/board/model
    why: str  # what was expected, what was found


class Alone(Frozen):
    """A case that one side alone has. It is told, and changes no verdict: what a release needs, a release file says."""

    case_id: str  # plan/board/model
    side: Literal["baseline", "candidate"]  # which has it
    run_id: str  # of its record
    why: str = ""  # why it found no partner, where it might have had one


class Compared(Written):
    """``compare.json``."""

    schema_: str = SCHEMA  # changes when a reader of old files would break
    baseline: str  # the reference that the user gave for it
    candidate: str  # the reference that the user gave for it
    verdict: Verdict  # the worst of all cases; a refused one keeps it from passing
    reasons: tuple[str, ...]  # why, a line each
    cases: tuple[Comparison, ...]  # each pair of cases, in the order of the candidate's ids
    refused: tuple[Refused, ...] = ()  # pairs that cannot be compared
    alone: tuple[Alone, ...] = ()  # cases that one side alone has
    harness_version: str = ""  # of hil


def compared(
    baseline: str,
    candidate: str,
    cases: Sequence[Comparison],
    refused: Sequence[Refused] = (),
    alone: Sequence[Alone] = (),
) -> Compared:
    """All cases as one, under the names that the user gave. ``cases`` or ``refused`` has one or more."""
    verdict = worst([case.verdict for case in cases], short=bool(refused))
    assert verdict is not None
    return Compared(
        baseline=baseline,
        candidate=candidate,
        verdict=verdict,
        reasons=_reasons(cases, refused),
        cases=tuple(cases),
        refused=tuple(refused),
        alone=tuple(alone),
        harness_version=__version__,
    )


#: What needs a look comes first.
_RANKS = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


def ranked(cases: Sequence[tuple[Comparison, _S]]) -> list[tuple[Comparison, _S]]:
    """Cases, each with what belongs to it, those first that need a look; else in their order."""
    return sorted(cases, key=lambda pair: _RANKS.index(pair[0].verdict))


def _reasons(cases: Sequence[Comparison], refused: Sequence[Refused]) -> tuple[str, ...]:
    if len(cases) == 1 and not refused:
        return cases[0].reasons
    told = [f"{case.candidate.case_id}: {case.verdict}: {'; '.join(case.reasons)}" for case in cases]
    return (*told, *(f"{one.case_id}: refused: {one.why.splitlines()[0]}" for one in refused))
