"""From two references to their comparison: the runs are found, paired case by case, compared, and their flips read once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import MisuseError
from harness.evidence import layout, read_record, read_samples, runs
from harness.evidence.comparison import Pictures, Shown
from harness.evidence.comparison.cases import paired
from harness.evidence.comparison.compared import Alone, Compared, Refused, compared
from harness.evidence.reports import json_, npz
from harness.plans.schema import Plan
from harness.records import Record, Samples
from harness.run.pictures import pictures_of
from harness.verdict.swap import Comparison, Margins, Side, compare_sides


@dataclass(frozen=True)
class Found:
    """A run that a reference names. ``samples`` None: it streamed nothing."""

    record: Record
    samples: Samples | None


@dataclass(frozen=True)
class Wishes:
    """What a comparison is to be like. ``plan``: where the samples of the flips are read from; None: it is looked for."""

    margins: Margins | None = None
    common: bool = False  # samples that one side alone has are left out, where they would be refused
    pictures: bool = True
    all_flips: bool = False
    plan: Plan | None = None


def compare_references(
    baseline: str, candidate: str, *, base: Path, wishes: Wishes | None = None
) -> tuple[Compared, list[Shown]]:
    """What ``hil compare`` reports of two references, with the arrays and pictures of each case.

    ``base``: the folder of runs. ``MisuseError``: a reference names nothing, no case of one is in the other, or the only pair is
    of other data. Of several pairs those that cannot be compared are told in the result.
    """
    wishes = wishes or Wishes()
    (before, before_empty), (after, after_empty) = (_sides(reference, base) for reference in (baseline, candidate))
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
    for one, other in pairs.pairs:
        try:
            found = _compared(one, other, wishes)
        except MisuseError as error:
            if len(pairs.pairs) == 1:
                raise
            refused.append(Refused(case_id=other.record.case_id, why=str(error)))
            continue
        cases.append(found)
        shown.append(Shown(one, other, _pictures(found, other, wishes), wishes.all_flips))
    alone = [*pairs.alone, *_streamed_nothing("baseline", before_empty), *_streamed_nothing("candidate", after_empty)]
    return compared(baseline, candidate, cases, refused, alone), shown


def find(reference: str, *, base: Path) -> tuple[Found, ...]:
    """The runs of a folder, a ``record.json``, ``latest`` or a run's name in ``base``. ``MisuseError`` where there is none."""
    path = Path(reference)
    if not path.exists():
        path = (runs.latest(base) if reference == layout.LATEST else runs.named(base, reference)) or path
    files = [path] if path.is_file() else sorted(path.rglob(json_.FILENAME))
    if not files:
        raise MisuseError(
            "no such run",
            where=reference,
            expected=f"latest, a run's name in {base}, a folder of runs, or a {json_.FILENAME}",
            next_step="hil reports list",
        )
    return tuple(_read(file) for file in files)


def _read(file: Path) -> Found:
    folder = file.parent
    return Found(read_record(file), read_samples(folder) if (folder / npz.FILENAME).is_file() else None)


def _sides(reference: str, base: Path) -> tuple[list[Side], list[Found]]:
    """The runs that a reference names, and those of them that streamed nothing."""
    found = find(reference, base=base)
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


def _compared(one: Side, other: Side, wishes: Wishes) -> Comparison:
    return compare_sides(one, other, margins=wishes.margins, common=wishes.common)


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
