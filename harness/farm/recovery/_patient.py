"""The unit on the ladder: its probe and port as the rungs open and close them, and the proof that it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final

from harness.bench import reconnect
from harness.bench.boards import Board
from harness.bench.identity import known_id
from harness.bench.own_time import UnitClock
from harness.bench.places import Place
from harness.bench.probes import Probe
from harness.bench.probes.pyocd import CONNECT, PyocdProbe
from harness.bench.transports import Transport
from harness.clock import Clock, Deadline
from harness.errors import BenchError
from harness.session.verbs import Session
from harness.session.whoami import PATIENCE_S
from harness.virtual.debug import lifetime, registry
from harness.wire.codes import ResetCause
from harness.wire.messages import Hello

Tell = Callable[[str], None]
HELLO_S: Final = PATIENCE_S
#: A port that is enumerated anew with its probe takes some seconds.
PORT_S: Final = 5.0


class OtherUnitError(BenchError):
    """Another chip is there than should be: swapped or crossed, which no reset and no power mends."""


@dataclass(frozen=True)
class Proof:
    """How it is known that the unit answers, and why its firmware last started."""

    words: str
    reset_cause: ResetCause


class BoundedClock:
    """A unit's clock that the ladder's budget ends: a slow emulator's seconds may be long ones."""

    def __init__(self, inner: Clock, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def monotonic_s(self) -> float:
        """See ``Clock``. ``BenchError`` once the budget is over."""
        if self._deadline.passed:
            raise BenchError(
                "the time for recovery is over", next_step="give it longer: `hil rack recover --budget SECONDS`"
            )
        return self._inner.monotonic_s()

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._inner.now()

    def sleep_s(self, duration_s: float) -> None:
        """See ``Clock``."""
        self._inner.sleep_s(duration_s)


class Patient:
    """A context manager: after it nothing of the unit is open. ``power_cut`` and ``reached`` are what a rung has found of
    its power and its probe.
    """

    def __init__(
        self, place: Place, board: Board, clock: Clock, deadline: Deadline, near: Sequence[Place] = ()
    ) -> None:
        self.place, self.board, self.clock, self.deadline, self.near = place, board, clock, deadline, near
        self.power_cut: bool | None = None
        self.had_no_power = False  # a rung has proved it, and it made no difference
        self.reached = False
        self._probe: Probe | None = None
        self._transport: Transport | None = None

    def __enter__(self) -> Patient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()

    def let_go(self) -> None:
        """Close probe and port."""
        if self._probe is not None:
            self._probe.close()
        if self._transport is not None:
            self._transport.close()
        self._probe = self._transport = None

    def connect(self, modes: Sequence[str] = CONNECT) -> tuple[Probe, str]:
        """A new connection to the probe, and the chip's unique id as it reads it, "" where the board's chip has none.

        ``OtherUnitError`` when it is not the one that the bench file names.
        """
        if self._probe is not None:
            self._probe.close()
        self._probe = probe = PyocdProbe(
            self.place.uid, self.board.debug, connect=modes, queue_s=self.deadline.left_s()
        )
        probe.open()
        chip_id = known_id(probe.chip_id()).hex()
        if self.place.chip_id and chip_id and chip_id != self.place.chip_id:
            raise OtherUnitError(
                "the chip at this probe is not the one that the bench file names",
                where=f"unit {self.place.uid}",
                expected=self.place.chip_id,
                found=chip_id,
                next_step="was the board swapped? `hil discover --write FILE` puts the bench file right",
            )
        self.reached = True
        return probe, chip_id

    def core(self) -> str:
        """What the probe sees of a core whose firmware does not answer, for messages; "" when it cannot be asked."""
        if self._probe is None or not self.reached:
            return ""
        try:
            report = self._probe.core()
        except BenchError:
            return ""
        return f"; its core is {report.state}" + (f" at {report.pc:#010x}" if report.pc is not None else "")

    def session(self) -> Session:
        """The port, opened anew under whatever name it has now, and a session on it that waits in the unit's own time."""
        if self._transport is not None:
            self._transport.close()
        wait_s = min(PORT_S, self.deadline.left_s())
        _, self._transport = reconnect.reopen(
            self.place.uid, self.place.port, self.board.uart.baud, self.clock, wait_s=wait_s
        )
        clock = UnitClock(self.clock, self._own_time(), where=f"unit {self.place.uid}")
        return Session(self._transport, BoundedClock(clock, self.deadline))

    def proved(self, hello: Hello, chip_id: str) -> Proof:
        """That hello is of the chip ``chip_id``, which the probe has read. ``OtherUnitError`` when it is another's."""
        said = known_id(hello.chip_id).hex()
        if chip_id and said and said != chip_id:
            raise OtherUnitError(
                "another board answers on the unit's port than the one at its probe",
                where=f"unit {self.place.uid}, port {self.place.port}",
                expected=f"chip {chip_id}, read through the probe",
                found=f"chip {said} in hello",
                next_step="the ports are crossed: `hil discover --write FILE` puts the bench file right",
            )
        known = {int(cause): cause for cause in ResetCause}
        cause = known.get(hello.reset_cause, ResetCause.UNKNOWN)
        who = f"chip {said}" if said else hello.board
        same = ", which is the one at the probe" if said and said == chip_id else ""
        return Proof(f"hello from {who}{same}; last reset: {cause.name.lower()}", cause)

    def _own_time(self) -> Callable[[], float | None]:
        uid = self.place.uid
        if registry.find(uid) is None:
            return lambda: None
        return lambda: lifetime.read(registry.lifetime_path(uid))
