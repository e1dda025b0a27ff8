"""From a release file to what was found of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from harness.errors import MisuseError, PlanError
from harness.evidence.release.gather import Gathered, Kept
from harness.paths import read_file, shipped
from harness.plans import discover, load
from harness.plans.load import SUFFIXES, load_release
from harness.plans.names import suggestion
from harness.plans.releases import Baseline, Release
from harness.plans.schema import Plan
from harness.verdict.release import Asked, Chosen, Document, ReleaseFacts, choose, judge_release
from harness.verdict.release.against import Against, compared


def read(file: Path) -> Asked:
    """A release file with its plans. ``PlanError`` for what is wrong with it or one of them."""
    release = load_release(file)
    return Asked.of(release, [_plan(release, one.plan) for one in release.plans])


def judged(
    asked: Asked, found: Gathered, *, now: datetime, baseline: Gathered | None = None, commit: str = ""
) -> ReleaseFacts:
    """What the runs that were ``found`` are worth for the release.

    ``baseline``: the runs that the release's baseline names. ``commit``: the one to judge, or how it begins; "": the newest run's.
    """
    release = asked.release
    kept = {one.record.run_id: one for one in found.runs}
    of_commit, cells = choose(asked, (one.run for one in found.runs), now=now, commit=commit)
    against = _against(release.baseline, cells, kept, baseline) if release.baseline else None
    origins = [release.origin, *(plan.origin for plan in asked.plans)]
    return judge_release(
        asked,
        of_commit,
        cells,
        now=now,
        digests={run_id: one.digest for run_id, one in kept.items() if _speaks(run_id, cells)},
        against=against,
        documents=[_document(path) for path in dict.fromkeys(origins) if path is not None],
        sources=found.sources,
    )


def _plan(release: Release, name: str) -> Plan:
    """A plan by its path from the release file, or by its name: in the folder above, beside the file, or shipped."""
    assert release.origin is not None
    here = release.origin.absolute().parent
    if name.endswith(SUFFIXES):
        return load(Path(release.origin.parent / name))
    folders = [here.parent, here, shipped("testplans")]
    for folder in folders:
        for path in discover(folder):
            if path.stem == name and path != release.origin.absolute():
                return load(path)
    known = sorted({path.stem for folder in folders for path in discover(folder)} - {release.origin.stem})
    raise PlanError(
        f"there is no plan {name!r}",
        where=f"{release.origin}: plans",
        expected=f"a path that ends in .yaml, or one of: {', '.join(known)}",
        found=name,
        next_step=suggestion(name, known, "name one of these, or a file"),
    )


def _against(
    baseline: Baseline, cells: Sequence[Chosen], kept: Mapping[str, Kept], found: Gathered | None
) -> dict[str, Against]:
    """Each cell that has a run, held against the newest run of the same case in the baseline."""
    by_case: dict[str, Kept] = {}
    for one in sorted(found.runs if found else (), key=lambda one: one.record.finished):
        by_case[one.record.case_id] = one
    out = {}
    for cell in cells:
        if cell.run is None or cell.status is not None:
            continue
        before = by_case.get(cell.cell.id)
        if before is None:
            why = f" ({found.unread[0]})" if found and found.unread else ""
            told = f"the baseline {baseline.run} has no run of this cell{why}"
            out[cell.cell.id] = Against(missing=f"{told}; `hil history tags` lists what there is")
            continue
        if cell.cell.needs == "hardware" and before.record.evidence != "hardware":
            told = f"the baseline's run {before.record.run_id} is emulated, and the release needs hardware"
            out[cell.cell.id] = Against(missing=told)
            continue
        data = before.record.dataset
        if data is not None and data.planned is not None and data.n < data.planned:
            part = f"was cut short: {data.n:,} of {data.planned:,} samples"
            out[cell.cell.id] = Against(missing=f"the baseline's run {before.record.run_id} {part}")
            continue
        now = kept[cell.run.record.run_id]
        try:
            out[cell.cell.id] = compared(
                before.record,
                before.samples(),
                now.record,
                now.samples(),
                accuracy=baseline.margin,
                own=cell.cell.margin,
            )
        except MisuseError as error:
            found_ = f", found {error.found}, expected {error.expected}" if error.found is not None else ""
            out[cell.cell.id] = Against(missing=f"not compared with the baseline {baseline.run}: {error.what}{found_}")
    return out


def _speaks(run_id: str, cells: Sequence[Chosen]) -> bool:
    return any(cell.run is not None and cell.run.record.run_id == run_id for cell in cells)


def _document(path: Path) -> Document:
    return Document(name=path.name, sha256=hashlib.sha256(read_file(path)).hexdigest())
