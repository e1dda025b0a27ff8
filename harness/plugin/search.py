"""Where the plans of ``pytest --board NAME`` are looked for, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.errors import MisuseError, PlanError
from harness.plans import discover, load
from harness.plans.names import listed
from harness.plugin import options, ours

FOLDER = "testplans"
# Folders below it that are not looked into: bench files, rack plans, releases, and plans that take so long that they only run by
# their path.
_APART = {"benches", "long", "racks", "releases"}


@dataclass(frozen=True)
class Found:
    """The folders that plans are taken from. ``own`` is False for those that come with hil, where the user has none."""

    folders: tuple[Path, ...]
    own: bool

    def plans(self) -> list[Path]:
        """The plan files, folder by folder."""
        return [plan for folder in self.folders for plan in _below(folder)]


KEY = pytest.StashKey[Found]()
UNNAMED = pytest.StashKey[list[str]]()  # what is said of boards that no plan names


def find(config: pytest.Config) -> Found:
    """The nearest folder ``testplans`` from where the user stands up to pytest's root, and those of ``testpaths``."""
    from harness.paths import shipped

    here, root = config.invocation_params.dir, config.rootpath
    upwards = [here, *here.parents]
    upwards = upwards[: upwards.index(root) + 1] if root in upwards else [here]
    nearest = next(iter(_own(upwards)), None)
    paths = [path for entry in config.getini("testpaths") for path in sorted(root.glob(entry))]
    every = dict.fromkeys([*([nearest] if nearest else []), *_own(paths)])
    folders = tuple(folder for folder in every if not any(other in folder.parents for other in every))
    return Found(folders, own=True) if folders else Found((shipped(FOLDER),), own=False)


def header(config: pytest.Config) -> list[str]:
    """Which plans were found where: one line a folder."""
    found = config.stash.get(KEY, None)
    if found is None:
        return []
    why = "" if found.own else f" (they come with hil: {config.invocation_params.dir} has no folder {FOLDER})"
    lines = [
        f"hil: plans: {', '.join(str(plan.relative_to(folder)) for plan in _below(folder)) or 'none'} in {folder}{why}"
        for folder in found.folders
    ]
    return [*lines, *config.stash.get(UNNAMED, [])]


def check(found: Found, boards: Sequence[str]) -> list[str]:
    """A line for each board that no plan names. ``MisuseError`` when that leaves nothing to run.

    A plan that cannot be read may name any board: collection tells what is wrong with it.
    """
    try:
        plans = {path: load(path).boards for path in found.plans()}
    except PlanError:
        return []
    named = {board for each in plans.values() for board in each}
    missing = [board for board in boards if board not in named]
    there = "; ".join(f"{path.name} for {', '.join(each)}" for path, each in plans.items())
    if missing and len(missing) == len(boards):
        raise MisuseError(
            f"no plan is for {listed(missing)}",
            where=", ".join(map(str, found.folders)),
            expected=f"a board that a plan names: {there}" if plans else f"plans in a folder {FOLDER}",
            next_step="add the board to a plan's `boards:`, or name the tests or plans to run",
        )
    return [f"hil: no plan is for {board}; there is: {there}" for board in missing]


def unused(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """A line for each board that nothing of what the user named runs on: a green run must not pass for one on that board."""
    from harness.plugin import collect

    if KEY in config.stash:
        return []  # the plans have been asked
    used: set[str | None] = set()
    there = set(config.stash.get(collect.NAMED, ()))
    for item in items:
        if isinstance(item, collect.PlanItem):
            used.add(item.case.board)
        elif ours.uses(item, "board"):
            used.add(getattr(item, "callspec").params.get("board"))  # noqa: B009  # pytest gives it to what is parametrised
            there.update(name for mark in item.iter_markers("board") for name in mark.args)
    there.update(filter(None, used))
    missing = [board for board in config.stash[options.KEY].boards if board not in used]
    return [
        f"hil: nothing here is for {board}; boards of the tests and plans named: {listed(there)}" for board in missing
    ]


def is_looked_into(folder: Path) -> bool:
    """Whether plans in ``folder``, absolute, are run unasked: it is ``testplans`` or below, and not one of those apart."""
    parts = folder.parts[::-1]
    return FOLDER in parts and not _APART & set(parts[: parts.index(FOLDER)])


def _own(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.name == FOLDER and folder.is_dir():
            yield folder
        elif (folder / FOLDER).is_dir():
            yield folder / FOLDER


def _below(folder: Path) -> list[Path]:
    """As pytest collects them: folders below are looked into too, but for bench files, rack plans, releases and the long plans."""
    folders = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir() and path.name[:1] != ".")]
    return [plan for each in folders if is_looked_into(each) for plan in discover(each)]
