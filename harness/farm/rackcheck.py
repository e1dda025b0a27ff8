"""The units of a rack, each put through its health plan, several at once; what each shows moves its state.

Units are independent of one another, and most of a health plan is waiting for a line: threads do. What they all need (the
image, the reference's answers) is made before the first unit is touched.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from harness.bench import boards, rackstate
from harness.bench.boards import load_board
from harness.bench.places import Place, known
from harness.bench.rackstate import UnitState
from harness.bench.sources import Source
from harness.clock import Clock
from harness.errors import BenchError, HilError, MisuseError
from harness.farm import aftercare, healthplan
from harness.farm.healthplan import HealthReport
from harness.farm.knowngood import known_good
from harness.farm.valve import Cause
from harness.plans.names import suggestion

_LEAVE_S = 20.0  # so long the steps under way are waited for when it is ended


@dataclass(frozen=True)
class Checked:
    """One unit: what it showed, how it stands since, and what is to be told of that."""

    place: Place
    report: HealthReport
    stands: UnitState
    told: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether it takes work without more ado."""
        return self.report.ok is True and self.stands.state is rackstate.State.GOOD


def units(places: Sequence[Place], asked: Sequence[str], *, attached: bool) -> list[Place]:
    """Those to check: ``asked`` by id or name, else all that take work by their bench file; ``attached``: also those not in it.

    ``MisuseError`` for one that is not there.
    """
    found = list(places)
    if attached:
        listed = {place.uid for place in places}
        found += [one for name in boards.names() for one in known(load_board(name), ()) if one.uid not in listed]
    if not asked:
        return [place for place in found if not place.skip]
    chosen = []
    for name in asked:
        place = next((one for one in found if name in (one.uid, one.name)), None)
        if place is None:
            names = [one.title for one in found]
            raise MisuseError(
                f"there is no unit {name!r}",
                expected=f"one of: {', '.join(names) or '(none)'}",
                next_step=suggestion(name, names, "plug it in, or name the bench file that has it: --bench FILE"),
            )
        chosen.append(place)
    return chosen


def check_all(
    chosen: Sequence[Place],
    rack: Sequence[Place],
    *,
    asked: bool,
    quick: bool,
    at_once: int,
    clock: Clock,
    tell: Callable[[Place, str], None],
    source: Source | None = None,
) -> Iterator[Checked]:
    """Check each, as they are done. ``asked``: somebody named these very units, so a quarantined one that passes is good again.

    ``rack`` is all that the units belong to; ``source``: who keeps them, where that is elsewhere: each is claimed for its check.
    Ended early, the steps under way are waited for: no unit stays held.
    """
    for place in chosen:
        known_good(place.health.plan, place.board)
    todo: queue.SimpleQueue[Place] = queue.SimpleQueue()
    for place in chosen:
        todo.put(place)
    done: queue.SimpleQueue[Checked | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                place = todo.get_nowait()
            except queue.Empty:
                return
            try:
                with ExitStack() as stack:
                    if source is not None:
                        stack.callback(source.acquire(place, what="health check").release)
                    done.put(_checked(place, rack, asked, quick, clock, tell, stop))
            except BenchError as error:
                report = HealthReport(
                    place.uid, place.board, clock.now().isoformat(timespec="seconds"), None, (), error.what
                )
                done.put(Checked(place, report, rackstate.state_of(place.uid, clock), ()))
            except BaseException as error:  # noqa: BLE001 - raised where somebody listens
                done.put(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(max(1, min(at_once, len(chosen))))]
    for thread in threads:
        thread.start()
    try:
        for _ in chosen:
            found = done.get()
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join(_LEAVE_S)


def _checked(
    place: Place,
    rack: Sequence[Place],
    asked: bool,
    quick: bool,
    clock: Clock,
    tell: Callable[[Place, str], None],
    stop: threading.Event,
) -> Checked:
    report = healthplan.check(
        place,
        load_board(place.board),
        quick=quick,
        clock=clock,
        tell=lambda line: tell(place, line),
        stop=stop.is_set,
    )
    told: list[str] = []
    try:
        told += aftercare.settle(place, report, Cause(), rack, asked=asked, clock=clock)
    except HilError as error:
        told.append(f"unit {place.title}: its state could not be written down: {error.what}")
    return Checked(place, report, rackstate.state_of(place.uid, clock), tuple(told))
