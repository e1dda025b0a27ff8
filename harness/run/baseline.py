"""The earlier run that a case is held against: looked for before anything is built, so that what a tag names then is what counts.

None of this ends a run: where there is no baseline, the gates that need one are undecided, with the reason and what would mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BenchError, MisuseError
from harness.evidence import layout, runrecord
from harness.evidence.database import is_off
from harness.plans.expand import Case
from harness.verdict.relative import DEFAULTS, Baseline
from harness.verdict.swap import Side

if TYPE_CHECKING:
    from harness.evidence.history.references import Found

_MOST_SHOWN = 5


def judged_against(case: Case, reference: str | None) -> Case:
    """The case, with a gate against the baseline where one is named and none of its own is about it; ``reference``: --baseline."""
    named = reference is not None or case.plan.baseline is not None
    default = DEFAULTS.get(case.plan.task.name)
    if not named or default is None or any(gate.is_relative for gate in case.gates):
        return case
    return replace(case, gates=(*case.gates, default))


def baseline_of(case: Case, reference: str | None, folder: Path | None) -> Baseline | None:
    """What its gates against a baseline are judged by; None where it has no such gate. Raises nothing.

    ``reference`` is that of the command, which goes before the plan's. ``folder`` is the report folder of this case: the run in
    it is never its own baseline.
    """
    if not any(gate.is_relative for gate in case.gates):
        return None
    spec = case.plan.baseline
    name = reference or (spec.reference(case.plan.folder) if spec else "")
    if not name:
        return Baseline(
            "",
            why_not="no baseline is named",
            remedy="name one: --baseline REF, or 'baseline: {tag: NAME}' in the plan",
        )
    root = None if folder is None else _root_of(folder)
    try:
        found = tuple(_latest(case, root)) if name == layout.LATEST else _found(name, root)
    except BenchError as error:
        # The baseline may well be there: another run and another tag would mend nothing.
        why = f"the baseline {name!r} cannot be looked for: {error.what}"
        return Baseline(name, why_not=why, remedy=error.next_step or "")
    except MisuseError as error:
        return Baseline(name, why_not=f"there is no baseline {name!r}: {error.what}", remedy=_remedy(case, name))
    return _fitting(case, name, found)


def _root_of(folder: Path) -> Path | None:
    """The folder of the whole run that a case or a test reports into."""
    known = (parent for parent in folder.absolute().parents if parent.parent.name == layout.BASE)
    return next(known, folder.parents[2] if len(folder.parents) > 2 else None)


def _found(name: str, root: Path | None) -> Sequence[Found]:
    from harness.evidence.history.references import find

    return find(name, base=layout.base_of(root))


def _latest(case: Case, root: Path | None) -> Iterator[Found]:
    """The newest run of this case that is not of this session: from the history, else from the folders of runs."""
    from harness.evidence.history import History, Wanted
    from harness.evidence.history.references import Found

    base = layout.base_of(root)
    session = _session(root)
    if not is_off():
        with History.open(base=base, create=False) as store:
            rows = store.runs(Wanted(plan=case.plan.name, board=case.board, model=case.model))
            for row in (row for row in rows if row.session != session):
                stored = store.load(row.run_id)
                yield Found(stored.record, stored.samples, f"run {row.run_id} of {row.session}", row.run_id)
                return
    for run in sorted(base.glob("*/"), reverse=True):
        there = layout.case_folder(run, case.id)
        if run.name not in (session, layout.LATEST) and (there / "record.json").is_file():
            yield from _found(str(there), root)
            return


def _session(root: Path | None) -> str:
    from harness.evidence.history import folders

    if root is None:
        return ""
    known = runrecord.read(root) if (root / runrecord.FILENAME).is_file() else None
    return root.name if known is None else folders.session_name(root, known)


def _fitting(case: Case, name: str, found: Sequence[Found]) -> Baseline:
    """The run of this case; else the only one of its plan and board (of another model, say); else the only one there is."""
    same = [one for one in found if one.record.case_id == case.id]
    near = [one for one in found if (one.record.plan, one.record.board) == (case.plan.name, case.board)]
    chosen = same or near or list(found)
    if len(chosen) != 1:
        there = ", ".join(sorted(one.record.case_id for one in found)[:_MOST_SHOWN]) or "no run"
        more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        what = "several runs that may be meant" if len(chosen) > 1 and near else f"no run of {case.id}"
        if name == layout.LATEST:
            return Baseline(name, why_not=f"there is no earlier run of {case.id}", remedy=_remedy(case, name))
        return Baseline(
            name, why_not=f"the baseline {name!r} has {what}: it has {there}{more}", remedy=_remedy(case, name)
        )
    run = chosen[0]
    if run.samples is None:
        return Baseline(
            name,
            why_not=f"the samples of the baseline's run {run.run_id} are not kept ({run.origin})",
            remedy=_remedy(case, name),
        )
    return Baseline(name, Side(f"{name} (run {run.run_id})", run.record, run.samples))


def _remedy(case: Case, name: str) -> str:
    """The command that makes such a baseline."""
    plan = case.plan.origin or case.plan.name
    # A test's case is called as the test, with a number behind it where the test uses the unit again.
    test = case.id.partition(" #")[0] if "::" in case.id else ""
    run = f"pytest {test}" if test else f"hil run {plan} --board {case.board}"
    if name == layout.LATEST:
        return f"{run}, then this again"
    if "/" in name:
        return f"name a report folder that is there, or make one: {run} --report-dir DIR"
    return f"run what is trusted ({run}) and name it: hil history tag latest {name}"
