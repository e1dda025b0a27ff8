"""From two references to their comparison: the runs are found, paired case by case, compared, and their flips read once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pydantic import ValidationError

from harness.errors import MisuseError
from harness.evidence.comparison import Pictures, Shown
from harness.evidence.comparison.cases import paired
from harness.evidence.comparison.compared import Alone, Compared, Refused, compared
from harness.evidence.history import History
from harness.evidence.history.references import Found, find
from harness.plans.gatetext import FORM
from harness.plans.names import suggestion
from harness.plans.schema import Gate, Plan
from harness.records import GateResult, Record
from harness.run.pictures import pictures_of
from harness.verdict import relative
from harness.verdict.statistics import LEVEL
from harness.verdict.swap import Comparison, Limit, Margins, Side, compare_sides
from harness.verdict.swap.limits import Relation, kind_of


@dataclass(frozen=True)
class Wishes:
    """What a comparison is to be like.

    ``margin``: the accuracy that may be lost, 0..1, and ``limits``: what else may not get worse by more. None: as the candidate's
    plan says in its gates against a baseline, else as ``Margins``. ``plan``: where the samples of the flips are read from; None: it
    is looked for.
    """

    margin: float | None = None
    limits: tuple[Limit, ...] = ()
    common: bool = False  # samples that one side alone has are left out, where they would be refused
    pictures: bool = True
    all_flips: bool = False
    plan: Plan | None = None


def compare_references(
    baseline: str, candidate: str, *, base: Path, wishes: Wishes | None = None, history: History | None = None
) -> tuple[Compared, list[Shown]]:
    """What ``hil compare`` reports of two references, with the arrays and pictures of each case.

    ``base``: the folder of runs; ``history``: if it is open already. ``MisuseError``: a reference names nothing, no case of one is
    in the other, or the only pair is of other data. Of several pairs those that cannot be compared are told in the result.
    """
    wishes = wishes or Wishes()
    (before, before_empty), (after, after_empty) = (
        _sides(reference, base, history) for reference in (baseline, candidate)
    )
    pairs = paired(before, after)
    if not pairs.pairs:
        raise MisuseError(
            "no case of one is in the other",
            expected=_cases(before, baseline),
            found=_cases(after, candidate),
            next_step="name two runs of one plan and board, or the folders of two cases",
        )
    cases: list[Comparison] = []
    shown: list[Shown] = []
    refused: list[Refused] = []
    for pair in pairs.pairs:
        try:
            margins, level = margins_of(pair.candidate.record, wishes)
            found = compare_sides(
                pair.baseline,
                pair.candidate,
                margins=margins,
                level=level,
                common=wishes.common,
                repeats=pair.repeats,
            )
        except MisuseError as error:
            if len(pairs.pairs) == 1:
                raise
            refused.append(Refused(case_id=pair.candidate.record.case_id, why=str(error)))
            continue
        cases.append(found)
        shown.append(Shown(pair.baseline, pair.candidate, _pictures(found, pair.candidate, wishes), wishes.all_flips))
    alone = [*pairs.alone, *_streamed_nothing("baseline", before_empty), *_streamed_nothing("candidate", after_empty)]
    return compared(baseline, candidate, cases, refused, alone), shown


def margins_of(record: Record, wishes: Wishes) -> tuple[Margins, float]:
    """What the candidate may be worse by, and the level of the intervals: the highest that a gate asks for."""
    asked = [gate for gate in record.gates if gate.baseline is not None and gate.severity == "block"]
    level = max((gate.confidence for gate in asked if gate.confidence is not None), default=LEVEL)
    limits = {limit.name: limit for limit in map(_limit, asked)}
    limits |= {limit.name: limit for limit in wishes.limits}
    own = limits.pop("accuracy drop", None) or limits.pop("auc drop", None)
    margin = wishes.margin if wishes.margin is not None else own.limit if own else Margins().accuracy
    return Margins(accuracy=margin, more=tuple(limits.values())), level


def _limit(gate: GateResult) -> Limit:
    metric, _, relation = gate.metric.partition(" ")
    return Limit(metric, cast(Relation, relation), gate.limit, percent=gate.unit == "%")


def limit_of(text: str) -> Limit:
    """A limit as a plan writes it: ``cycles.p50 rise <= 0.5 %``. ``MisuseError``: it is none on how two runs differ."""
    try:
        gate = Gate.model_validate(text)
    except ValidationError as error:
        raise MisuseError(
            "not a gate",
            where=text,
            expected=FORM,
            found=error.errors()[0]["msg"],
            next_step="write it as in a plan: accuracy drop <= 0.01",
        ) from error
    if kind_of(gate.metric, gate.change or "") is None or gate.op != "<=":
        known = relative.names()
        raise MisuseError(
            f"two runs are not compared by {gate.limited!r}",
            expected=f"one of these, <= a number: {', '.join(known)}",
            found=text,
            next_step=suggestion(gate.limited, known, "write one of these"),
        )
    return Limit(gate.metric, gate.change or "", gate.limit, gate.percent)


def _sides(reference: str, base: Path, history: History | None) -> tuple[list[Side], list[Found]]:
    """The runs that a reference names, and those of them that streamed nothing."""
    found = find(reference, base=base, history=history)
    sides = [
        Side(reference if len(found) == 1 else f"{reference} ({one.record.case_id})", one.record, one.samples)
        for one in found
        if one.samples is not None
    ]
    empty = [one for one in found if one.samples is None]
    if not sides:
        first = empty[0].record
        raise MisuseError(
            "the run has no samples to compare",
            where=reference,
            expected=f"samples.npz of {first.case_id}",
            found=f"a run that ended with {first.verdict}: {'; '.join(first.reasons) or 'no reason is known'}",
            next_step="run it again, and compare that run",
        )
    return sides, empty


def _pictures(found: Comparison, side: Side, wishes: Wishes) -> Pictures:
    if not wishes.pictures:
        return Pictures()
    return pictures_of(side.record, {flip.id for flip in found.flips}, wishes.plan)


def _streamed_nothing(side: Literal["baseline", "candidate"], found: list[Found]) -> Iterator[Alone]:
    for one in found:
        why = f"it has no samples: {'; '.join((one.record.verdict.value, *one.record.reasons))}"
        yield Alone(case_id=one.record.case_id, side=side, run_id=one.record.run_id, why=why)


def _cases(sides: list[Side], name: str) -> str:
    return f"{', '.join(sorted({side.record.case_id for side in sides}))} ({name})"
