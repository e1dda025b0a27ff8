"""One unit, opened: leased, its probe connected, its port open. Everything is given back in reverse order, whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from harness.bench import emulators, holders, lease, reconnect, transports
from harness.bench.boards import Board
from harness.bench.crossed import OpenProbe, crossed
from harness.bench.emulators import About, EmulatedUnit, Findings, backend_choices
from harness.bench.identity import known_id, same_chip
from harness.bench.own_time import UnitClock
from harness.bench.places import LEASE_WAIT_S, Place, known
from harness.bench.power import PowerSwitch, none_of
from harness.bench.probes import CoreReport, Probe
from harness.bench.probes.pyocd import PyocdProbe
from harness.bench.remote.connection import Connection
from harness.bench.remote.probe import RemoteProbe, RemoteSwitch
from harness.bench.remote.transport import RemoteTransport
from harness.bench.taking import Wish, take_one
from harness.clock import Clock, SystemClock
from harness.errors import BenchError, MisuseError
from harness.plans.names import suggestion
from harness.records import Backend, Evidence, UnitFacts
from harness.virtual.debug import lifetime, registry


def _open_probe(board: Board, uid: str) -> Probe:
    return PyocdProbe(uid, board.debug)


@dataclass(frozen=True)
class Heard:
    """What a board has said of its chip in hello."""

    chip_id: bytes = b""
    clock_hz: int | None = None
    clock_source: str = ""


@dataclass
class Unit:
    """An open unit. ``clock`` is the one to wait by for what it says: see ``own_time``."""

    board: Board
    uid: str
    port: str
    backend: Backend
    probe: Probe
    transport: transports.Transport
    stand_in: About | None = None  # what is known of the emulator that stands in for the board; None on a real one
    _emulated: EmulatedUnit | None = None
    others: tuple[str, ...] = ()  # the ids of the units of the same kind that are near
    open_probe: OpenProbe = _open_probe  # how one of them is asked
    heard: Heard | None = None  # what hello has said
    _chip_id: bytes | None = None
    clock: Clock = field(default_factory=SystemClock)
    read_back: bool = False  # the flash holds our image: this probe has read it
    power: PowerSwitch | None = None
    new_probe: Callable[[], Probe] | None = None  # another connection to the same probe
    own_s: Callable[[], float | None] = lambda: None  # how long an emulated unit has lived by its own clock
    far: Connection | None = None  # to the host that it is plugged into, where that is another one

    @property
    def evidence(self) -> Evidence:
        """What a result from this unit is worth. A virtual unit reached as a probe (a bench file may name one) stays emulated."""
        return "hardware" if self.stand_in is None else self.stand_in.evidence

    def facts(self) -> UnitFacts:
        """For the record."""
        heard = self.heard or Heard()
        return UnitFacts(
            uid=self.uid,
            probe=self.probe.description,
            port=self.port,
            chip_id=(self._chip_id or b"").hex(),
            chip_id_hello=heard.chip_id.hex(),
            clock_hz=heard.clock_hz,
            clock_source=heard.clock_source,
            host=self.far.host if self.far is not None else "",
        )

    def read_chip_id(self) -> bytes:
        """The chip's unique id through the probe, b"" when it has none. Read anew: cables are moved."""
        self._chip_id = known_id(self.probe.chip_id())
        return self._chip_id

    def crossed(self, answers: bytes) -> BenchError:
        """What is wrong when the chip ``answers`` says hello on this unit's port, with the name of its unit if one is found."""
        if self.far is not None:
            return self.far.crossed(answers)
        chip_id = self._chip_id or b""
        return crossed(self.board, self.uid, self.port, chip_id, answers, self.others, self.open_probe)

    @property
    def clock_modelled(self) -> bool:
        """Whether the clock that hello tells is one: some emulators have none behind the registers that set it."""
        return self.stand_in is None or self.stand_in.clock_modelled

    def reopen_port(self, gone: BenchError, clock: Clock) -> transports.Transport:
        """The unit's port again, after it ended with ``gone``: perhaps under another name. Waits for it.

        An emulated unit's port does not come back: ``gone`` is raised again. So it is when the port stays away.
        """
        if isinstance(self.transport, RemoteTransport):
            self.transport.reopen()
            self.port = self.transport.name
            return self.transport
        self.transport.close()
        if self._emulated is not None:
            raise gone
        self.port, self.transport = reconnect.reopen(self.uid, self.port, self.board.uart.baud, clock)
        return self.transport

    def port_moved(self, port: str, baud: int | None) -> None:
        """Another host has opened the port anew, under that name and at that speed."""
        if isinstance(self.transport, RemoteTransport):
            self.transport.moved(port, baud)
            self.port = self.transport.name

    def sharers(self) -> tuple[str, ...]:
        """The other processes that have the unit's port open, where it is plugged in."""
        return holders.others(self.port) if self.far is None else self.far.sharers()

    def power_switch(self) -> PowerSwitch:
        """What switches this unit. ``BenchError`` that says how to name one where there is none."""
        if self.power is None:
            raise none_of(self.uid, self.port, self.board.name)
        return self.power

    def reconnect_probe(self) -> None:
        """Connect anew, as after the unit had no power. ``BenchError`` when the unit cannot be reached."""
        if self.new_probe is not None:
            self.probe.close()
            self.probe = self.new_probe()
            self.probe.open()

    def close_probe(self) -> None:
        """Give the probe back, whichever connection it is by now."""
        self.probe.close()

    def close_port(self) -> None:
        """Give the port back, whichever it is by now."""
        self.transport.close()

    def core(self) -> CoreReport:
        """Ask the probe what the core is doing. ``BenchError`` when the unit cannot be reached: then the rig is to blame."""
        if (gone := self.emulator_gone()) is not None:
            raise gone
        return self.probe.core()

    def emulator_gone(self, within_s: float = 0.0) -> BenchError | None:
        """What to say when the emulator's process has ended, or ends within that time; None while it runs, and on a real unit."""
        if self._emulated is None or not self._emulated.ended(within_s):
            return None
        return BenchError(
            "the emulated board's process is gone",
            where=f"unit {self.uid}",
            found=self._emulated.why_dead or "it ended without a word",
            next_step="run again; `hil units` shows what is left running",
        )

    @property
    def core_fault(self) -> str:
        """Why the firmware ended the emulation; "" on a real unit, which cannot be ended so, and while it goes on."""
        return self._emulated.core_fault if self._emulated is not None else ""

    def findings(self) -> Findings:
        """What the emulator noticed; nothing on a real unit."""
        return self._emulated.findings() if self._emulated is not None else Findings()


def require(choice: str, board: Board) -> None:
    """``BenchError``, in one line, for an emulator that this host does not have, or that cannot be that board.

    ``MisuseError`` for a backend that is none of ``backend_choices``.
    """
    if choice not in backend_choices():
        raise MisuseError(
            f"no backend is named {choice!r}",
            expected=f"one of: {', '.join(backend_choices())}",
            next_step=suggestion(choice, backend_choices(), "name one of these"),
        )
    if choice in emulators.names():
        emulators.load(choice).require(board)


def choose_backend(board: Board, choice: str, places: Sequence[Place], uid: str | None) -> Backend:
    """``auto`` is a real unit if one is attached or named in the bench file, else the virtual board.

    Errors as in ``require``.
    """
    require(choice, board)
    if choice != "auto":
        return choice
    if uid is not None or known(board, places):
        return "probe"
    return emulators.DEFAULT


def about(backend: Backend) -> About | None:
    """What stands in for the board; None for a probe: what is behind it is not said by that."""
    return None if backend == "probe" else emulators.load(backend).ABOUT


def expected(board: Board, backend: Backend, places: Sequence[Place], uid: str | None = None) -> About | None:
    """What will stand in for the board, before a unit is open. None where that may be a real one.

    Behind a probe it is the virtual board where each unit of the bench that suits is known to be one, be it gone by now.
    """
    if backend != "probe":
        return about(backend)
    fit = [place for place in places if place.fits(board.name, uid)]
    found = (
        all(place.is_virtual or _is_running(place.uid) for place in fit)
        if fit
        else uid is not None and _is_running(uid)
    )
    return emulators.load(emulators.DEFAULT).ABOUT if found else None


def _is_running(uid: str) -> bool:
    return sys.platform != "win32" and registry.find(uid) is not None


@contextmanager
def open_unit(
    board: Board,
    *,
    backend: Backend,
    places: Sequence[Place] = (),
    uid: str | None = None,
    what: str,
    clock: Clock,
    allow_mass_erase: bool = False,
    tags: Sequence[str] = (),
    wait_s: float = LEASE_WAIT_S,
    care: bool = False,
    tell: lease.Tell | None = None,
    named: bool | None = None,
) -> Iterator[Unit]:
    """Lease and open one unit of ``board``. ``what`` tells others what it is used for.

    ``allow_mass_erase``: a flash that is protected or cannot be programmed may be erased as a whole. ``tags``: only a unit
    that the bench file gives all of these. ``wait_s``: for one to be free. ``care``: to be examined or mended, also while it is
    quarantined; it is not waited for. ``tell`` is told who has it while it is waited for. ``named``: a person asked for that
    ``uid``, as whoever has it on hold must; None: so it is where there is one.

    ``BenchError`` when none is attached, all stay in use, or the probe or the port cannot be opened; nothing is then held.
    """
    with ExitStack() as stack:
        emulated: EmulatedUnit | None = None
        unit: Unit | None = None
        power: PowerSwitch | None = None
        chip_id = ""
        is_virtual = False
        if backend == "probe":
            asked = uid is not None if named is None else named
            wish = Wish(what, 0.0 if care else wait_s, allow_mass_erase, care, tell, asked)
            place, held = take_one(board, places, uid, tags, wish, clock)
            stack.enter_context(held)
            stack.enter_context(_in_hand(place.uid))
            if isinstance(held, Connection):
                unit = _far_away(board, held, clock)
                if place.chip_id:
                    same_chip(unit.read_chip_id(), place.chip_id, unit.uid, board.name)
                yield unit
                return
            uid, port, power, chip_id, is_virtual = place.uid, place.port, place.power, place.chip_id, place.is_virtual
        else:
            emulated = emulators.start(backend, board)
            stack.callback(emulated.close)
            uid, port, power = emulated.uid, emulated.port, emulated.power_switch()
            stack.enter_context(lease.acquire(uid, what=what, clock=clock))

        def new_probe() -> Probe:
            if emulated is None:
                return PyocdProbe(uid, board.debug, allow_mass_erase=allow_mass_erase)
            return emulated.probe(allow_mass_erase=allow_mass_erase)

        probe = new_probe()
        stack.callback(lambda: unit.close_probe() if unit is not None else probe.close())
        # The port first: what the board says right after its reset must not be missed.
        transport = transports.open_transport(port, board.uart.baud)
        stand_in = about(backend)
        # Asked now: the unit may be gone by the time its evidence is.
        if stand_in is None and (is_virtual or _is_running(uid)):
            stand_in = emulators.load(emulators.DEFAULT).ABOUT
        others = () if emulated else tuple(place.uid for place in known(board, places) if place.uid != uid)
        unit = Unit(board, uid, port, backend, probe, transport, stand_in, emulated, others)
        unit.power, unit.new_probe = power, new_probe
        unit.own_s = _own_time(uid, emulated, is_virtual=stand_in is not None)
        unit.clock = UnitClock(clock, unit.own_s, where=f"unit {uid}")
        stack.callback(unit.close_port)
        probe.open()
        if chip_id:
            same_chip(unit.read_chip_id(), chip_id, uid, board.name)
        yield unit


def _far_away(board: Board, connection: Connection, clock: Clock) -> Unit:
    """A unit that is plugged into another host, where it is open. Everything is given back with the connection."""
    opened = connection.is_open
    unit = Unit(
        board,
        opened.uid,
        f"{connection.host}:{opened.port}",
        "probe",
        RemoteProbe(connection),
        RemoteTransport(connection),
        None if opened.stand_in is None else About(**opened.stand_in),
        far=connection,
    )
    unit.power = RemoteSwitch(connection, opened.power) if opened.power else None
    unit.new_probe = lambda: RemoteProbe(connection)
    unit.own_s = connection.own_s
    unit.clock = UnitClock(clock, unit.own_s, where=f"unit {opened.uid} on {connection.host}")
    return unit


@contextmanager
def _in_hand(uid: str) -> Iterator[None]:
    """What goes wrong with the rig from here on is known as of that unit."""
    try:
        yield
    except BenchError as error:
        error.unit = error.unit or uid
        raise


def _own_time(uid: str, emulated: EmulatedUnit | None, *, is_virtual: bool) -> Callable[[], float | None]:
    if emulated is not None:
        return emulated.own_time_s
    if is_virtual:
        return lambda: lifetime.read(registry.lifetime_path(uid))
    return lambda: None
