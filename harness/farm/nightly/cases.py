"""From a rack plan to its cases. Pure but for the plan files, which are read here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Literal

from harness.errors import PlanError
from harness.plans import Plan, discover, expand
from harness.plans.load import SUFFIXES
from harness.plans.names import listed, suggestion
from harness.plans.racks import ALL, RackEntry, RackPlan

#: Besides what the plan allows: the host's reference and reports, and the unit's recovery after it.
MARGIN_S: Final = 900.0
_APART: Final = {"benches", "racks", "releases"}


@dataclass(frozen=True)
class Planned:
    """A case of the night. ``deadline_s``: it is ended when it takes longer. ``spare``: it need not find room in the budget."""

    id: str
    file: Path
    board: str
    model: str
    tags: tuple[str, ...] = ()
    priority: int = 0
    samples: int | None = None
    shards: int | Literal["auto"] | None = None
    baseline: str = ""
    spare: bool = False
    deadline_s: float = MARGIN_S

    @property
    def plan(self) -> str:
        """The plan's name."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Expanded:
    """The cases of a night in the order in which the rack plan names them, and the plans that no case can be made of, with why."""

    cases: tuple[Planned, ...]
    refused: tuple[tuple[str, str], ...] = ()


def folder_of(rack: RackPlan) -> Path:
    """Where its plans are looked for: the folder above that of rack plans, or its own where it lies in another."""
    assert rack.origin is not None
    here = rack.origin.absolute().parent
    return here.parent if here.name == "racks" else here


def available(folder: Path) -> dict[str, Path]:
    """The plan files that a rack plan may name, by what it calls them: ``digits``, ``long/keywords``."""
    folders = [folder, *sorted(path for path in folder.glob("*") if path.is_dir() and path.name not in _APART)]
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for each in folders
        if each.name[:1] != "."
        for path in discover(each)
    }


def named(rack: RackPlan, there: Mapping[str, Path], boards: Collection[str]) -> list[list[Path]]:
    """The plan files that each entry means. ``PlanError`` for a name or a pattern that means none, and for a board there is not."""
    found = []
    for place, entry in enumerate(rack.run):
        for board in entry.boards:
            if board != ALL and not any(fnmatchcase(known, board) for known in boards):
                raise _unknown("board", board, boards, rack, f"run[{place}].boards")
        files: dict[Path, None] = {}
        for wanted in entry.plans:
            files |= dict.fromkeys(_files(wanted, rack, there, place))
        found.append(list(files))
    return found


def expanded(rack: RackPlan, files: Sequence[Sequence[Path]], plans: Mapping[Path, Plan | PlanError]) -> Expanded:
    """The cases; ``files`` are those of each entry, ``plans`` what each of them says, or what is wrong with it.

    ``PlanError`` when an entry names no case, or a board or a model that none of its plans has (a name that is mistyped must not
    make a night shorter that looks as if all had passed), or when two plans give a case of the same name.
    """
    cases: dict[str, Planned] = {}
    refused: dict[str, str] = {}
    for place, (entry, paths) in enumerate(zip(rack.run, files, strict=True)):
        wrong = {str(path): str(plan) for path in paths if isinstance(plan := plans[path], PlanError)}
        refused |= wrong
        good = [(path, plan) for path in paths if not isinstance(plan := plans[path], PlanError)]
        if not wrong:  # what is wrong with a plan is told, and nobody knows what else it names
            _check(entry, [plan for _, plan in good], rack, f"run[{place}]")
        for path, plan in good:
            for case in _of(entry, plan, path):
                known = cases.setdefault(case.id, case)
                if known.file != path:
                    raise PlanError(
                        f"two plans are called {plan.name!r}",
                        where=str(path),
                        found=str(known.file),
                        next_step="give one of them another name",
                    )
    return Expanded(tuple(cases.values()), tuple(refused.items()))


def _check(entry: RackEntry, plans: Sequence[Plan], rack: RackPlan, where: str) -> None:
    """Each pattern must mean something that the entry's plans have, and all of them together a case."""
    found = [case for plan in plans for case in expand(plan, boards=plan.boards, samples=entry.samples)]
    for what, patterns, known in (
        ("board", entry.boards, {case.board for case in found}),
        ("model", entry.models, {case.model for case in found}),
    ):
        for pattern in patterns:
            if not any(_fits(name, [pattern]) for name in known):
                raise PlanError(
                    f"the rack plan names a {what} that none of the entry's plans has",
                    where=f"{rack.origin or rack.name}:{where}.{what}s",
                    expected=listed(sorted(known)),
                    found=pattern,
                    next_step=suggestion(pattern, sorted(known), "name one of these, or `all`"),
                )
    if not any(_fits(case.board, entry.boards) and _fits(case.model, entry.models) for case in found):
        raise PlanError(
            "an entry of the rack plan names no case",
            where=f"{rack.origin or rack.name}:{where}",
            expected="a plan that has one of the boards with one of the models",
            next_step="`hil plan check` says what each plan has",
        )


def _of(entry: RackEntry, plan: Plan, path: Path) -> Iterator[Planned]:
    times = plan.timeouts
    deadline_s = times.build_s + times.flash_s + times.hello_s + times.answer_s + times.case_s + MARGIN_S
    for case in expand(plan, boards=plan.boards, samples=entry.samples):
        if _fits(case.board, entry.boards) and _fits(case.model, entry.models):
            yield Planned(
                case.id,
                path,
                case.board,
                case.model,
                tuple(dict.fromkeys((*plan.requires, *entry.tags))),
                entry.priority,
                entry.samples,
                entry.shards if entry.shards is not None else getattr(plan, "shards", None),
                entry.baseline,
                entry.spare,
                deadline_s,
            )


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(pattern == ALL or fnmatchcase(name, pattern) for pattern in patterns)


def _files(wanted: str, rack: RackPlan, there: Mapping[str, Path], place: int) -> list[Path]:
    if wanted == ALL:
        return [path for name, path in there.items() if "/" not in name]
    if wanted.endswith(SUFFIXES) or wanted.startswith("../"):
        path = folder_of(rack) / wanted
        if path.is_file():
            return [path]
    # A pattern stays in its folder: `*` means the plans that pytest would run, not the long ones.
    depth = wanted.count("/")
    found = [path for name, path in there.items() if name.count("/") == depth and fnmatchcase(name, wanted)]
    if not found:
        raise _unknown("plan", wanted, there, rack, f"run[{place}].plans")
    return found


def _unknown(what: str, name: str, known: Collection[str], rack: RackPlan, where: str) -> PlanError:
    return PlanError(
        f"the rack plan names a {what} that is not there",
        where=f"{rack.origin or rack.name}:{where}",
        expected=listed(known),
        found=name,
        next_step=suggestion(name, known, "name one of these, or `all`"),
    )
