"""Which units a case gets to spread its samples over: lent by a scheduler, free and good on this host, or started for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.bench import lease, loans, rackstate, sources
from harness.bench.boards import Board
from harness.bench.places import Place, qualified
from harness.bench.rackstate import State
from harness.clock import Clock
from harness.errors import PlanError
from harness.evidence import layout
from harness.plans.expand import Case
from harness.records import Backend
from harness.run.options import RunOptions, Shards
from harness.run.workload import Workload


@dataclass(frozen=True)
class Team:
    """The units of a case, ``None`` for one that is started for it. ``warnings`` are for people.

    Fewer than two: the case runs as any other, on one unit.
    """

    places: tuple[Place | None, ...] = ()
    warnings: tuple[str, ...] = ()


def wish(case: Case, options: RunOptions, workload: Workload) -> tuple[Shards | None, str]:
    """Over how many units the samples are to be spread; None for one, with what to say of it, "" for nothing.

    ``PlanError`` when ``--shards N`` asks for what this case cannot do. ``--shards auto`` spreads what can be.
    """
    wanted = options.shards if options.shards is not None else case.plan.shards
    if wanted is None:
        return None, ""
    why = _whole(case, workload)
    if not why:
        return wanted, ""
    if wanted == "auto":
        return None, f"the samples were not spread over units: {why}"
    raise PlanError(
        "the samples of this case cannot be spread over units",
        where=case.plan.where("continuous" if case.plan.continuous is not None else "state"),
        found=why,
        next_step="leave --shards out, or say --shards auto: it spreads the cases that can be",
    )


def _whole(case: Case, workload: Workload) -> str:
    """Why it takes one unit from the first sample to the last; "" when it does not."""
    if case.plan.continuous is not None:
        return "recordings are played to one unit from start to end"
    follows = workload.memory.follows
    if follows is not None and all(follows[1:]):
        return "the network's memory goes on through all samples"
    return ""


@contextmanager
def taken(
    case: Case,
    board: Board,
    options: RunOptions,
    backend: Backend,
    wanted: Shards,
    folder: Path | None,
    clock: Clock,
    tags: Sequence[str] = (),
) -> Iterator[Team]:
    """The units, kept for this process until the end of the block. They are not waited for: who is not free is not asked.

    Errors as of ``places.qualified``: no unit of the kind is there at all.
    """
    if backend != "probe":
        # What is started has no limit but the host's: more emulators than processors make nothing faster.
        n = wanted if isinstance(wanted, int) else os.cpu_count() or 1
        yield Team((None,) * n, () if n > 1 else ("the samples were not spread: this host has one processor",))
        return
    root = None if folder is None else _root(folder, case.id)
    lent = () if root is None else loans.lent(root, case.id)
    if lent or options.uid is not None or lease.RESERVED_BY in os.environ:
        uids = tuple(dict.fromkeys([*([options.uid] if options.uid else []), *lent]))
        found = tuple(qualified(board, options.places, uid)[0] for uid in uids)
        yield Team(
            found, _told(wanted, len(found), "its scheduler had no more to lend" if lent else "it was given one")
        )
        return
    with ExitStack() as stack:
        source = sources.open_source(options.bench) if options.bench else None
        near = qualified(board, source.list() if source else options.places, None, tags)
        found, why = _claimed(near, source, wanted, case.id, clock, stack)
        if len(found) < 2:
            stack.close()  # a run on one unit waits for its turn, as any other
            found = ()
        yield Team(found, _told(wanted, len(found), "; ".join(why)))


def _claimed(
    near: list[Place], source: sources.Source | None, wanted: Shards, what: str, clock: Clock, stack: ExitStack
) -> tuple[tuple[Place, ...], list[str]]:
    """Those of ``near`` that are good and free now, claimed where they are; why the others are not among them."""
    found: list[Place] = []
    why: list[str] = []
    for place in near:
        if len(found) == wanted:
            break
        if place.via and source is None:  # its own host knows whether it is free, and says so when it is opened
            found.append(place)
            continue
        state = rackstate.state_of(place.uid, clock)
        if state.state is not State.GOOD:
            why.append(f"{place.title} is {state.state}")
            continue
        try:
            if source is None:
                stack.enter_context(lease.reserve(place.uid, what=what, clock=clock))
            else:
                claim = source.acquire(place, what=what)
                stack.callback(claim.release)
                place = claim.place
        except (lease.InUse, lease.OutOfService) as busy:
            why.append(f"{place.title}: {busy.what.removeprefix(f'unit {place.uid} ')}")
            continue
        found.append(place)
    return tuple(found), why


def _told(wanted: Shards, n: int, why: str) -> tuple[str, ...]:
    """What a reader of the record must know of how many it were."""
    because = f" ({why})" if why else ""
    if isinstance(wanted, int) and n < wanted:
        how = "one unit" if n < 2 else f"{n} units"
        return (f"the samples were to be spread over {wanted} units, and ran on {how}: no more were free{because}",)
    if n < 2:
        return (f"the samples were not spread: no second unit of the kind was free{because}",)
    return ()


def _root(folder: Path, case_id: str) -> Path | None:
    """The run's folder, from the case's."""
    tail = layout.case_folder(Path(), case_id).parts
    return folder.parents[len(tail) - 1] if folder.parts[-len(tail) :] == tail else None
