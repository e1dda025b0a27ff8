"""The units that take no work, and the journal that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.bench import rackjournal, rackstate
from harness.bench.finding import Finding
from harness.bench.rackjournal import Read
from harness.bench.rackstate import State, UnitState

_MEND = "see who may read it, or set HIL_STATE_DIR to a folder of your own"


def journal(read: Callable[[], Read] = rackjournal.read) -> Iterator[Finding]:
    """Whether the moves of units can be read. Without them every unit takes work, also one that was taken out of service."""
    found = read()
    if found.why:
        yield Finding("rack", "journal", "broken", f"it cannot be read: {found.why}", _MEND, needed=False)
    elif found.damaged:
        yield Finding(
            "rack",
            "journal",
            "broken",
            f"{found.damaged} of {found.damaged + len(found.lines)} lines are damaged and passed over",
            f"`hil rack status`: is each unit as it should be? Then remove them from {rackjournal.path()}",
            needed=False,
        )
    elif found.lines:
        yield Finding("rack", "journal", "ok", f"{len(found.lines)} moves in {rackjournal.path()}", needed=False)


def units(states: Callable[[], Mapping[str, UnitState]] = rackstate.states) -> Iterator[Finding]:
    """Each unit that is not good."""
    for uid, state in sorted(states().items()):
        why = f"{state.state} by {state.by}: {state.reason}"
        if state.state is State.QUARANTINED:
            yield Finding("rack", uid, "broken", why, f"mend it, then `hil rack check {uid}`", needed=False)
        elif state.state is State.SUSPECT:
            yield Finding("rack", uid, "broken", why, f"`hil rack check {uid}`", needed=False)
        elif state.until is not None:
            until = f"{state.until:%Y-%m-%d %H:%M} UTC"
            yield Finding("rack", uid, "ok", f"held by {state.by} until {until}: {state.reason}", needed=False)
