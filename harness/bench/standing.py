"""How the units of this host stand: what each is good for, who has it, who waits for it. For people and for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from harness.bench import lease, queue, rackjournal, rackstate
from harness.bench.held import Holder
from harness.bench.labgrid import hosts
from harness.bench.labgrid.hosts import Stand
from harness.bench.places import Place
from harness.bench.rackstate import NEVER, State, UnitState
from harness.bench.reachable import reachable
from harness.errors import MisuseError
from harness.plans.names import suggestion


@dataclass(frozen=True)
class Standing:
    """One unit. ``board`` ends in "?" where only the chip tells which it is, and is "?" where nothing does."""

    uid: str
    name: str
    board: str
    state: UnitState
    skip: str  # why the bench file gives it no work
    holder: Holder | None
    waiting: tuple[Holder, ...]
    last: UnitState | None  # its last move
    via: str = ""  # the other host that it is at: there its state is kept
    there: Stand | None = None  # what that host says of it

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.uid

    @property
    def takes_work(self) -> bool:
        """Whether a run that does not name it may get it."""
        return self.state.works and not self.skip and not (self.there is not None and self.there.refusal)

    def stands(self) -> str:
        """Its state in a word or two."""
        if self.there is None:
            return str(self.state.state)
        return "takes no work" if self.there.refusal else "takes work"

    def held(self) -> str:
        """Who has it and until when, in words; "" for nobody."""
        said = [self.there.holder] if self.there is not None and self.there.holder else []
        if self.state.state is State.MAINTENANCE:
            said.append(f"{self.state.by} until {moment(self.state.until)}")
        if self.holder is not None:
            said.append(self.holder.describe())
        if self.waiting:
            said.append(f"{len(self.waiting)} wait")
        return "; ".join(said)

    def why(self) -> str:
        """Why it stands as it does."""
        beneath = f" ({self.state.beneath} beneath)" if self.state.beneath is not self.state.state else ""
        skipped = f"skipped by the bench file: {self.skip}" if self.skip else ""
        reason = self.state.reason if self.state.state is not State.GOOD else ""
        elsewhere = f"at {self.via}" if self.via else ""
        there = self.there.refusal if self.there is not None else ""
        return "; ".join(part for part in (reason + beneath, skipped, elsewhere, there) if part)

    def moved(self) -> str:
        """Its last move in words; "" when nothing has moved it."""
        return "" if self.last is None else f"{moment(self.last.since)} {self.last.by}: {self.last.state}"

    def as_json(self) -> dict[str, Any]:
        """What the guide says of `hil rack status --json`."""
        state = self.state
        return {
            "uid": self.uid,
            "name": self.name,
            "board": self.board,
            "state": str(state.state),
            "beneath": str(state.beneath),
            "takes_work": self.takes_work,
            "reason": state.reason,
            "by": state.by,
            "since": None if state.since == NEVER else state.since.isoformat(),
            "until": state.until.isoformat() if state.until else None,
            "rig_faults": state.rig_faults,
            "evidence": state.evidence,
            "skip": self.skip,
            "via": self.via,
            "there": None if self.there is None else asdict(self.there),
            "holder": None if self.holder is None else _as_json(self.holder),
            "waiting": [_as_json(one) for one in self.waiting],
            "last_move": None
            if self.last is None
            else {
                "at": self.last.since.isoformat(),
                "state": str(self.last.state),
                "by": self.last.by,
                "reason": self.last.reason,
            },
        }


def standings(places: Sequence[Place] | None = None) -> list[Standing]:
    """Of these units; None: of those that are reached from here, and of others that once were and are not good.

    Those of other hosts are asked for there, all hosts at once.
    """
    known = rackstate.states()
    if places is not None:
        far: dict[str, list[str]] = {}
        for place in places:
            if place.via:
                far.setdefault(place.via, []).append(place.uid)
        there = hosts.look(far)
        return [
            replace(
                _standing(place.uid, place.board, {} if place.via else known, place.name, place.skip),
                via=place.via,
                there=there.get((place.via, place.uid)),
            )
            for place in places
        ]
    found: dict[str, Standing] = {}
    for unit in reachable():
        found.setdefault(unit.uid, _standing(unit.uid, unit.board, known))
    for uid, state in sorted(known.items()):
        if uid not in found and state.state is not State.GOOD:
            found[uid] = _standing(uid, "?", known)
    return list(found.values())


def doubt() -> str:
    """Why some state may not be known: the journal cannot be read, or parts of it cannot; "" where all is well."""
    read = rackjournal.read()
    if read.why:
        return f"the journal of their states cannot be read ({read.why}): each is taken for good"
    return (
        f"the journal of their states has damaged lines, which were passed over ({read.damaged})"
        if read.damaged
        else ""
    )


def find(said: str, places: Sequence[Place] | None = None) -> str:
    """The id of the unit that a person means by its id or name. ``MisuseError`` for one that is not known here.

    ``places`` None: those that ``standings`` tells of, good ones that were moved once too.
    """
    if places is None:
        known = [unit.uid for unit in reachable()] + list(rackstate.states())
        if said in known:
            return said
        names, hint = known, "name a bench file with --bench: there units have names, and need not be attached"
    else:
        for place in places:
            if said in (place.uid, place.name):
                _check_here(place)
                return place.uid
        names, hint = [place.title for place in places], "`hil rack status` shows all"
    names = list(dict.fromkeys(names))
    raise MisuseError(
        f"no unit {said!r} is known here",
        expected=f"one of: {', '.join(names)}" if names else "a unit that is attached, or in the bench file",
        next_step=suggestion(said, names, hint),
    )


def moment(when: datetime | None) -> str:
    """For people, to the minute."""
    return "" if when is None else f"{when:%Y-%m-%d %H:%M} UTC"


def _check_here(place: Place) -> None:
    if place.via:
        raise MisuseError(
            f"unit {place.title} is another host's: how it stands is kept there",
            where=place.via,
            next_step=f"say it there: ssh {place.via} hil rack ... {place.uid}",
        )


def _standing(uid: str, board: str, known: dict[str, UnitState], name: str = "", skip: str = "") -> Standing:
    state = known.get(uid) or UnitState(uid, State.GOOD, "", "", NEVER)
    moves = rackstate.moves(uid) if uid in known else ()
    return Standing(uid, name, board, state, skip, lease.holder(uid), queue.waiting(uid), moves[-1] if moves else None)


def _as_json(one: Holder) -> dict[str, Any]:
    return {"pid": one.pid, "by": one.by, "since": one.since, "what": one.what, "reserved": one.reserved}
