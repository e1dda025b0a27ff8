"""Where units come from: the narrow interface between those who hand out work and those who have the boards.

    local       this host's: a bench file, or what is attached; a claim is a reservation (``lease``)
    labgrid     other hosts', by labgrid's coordinator; a claim is an acquisition of the unit's place there

Another lab manager (Jumpstarter, say) is one more file here, with five verbs:

    list        ``Source.list``: its boards as ``Place``s. One that is reached over ssh has a ``via``, any other a ``port``
    acquire     ``Source.acquire``: a lease of one of them; ``Queueing.acquire_any`` where it has a queue
    renew       ``Claim.renew``: also by itself, while the process lives; a lease that runs out is asked for again
    release     ``Claim.release``, and whatever frees what a killed process held: its own end of lease, or a watcher
    connect     nothing here: ``open_unit`` goes to ``Place.via`` or ``Place.port``. A manager that hands out streams of its own
                would give a ``port`` of a new scheme (``bench.transports``) and a probe (``bench.probes``)

One file a scheme, found by its name: ``labgrid://...`` is ``labgrid.py``, which has ``open(url) -> Source``. What a source
gives are ``Place``s; ``open_unit`` connects to them, wherever they are (``Place.via``). However a claim is kept elsewhere,
the kernel's lock on the unit's own host says who uses it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from harness.bench.places import Place
from harness.errors import MisuseError
from harness.plans.names import suggestion

SCHEME: Final = "://"


class Claim(Protocol):
    """A unit that is kept for the caller and what it starts, until ``release`` or the end of its process."""

    @property
    def place(self) -> Place:
        """Which one."""
        ...

    def renew(self) -> tuple[str, ...]:
        """Say that it is still wanted; what has happened to it since the last time, for people. ``BenchError`` when it is lost."""
        ...

    def release(self) -> None:
        """Give it back; may be called twice."""
        ...


class Source(Protocol):
    """Units that can be had. Everything may raise ``BenchError``: who keeps them is out of reach."""

    def list(self) -> tuple[Place, ...]:
        """The units as they are now, also those that take no work: their ``skip`` says why."""
        ...

    def acquire(self, place: Place, *, what: str) -> Claim:
        """Claim one of them, at once or not at all: ``lease.InUse``, ``lease.OutOfService``."""
        ...


@runtime_checkable
class Queueing(Source, Protocol):
    """A source with a queue of its own: who waits there is served in its order, with all others that wait there."""

    def acquire_any(
        self, wanted: Sequence[Place], *, what: str, wait_s: float, tell: Callable[[str], None] | None = None
    ) -> Claim:
        """The first of them that is free, or becomes free within ``wait_s``; ``tell`` is told who has them once a minute.

        ``lease.InUse`` when all stay in use, ``lease.OutOfService`` when none takes work.
        """
        ...


def is_url(bench: str | Path | None) -> bool:
    """Whether what was given as ``--bench`` names a source elsewhere, and no file."""
    return isinstance(bench, str) and SCHEME in bench


def open_source(bench: str | Path | None) -> Source:
    """What ``--bench`` means: a bench file, a URL such as ``labgrid://host:port/?tag=value``; None: what is attached here.

    ``MisuseError`` for a scheme that nobody knows, ``PlanError`` for a bench file that cannot be read.
    """
    if not is_url(bench):
        from harness.bench.sources import local

        return local.Local(None if bench is None else Path(bench))
    url = str(bench)
    scheme = url.partition(SCHEME)[0]
    if scheme not in schemes():
        raise MisuseError(
            f"no bench is reached by {scheme!r}",
            where=url,
            expected=f"a bench file, or a URL that begins with: {', '.join(f'{name}{SCHEME}' for name in schemes()) or '(none)'}",
            next_step=suggestion(scheme, schemes(), "name a bench file"),
        )
    source: Source = importlib.import_module(f"{__name__}.{scheme}").open(url)
    return source


def schemes() -> tuple[str, ...]:
    """The URLs that are known, by their beginnings."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "local" and m.name[0] != "_"))
