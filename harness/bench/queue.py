"""Who waits for units, in the order of arrival, over all processes of this host.

A waiter has one ticket, which is named by when it came and says for which units. Whoever waits for any of several stands in
the queue of each, and leaves all of them with the first that it gets. The ticket is a kernel lock, and a file beside it with
what it says (a process that closes the file of its own lock loses the lock): a waiter that is killed has left the queue, and
whoever comes across its ticket removes it. One that was stopped (Ctrl-Z) keeps its place,
and is passed over until it goes on: a free unit waits for nobody.

A queue says whose turn it is; who has a unit only the unit's own lock says.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.bench import held
from harness.bench.held import Holder
from harness.disk import locks

_SAID = ".ticket"
_numbers = itertools.count()


@dataclass(frozen=True)
class _Waiter:
    name: str
    holder: Holder
    uids: frozenset[str]


#: What tickets say never changes: each is read once.
_known: dict[str, _Waiter] = {}


class Ticket:
    """A place in the queues of some units, until ``leave``."""

    def __init__(self, name: str, lock: locks.Lock) -> None:
        self._name, self._lock = name, lock

    def ahead(self, uid: str) -> Holder | None:
        """The waiter right before this one in the queue of a unit; None: it is this one's turn."""
        before = [waiter for waiter in _listed() if waiter.name < self._name and uid in waiter.uids]
        return next((waiter.holder for waiter in reversed(before) if _counts(waiter)), None)

    def place(self, uids: Sequence[str]) -> int:
        """How many are ahead where there are fewest: killed ones that nobody has met yet too."""
        before = [waiter for waiter in _listed() if waiter.name < self._name]
        return min((sum(uid in waiter.uids for waiter in before) for uid in uids), default=0)

    def leave(self) -> None:
        """May be called twice."""
        with suppress(OSError):  # see ``Lease.release``
            _said(self._name).unlink(missing_ok=True)
        self._lock.release()


def enter(uids: Sequence[str], me: Holder) -> Ticket:
    """Stand in the queues of these units, behind everyone who is there. ``OSError`` when that cannot be written down."""
    # Not the caller's clock: the order is over all processes, and this one they share.
    name = f"{time.monotonic_ns():020d}-{os.getpid()}-{next(_numbers)}"
    while (lock := locks.take(_lock(name))) is None:
        pass  # somebody sweeps, and looks at it in the moment between
    try:
        _said(name).write_text(json.dumps({**asdict(me), "uids": list(uids)}), encoding="utf-8")
    except BaseException:
        _said(name).unlink(missing_ok=True)
        lock.release()
        raise
    return Ticket(name, lock)


def first(uid: str) -> Holder | None:
    """Whose turn it is to get a unit; None when nobody waits for it."""
    return next(_waiting(uid), None)


def waiting(uid: str) -> tuple[Holder, ...]:
    """Who waits for a unit, in their order."""
    return tuple(_waiting(uid))


def sweep() -> None:
    """Remove the tickets of those that were killed."""
    for name in {Path(file).stem for file in os.listdir(held.folder("queue"))}:  # noqa: PTH208 - names alone
        pid = name.split("-")[1] if name.count("-") == 2 else ""
        if not (pid.isdecimal() and Holder(int(pid), "", "").alive):
            _lives(name)


def _waiting(uid: str) -> Iterator[Holder]:
    return (waiter.holder for waiter in _listed() if uid in waiter.uids and _counts(waiter))


def _counts(waiter: _Waiter) -> bool:
    return _lives(waiter.name) and not waiter.holder.stopped


def _lives(name: str) -> bool:
    """Whether it still waits. The ticket of one that was killed is removed."""
    if locks.held(_lock(name)):  # the file of a lock that nobody has goes by the asking
        return True
    _said(name).unlink(missing_ok=True)
    return False


def _listed() -> list[_Waiter]:
    # Names alone, ten times a second.
    names = sorted(file[: -len(_SAID)] for file in os.listdir(held.folder("queue")) if file.endswith(_SAID))  # noqa: PTH208
    for gone in set(_known) - set(names):
        _known.pop(gone, None)
    found = (_known.get(name) or _read(name) for name in names)
    return [waiter for waiter in found if waiter is not None]


def _read(name: str) -> _Waiter | None:
    """None for one that is just coming or leaving."""
    try:
        said = json.loads(_said(name).read_text(encoding="utf-8"))
        uids = frozenset(said.pop("uids"))
        waiter = _known[name] = _Waiter(name, Holder(**said), uids)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return waiter


def _lock(name: str) -> Path:
    return held.folder("queue") / f"{name}.lock"


def _said(name: str) -> Path:
    return held.folder("queue") / f"{name}{_SAID}"
