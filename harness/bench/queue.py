"""Who waits for units, in the order of arrival, over all processes of this host.

A waiter has one ticket, a file that is named by when it came and says for which units. Whoever waits for any of several
stands in the queue of each, and leaves all of them with the first that it gets. The ticket carries a kernel lock: a waiter that
is killed has left the queue, and whoever comes across its ticket removes it. One that was stopped (Ctrl-Z) keeps its place,
and is passed over until it goes on: a free unit waits for nobody.

A queue says whose turn it is; who has a unit only the unit's own lock says.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.bench import held
from harness.bench.held import Holder
from harness.disk import locks

_numbers = itertools.count()


@dataclass(frozen=True)
class _Waiter:
    name: str
    holder: Holder
    uids: frozenset[str] | None  # None: it has not said yet, and may want any


#: What tickets say never changes: each is read once.
_known: dict[str, _Waiter] = {}


class Ticket:
    """A place in the queues of some units, until ``leave``."""

    def __init__(self, name: str, lock: locks.Lock) -> None:
        self._name, self._lock = name, lock

    def ahead(self, uid: str) -> Holder | None:
        """The waiter right before this one in the queue of a unit; None: it is this one's turn."""
        before = [waiter for waiter in _listed() if waiter.name < self._name and _wants(waiter, uid)]
        return next((waiter.holder for waiter in reversed(before) if _counts(waiter)), None)

    def leave(self) -> None:
        """May be called twice."""
        self._lock.release()


def enter(uids: Sequence[str], me: Holder) -> Ticket:
    """Stand in the queues of these units, behind everyone who is there. ``OSError`` when that cannot be written down."""
    while True:
        # Not the caller's clock: the order is over all processes, and this one they share.
        name = f"{time.monotonic_ns():020d}-{os.getpid()}-{next(_numbers)}"
        lock = locks.take(_folder() / name)
        if lock is None:
            continue  # somebody looked at it in the moment between
        try:
            (_folder() / name).write_text(json.dumps({**asdict(me), "uids": list(uids)}), encoding="utf-8")
        except BaseException:
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
    for waiter in _listed():
        if not waiter.holder.alive:
            locks.held(_folder() / waiter.name)


def _waiting(uid: str) -> Iterator[Holder]:
    return (waiter.holder for waiter in _listed() if _wants(waiter, uid) and _counts(waiter))


def _wants(waiter: _Waiter, uid: str) -> bool:
    return waiter.uids is None or uid in waiter.uids


def _counts(waiter: _Waiter) -> bool:
    # Asking a lock that nobody has removes its file (``disk.locks``): a killed waiter's ticket goes here.
    return locks.held(_folder() / waiter.name) and not waiter.holder.stopped


def _listed() -> list[_Waiter]:
    folder = _folder()
    names = sorted(os.listdir(folder))  # noqa: PTH208 - names alone, ten times a second
    for gone in set(_known) - set(names):
        _known.pop(gone, None)
    return [_read(folder, name) for name in names]


def _read(folder: Path, name: str) -> _Waiter:
    if name in _known:
        return _known[name]
    try:
        said = json.loads((folder / name).read_text(encoding="utf-8"))
        uids = frozenset(said.pop("uids"))
        waiter = _Waiter(name, Holder(**said), uids)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pid = name.split("-")[1] if name.count("-") == 2 else ""
        return _Waiter(name, Holder(int(pid) if pid.isdecimal() else 0, "?", "comes just now"), None)
    _known[name] = waiter
    return waiter


def _folder() -> Path:
    return held.folder("queue")
