"""The unit that a run is to use: claimed where its bench is elsewhere (``--bench labgrid://...``), waited for, leased, opened.

A bench of this host needs no claim: the unit's lease is all. Whoever starts others to run cases (pytest with workers, a
nightly) has claimed their units already, and says so in ``HIL_RESERVED_BY``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from harness.bench import lease, sources
from harness.bench.boards import Board
from harness.bench.places import NoneFree, check_free, qualified
from harness.bench.unit import Unit, open_unit
from harness.clock import Clock, Deadline
from harness.errors import BenchError
from harness.records import Backend
from harness.run.options import RunOptions
from harness.run.watch import WAIT, Step, Watch

_POLL_S = 5.0  # who keeps the bench is asked over a network
_TELL_S = 60.0


@contextmanager
def at_unit(
    options: RunOptions,
    board: Board,
    *,
    backend: Backend,
    what: str,
    clock: Clock,
    watch: Watch,
    tags: Sequence[str] = (),
) -> Iterator[Unit]:
    """Open one unit of ``board`` as ``open_unit`` does; ``watch`` is told whom it waits for.

    Errors as ``open_unit``; ``NoneFree`` when it would have to wait and is not to; another ``BenchError`` when who keeps a
    bench elsewhere is out of reach.
    """

    def tell(text: str) -> None:
        watch(Step(WAIT, note=text))

    places, uid = options.places, options.uid
    with ExitStack() as stack:
        if backend == "probe" and options.bench and lease.RESERVED_BY not in os.environ:
            claim = _claim(options, board, what, clock, tags, tell)
            stack.callback(claim.release)
            places, uid = (claim.place,), claim.place.uid
        yield stack.enter_context(
            open_unit(
                board,
                backend=backend,
                places=places,
                uid=uid,
                what=what,
                clock=clock,
                allow_mass_erase=options.allow_mass_erase,
                tags=tags,
                wait_s=options.wait_s,
                tell=tell,
                named=options.named and options.uid is not None,
            )
        )


def see_whether_free(
    options: RunOptions, board: Board, *, backend: Backend, clock: Clock, tags: Sequence[str] = ()
) -> None:
    """``NoneFree`` where a run that is not to wait would have to: before a firmware is built for nothing.

    What else is wrong with the units is for ``at_unit`` to say.
    """
    if not options.no_wait or backend != "probe" or options.bench:
        return
    try:
        check_free(board, options.places, options.uid, tags, clock)
    except NoneFree:
        raise
    except BenchError:
        pass


def _claim(
    options: RunOptions, board: Board, what: str, clock: Clock, tags: Sequence[str], tell: lease.Tell
) -> sources.Claim:
    source = sources.open_source(options.bench)
    if isinstance(source, sources.Queueing):
        wanted = qualified(board, source.list(), options.uid, tags)
        try:
            return source.acquire_any(wanted, what=what, wait_s=options.wait_s, tell=tell)
        except lease.InUse as taken:
            if options.no_wait:
                raise NoneFree.told(taken.what, taken.found) from None
            raise
    deadline, told = Deadline.after(clock, options.wait_s), Deadline.after(clock, 0.0)
    while True:
        busy: list[lease.InUse] = []
        refused: list[BenchError] = []
        for place in qualified(board, source.list(), options.uid, tags):
            try:
                return source.acquire(place, what=what)
            except lease.InUse as error:
                busy.append(error)
            except lease.OutOfService as error:
                refused.append(error)
        if not busy:
            raise refused[0]
        found = "; ".join(f"{error.what}: {error.found}" for error in busy)
        if options.no_wait:
            raise NoneFree.told(busy[0].what, found)
        if deadline.passed:
            raise busy[0]
        if told.passed:
            tell(found)
            told = Deadline.after(clock, _TELL_S)
        clock.sleep_s(min(_POLL_S, deadline.left_s()))
