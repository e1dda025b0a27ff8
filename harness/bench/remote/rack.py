"""How a unit of another host stands is that host's to say: its journal has one writer of each fault, whoever has met it.

What is learnt of a unit here is told there (``move``), and counted there. This host's journal follows: what that one says of the
unit when it is opened (``heed``), and whenever it is listed while it looks bad from here (``refresh``): it may be mended by now.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from harness.bench import rackstate
from harness.bench.places import Place
from harness.bench.rackstate import NEVER, State, UnitState
from harness.bench.remote.connection import Connection
from harness.errors import BenchError
from harness.text import printable

#: Who moves units without being a person.
_OURS: Final = ("", "hil", "recovery")


def told(stands: UnitState) -> dict[str, Any]:
    """How a unit stands, as JSON: without a person's hold, which is of the host where it was made."""
    return {
        "state": str(stands.beneath),
        "reason": stands.reason,
        "by": stands.by,
        "rig_faults": stands.rig_faults,
    }


def made(uid: str, told: Mapping[str, Any]) -> UnitState:
    """The same again."""
    state = State(told["state"])
    reason, by = (printable(str(told[name])) for name in ("reason", "by"))
    return UnitState(uid, state, reason, by, NEVER, rig_faults=int(told["rig_faults"]), beneath=state)


def move(via: str, stands: UnitState, to: State, *, reason: str, by: str, evidence: str, rig_faults: int) -> UnitState:
    """Move the unit there, if it still ``stands`` so, and return how it stands there then.

    ``BenchError`` when that host cannot be told, or does not write it down.
    """
    with Connection(via, stands.uid) as connection:
        answer, _ = connection.calls.call(
            "rack.move",
            to=str(to),
            only_from=str(stands.beneath),
            reason=reason,
            by=f"{by}, from {socket.gethostname()}",
            evidence=evidence,
            rig_faults=rig_faults,
        )
    return made(stands.uid, answer)


def stands(via: str, uid: str) -> UnitState:
    """How the unit stands there. ``BenchError`` when that host cannot be asked."""
    with Connection(via, uid) as connection:
        answer, _ = connection.calls.call("rack.state")
    return made(uid, answer)


def heed(via: str, there: UnitState) -> None:
    """Let it stand here as it stands ``there``; what a person here has against it stays. Never raises."""

    def is_news(here: UnitState) -> bool:
        if (here.beneath, here.rig_faults) == (there.beneath, there.rig_faults):
            return False
        return here.beneath is State.GOOD or here.by in _OURS or here.by.endswith(_on(via))

    with suppress(BenchError):  # a full disk here does not keep anybody from that unit
        rackstate.move(
            there.uid,
            there.beneath,
            reason=there.reason or "nothing is known against it there",
            by=there.by + _on(via),
            rig_faults=there.rig_faults,
            only_if=is_news,
        )


def refresh(places: Iterable[Place]) -> None:
    """Ask the hosts of those that look bad from here. One that does not answer is asked once. Never raises."""
    silent: set[str] = set()
    for place in places:
        if place.via and place.via not in silent and rackstate.state_of(place.uid).beneath is not State.GOOD:
            try:
                heed(place.via, stands(place.via, place.uid))
            except BenchError:
                silent.add(place.via)


def _on(via: str) -> str:
    return f", on {via}"
