"""One unit's part in a case, in a thread of its own: opened, flashed, greeted, and fed from the common queue until it is empty.

Whatever goes wrong on it is its own affair first: it leaves, its open samples are the others', and then it is asked whose fault
it was (``blame``). A fault of the rig ends its part; one of the product ends the case.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from harness.bench import lease
from harness.bench.boards import Board
from harness.bench.emulators import About
from harness.bench.places import Place
from harness.bench.transports import Transport
from harness.bench.unit import Unit, open_unit
from harness.build.symbols import Symbols
from harness.clock import Clock
from harness.errors import BenchError, DeviceError
from harness.plans.expand import Case
from harness.records import Backend, UnitFacts, Verdict
from harness.run import blame, onboard
from harness.run.arrival import named
from harness.run.at_unit import at_unit
from harness.run.blame import Blame
from harness.run.notes import Notes
from harness.run.options import RunOptions
from harness.run.sharded.shared import Drawn, Ended, Ready, Shared, Stepped
from harness.run.sharded.stopping import Stoppable, Stopped
from harness.run.streaming import CaseFiles, listening, rescue
from harness.run.watch import Step
from harness.session.rescue import Rescue
from harness.session.verbs import BoardFaultError, BoardSilentError, OtherBoardError, Session, StreamResult

#: To a unit on another host so many samples go at once: several times what travels and is computed in a round trip.
_FAR_PORTION = 256
#: Who has lent a unit may be about to let it go.
_LENT_WAIT_S = 30.0


@dataclass(frozen=True)
class Common:
    """What is the same for all units of a case."""

    case: Case
    board: Board
    backend: Backend
    options: RunOptions
    notes: Notes
    symbols: Symbols
    follows: Sequence[bool] | None
    folder: Path | None
    clock: Clock
    tags: Sequence[str] = ()
    go_on: bool = False  # a journal is gone on with, and so are the logs


@dataclass
class Seat:
    """One unit. Its thread writes its fields until it has told ``Ended``; the main thread reads them then."""

    number: int
    place: Place | None
    common: Common
    shared: Shared
    notes: Notes = field(init=False)
    facts: UnitFacts | None = None
    stand_in: About | None = None
    parts: list[StreamResult] = field(default_factory=list)
    overlap: tuple[int, int] | None = None  # bytes that came while the engine ran, bytes that came
    stack_bytes: int = 0
    own_s: float | None = None
    fault: Blame | None = None  # what ended its part
    taken: str = ""  # it was taken by somebody else before it could be opened
    bug: BaseException | None = None  # what is nobody's fault but ours, or the plan's
    joined: bool = False  # it has taken samples, or could have
    let_go: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.notes = replace(self.common.notes, warnings=[], telling=type(self.common.notes.telling)(), console=None)
        self.thread = threading.Thread(target=self._run, name=f"hil-unit-{self.number}", daemon=True)

    @property
    def name(self) -> str:
        """What messages call it."""
        if self.facts is not None:
            return self.facts.uid
        return self.place.uid if self.place is not None else f"number {self.number + 1}"

    @property
    def session(self) -> Session | None:
        """The one with its board; None before hello."""
        return self.notes.live.session if self.notes.live else None

    # -- in its own thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._opened()
        except Stopped:
            pass
        except (lease.InUse, lease.OutOfService) as busy:
            self.taken = str(busy)
        except (BenchError, DeviceError) as error:  # before it was open, or while it was closed
            if self.fault is None:
                self._broke(error, None)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self.bug = error
            self.shared.end()
        finally:
            if not self.joined:
                self.shared.never_joined()
            self.shared.told.put(Ended(self.number))

    def _opened(self) -> None:
        common = self.common
        with ExitStack() as stack:
            unit = stack.enter_context(self._unit())
            log, console = stack.enter_context(
                listening(common.folder, common.options, common.clock, go_on=common.go_on, of=unit.uid)
            )
            self.notes.console = console
            self.facts, self.stand_in = unit.facts(), unit.stand_in
            if unit.far is None:  # a session elsewhere hears of the end with its next answer
                unit.transport = Stoppable(unit.transport, self.shared.stop)
            try:
                self._on(unit, CaseFiles(log=log, console=console))
            except (BenchError, DeviceError) as error:
                self._broke(error, unit)
            self.notes.said = self.notes.last_lines()
            if self.fault is None:
                self.shared.told.put(Ended(self.number))
                self.let_go.wait()

    def _unit(self) -> AbstractContextManager[Unit]:
        """One that is kept for the case already, else one that is waited for as in any other run."""
        common, options = self.common, self.common.options
        if self.place is None:
            return at_unit(
                options,
                common.board,
                backend=common.backend,
                what=common.case.id,
                clock=common.clock,
                watch=self._watch,
                tags=common.tags,
            )
        near = [place for place in options.places if place.uid != self.place.uid]
        return open_unit(
            common.board,
            backend=common.backend,
            places=(self.place, *near),
            uid=self.place.uid,
            what=common.case.id,
            clock=common.clock,
            allow_mass_erase=options.allow_mass_erase,
            wait_s=_LENT_WAIT_S,
            named=False,
        )

    def _on(self, unit: Unit, files: CaseFiles) -> None:
        common = self.common
        onboard.put(common.case, common.options, unit, self.notes, files, self._watch, common.clock)
        self.facts = unit.facts()
        self.shared.join(unit.uid)
        self.joined = True
        self.shared.told.put(Ready(self.number))
        try:
            self._stream(unit)
        except (BoardSilentError, BoardFaultError) as error:
            if error.partial is not None:
                self.parts.append(error.partial)
            raise
        except OtherBoardError as other:
            raise named(other, unit) from other.__cause__
        finally:
            self.shared.leave(unit.uid)
        self._look_back(unit)

    def _stream(self, unit: Unit) -> None:
        common, live = self.common, self.notes.live
        assert live is not None
        wanted, case_s = common.case.plan.stream, common.case.plan.timeouts.case_s
        slots = max(1, live.hello.slots)
        # With a window the stream takes only so many ahead: what it has is not there for the others.
        window = slots if wanted.window is None else min(slots, wanted.window)
        began_s, own_s = unit.clock.monotonic_s(), unit.own_s()
        while self.shared.wait_for_work(unit.uid):
            left_s = case_s - (unit.clock.monotonic_s() - began_s)
            if left_s <= 0:
                return
            drawn = Drawn(unit.uid, self.shared)
            far = unit.far is not None
            found = live.session.stream(
                drawn.portion(_FAR_PORTION) if far else drawn,
                partial(self.shared.answered, drawn),
                window,
                left_s,
                self._rescue(unit),
                quiet=sum(alone for _, alone in drawn.sent) if far else 0,
                follows=None if common.follows is None else drawn.follows,
            )
            self.parts.append(found)
            now_s = unit.own_s()
            self.own_s = None if own_s is None or now_s is None else now_s - own_s
            if unit.clock.monotonic_s() - began_s >= case_s:
                return  # its time is over; what it had is others', if they have any left
            for at, why in found.lost.items():
                self.shared.lose(drawn, at, why)

    def _rescue(self, unit: Unit) -> Rescue:
        plain = rescue(unit, self.common.clock, self.common.symbols)
        if unit.far is not None:
            return plain

        def reopen(gone: BenchError) -> Transport:
            assert plain.reopen is not None
            return Stoppable(plain.reopen(gone), self.shared.stop)

        return replace(plain, reopen=reopen)

    def _look_back(self, unit: Unit) -> None:
        """What only the end of a stream tells: the board's own counters, another reader of its port, an emulator's findings."""
        assert self.session is not None
        self.facts = unit.facts()  # the port may have another name by now
        if (shared := blame.shared_port(unit)) is not None:
            if any(part.lost for part in self.parts):
                raise shared
            self.notes.warnings.append(f"{shared.what}: {shared.found}")
        counted = self.session.counters.bad_board
        status = self.session.status()
        if self.parts:
            # Only STATUS tells how many damaged frames the board has seen, and a clean end of the stream needs none.
            self.parts[-1].counters.bad_board += self.session.counters.bad_board - counted
        self.overlap = (status.bytes_overlapped, status.bytes_rx)
        self.stack_bytes = status.stack_bytes
        onboard.heed(unit.findings(), self.notes)

    def _broke(self, error: BenchError | DeviceError, unit: Unit | None) -> None:
        """Its part is over: the others go on with its samples, and it is asked whose fault it was."""
        self.shared.leave(self.name)
        if unit is not None:
            self.facts = unit.facts()  # who answered, if that is what went wrong
        found = blame.blame(error, unit, None if unit is None else self.session, self.common.symbols)
        self.fault = found
        # One that never came up, and tells of no crash, may be alone in that: the others will show (``aftermath.excused``).
        if found.verdict is Verdict.FAIL and (self.joined or found.fault is not None):
            self.shared.end()

    def _watch(self, step: Step) -> None:
        if self.shared.stop.is_set():
            raise Stopped
        self.shared.told.put(Stepped(self.number, step))
