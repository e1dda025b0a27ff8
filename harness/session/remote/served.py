"""The server's half: a ``Session`` beside the board whose verbs a client on another host calls."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import Final, overload

from harness import __version__
from harness.bench.remote.calls import Request, Told
from harness.bench.remote.mux import Ended
from harness.bench.transports import Transport
from harness.bench.unit import Unit
from harness.clock import Clock, Deadline, SystemClock
from harness.errors import BenchError, HostError, MisuseError
from harness.session.remote import words
from harness.session.rescue import Rescue
from harness.session.stream import Pace, Supply
from harness.session.verbs import Session
from harness.wire import messages as m
from harness.wire.events import ResultReceived

#: Samples of so many bytes travel ahead: 0.2 s of round trip at 10 Mbit/s of line.
STOCK_BYTES: Final = 256 * 1024
_MOST_READS: Final = 64
_COUNTERS_EVERY_S: Final = 0.25
#: The client is told what was taken in portions.
_TOLD_BYTES: Final = 8 * 1024


class LeftOff(Exception):
    """The client does not want the rest."""


class _Stock(Supply):
    """The samples of one stream, as they come from the client; taken ones are forgotten."""

    def __init__(self, request: Request, n: int) -> None:
        self._request, self._n = request, n
        self._here: deque[bytes] = deque()
        self._first = 0  # the index of the first one here
        self._untold = 0
        request.listen(self._came)

    def _came(self, told: Told, blob: bytes) -> None:
        at = 0
        for size in told.get("sizes", ()):
            self._here.append(blob[at : at + size])
            at += size

    def check(self) -> None:
        """See Supply. Ends the stream when the client has left off."""
        if self._request.unwanted:
            raise LeftOff

    def has(self, index: int) -> bool:
        """See Supply."""
        self.check()
        return index < self._first + len(self._here)

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if index != self._first:
            raise IndexError(f"samples come in order: {self._first} is next, not {index}")
        data = self._here.popleft()
        self._first += 1
        self._untold += max(1, len(data))
        if self._untold >= _TOLD_BYTES or not self._here:
            self._request.note({"taken": self._untold})
            self._untold = 0
        return data


class SessionService:
    """Carries out ``session.*`` requests, one at a time. ``take_port`` is called before the board's port is used."""

    def __init__(self, unit: Unit, take_port: Callable[[], None], clock: Clock | None = None) -> None:
        self._unit, self._take_port = unit, take_port
        self._clock = clock or SystemClock()
        self._session: Session | None = None
        self._request: Request | None = None
        self._told_at: Deadline | None = None
        self._tap_tx = False
        self._busy = threading.Lock()

    def handle(self, request: Request) -> None:
        """Carry it out, and answer it. ``Ended`` when nobody is there to hear."""
        with self._busy:
            self._request = request
            try:
                verb = request.verb.removeprefix("session.")
                told, blob = {
                    "open": self._open,
                    "hello": self._hello,
                    "restart": self._restart,
                    "climb": self._climb,
                    "ping": self._ping,
                    "ask": self._ask,
                    "layer_data": self._layer_data,
                    "listen": self._listen,
                    "stream": self._stream,
                    "move_to": self._move_to,
                }[verb](request)
                request.done({**told, **self._standing()}, blob)
            except LeftOff:
                request.done()
            except Ended:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the client is to know
                request.fail({**words.told_error(error), **self._standing()})
            finally:
                self._request = None

    def look_for_port(self) -> None:
        """The unit had no power: where its port has gone with that, the session goes on over the one that comes back.

        ``BenchError`` when none does. Nothing while a verb is under way, or without a session: then the client sees to it.
        """
        if self._session is None or not self._busy.acquire(blocking=False):
            return
        try:
            for _ in range(_MOST_READS):  # what was said before it ended is no news; that it has ended stands behind it
                if not self._unit.transport.read(4096, 0.0):
                    return
        except BenchError as gone:
            self._session.move_to(self._unit.reopen_port(gone, self._clock))
        finally:
            self._busy.release()

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def _open(self, request: Request) -> tuple[Told, bytes]:
        args = request.args
        if args["protocol"] != m.PROTOCOL:
            raise HostError(
                "the hil on the unit's host speaks another version of the wire",
                expected=f"version {args['protocol']}, as the client does",
                found=f"version {m.PROTOCOL}, of hil {__version__}",
                next_step="install the same version of hil on both hosts",
            )
        self._take_port()
        self._tap_tx = bool(args["tap_tx"])
        # Before the session is made, which takes the speed that it finds for the safe one.
        if self._unit.transport.baud not in (None, self._unit.board.uart.baud):
            self._unit.transport.set_baud(self._unit.board.uart.baud)
        self._session = Session(
            self._unit.transport,
            self._unit.clock,
            window=args["window"],
            encoding=args["encoding"],
            answer_timeout_s=float(args["answer_timeout_s"]),
            stuck_s=float(args["stuck_s"]),
            tap=self._tap,
            wall=self._clock,
        )
        return {"now_s": self._unit.clock.monotonic_s()}, b""

    def _hello(self, request: Request) -> tuple[Told, bytes]:
        return _one(self._opened.hello(float(request.args["timeout_s"])))

    def _restart(self, request: Request) -> tuple[Told, bytes]:
        def reset() -> None:
            request.ask({"what": "reset"})

        return _one(self._opened.restart(reset, float(request.args["timeout_s"])))

    def _climb(self, request: Request) -> tuple[Told, bytes]:
        args = request.args
        found = self._opened.climb(fixed=args["fixed"], known=args["known"], avoid=args["avoid"])
        return {"climbed": words.told_climb(found)}, b""

    def _ping(self, request: Request) -> tuple[Told, bytes]:
        return {"took_s": self._opened.ping(request.blob)}, b""

    def _ask(self, request: Request) -> tuple[Told, bytes]:
        """The questions that have one answer."""
        session, args = self._opened, request.args
        what = args["what"]
        if what == "status":
            return _one(session.status())
        if what == "front_end":
            return _one(session.front_end())
        if what == "layers":
            return _one(session.layers(int(args["input_crc"]), int(args["first"])))
        report = session.fault(clear=bool(args["clear"]))
        return {"report": report.model_dump(mode="json") if report is not None else None}, b""

    def _layer_data(self, request: Request) -> tuple[Told, bytes]:
        args = request.args
        parts = self._opened.layer_data(args["input_crc"], args["layer"], args["offset"], args["n_bytes"])
        lengths, blob = words.told_messages(parts)
        return {"lengths": lengths}, blob

    def _listen(self, request: Request) -> tuple[Told, bytes]:
        enough = threading.Event()
        request.listen(lambda told, blob: enough.set())
        self._opened.listen(
            lambda: True if enough.is_set() or request.unwanted else None, float(request.args["timeout_s"])
        )
        return {}, b""

    def _stream(self, request: Request) -> tuple[Told, bytes]:
        args = request.args
        follows = args["follows"]
        found = self._opened.stream(
            _Stock(request, int(args["n"])),
            self._answered,
            args["window"],
            args["timeout_s"],
            self._rescue(request),
            int(args["quiet"]),
            None if follows is None else [one == "1" for one in follows],
            None if args["pace"] is None else Pace(*args["pace"]),
        )
        return {"outcome": words.told_outcome(found)}, b""

    def _move_to(self, request: Request) -> tuple[Told, bytes]:
        self._opened.move_to(self._unit.transport)
        return {}, b""

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _opened(self) -> Session:
        if self._session is None:
            raise MisuseError(
                "the session with the board was not begun", where="unit server", next_step="ask for session.open first"
            )
        return self._session

    def _standing(self) -> Told:
        session = self._session
        return {} if session is None else {"counters": asdict(session.counters), "baud": session.baud}

    def _answered(self, index: int, result: ResultReceived) -> None:
        assert self._request is not None
        told: Told = {"result": words.told_result(result)}
        if self._told_at is None or self._told_at.passed:
            self._told_at = Deadline.after(self._clock, _COUNTERS_EVERY_S)
            told |= self._standing()
        self._request.note(told, result.outputs)

    def _tap(self, direction: str, data: bytes, time_s: float) -> None:
        if self._request is not None and (direction == "rx" or self._tap_tx):
            self._request.note({"tap": direction, "time_s": time_s}, data)

    def _rescue(self, request: Request) -> Rescue:
        args = request.args

        def revive() -> str:
            return str(request.ask({"what": "revive"})["words"])

        def reopen(gone: BenchError) -> Transport:
            found = self._unit.reopen_port(gone, self._clock)
            request.note({"port": self._unit.port, "port_baud": found.baud})
            return found

        return Rescue(
            revive if args["revive"] else None,
            reopen if args["reopen"] else None,
            int(args["most_revivals"]),
            int(args["most_reopenings"]),
        )


def _one(message: m.Message) -> tuple[Told, bytes]:
    return {}, message.encode_body()
