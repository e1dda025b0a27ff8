"""The unit's port, byte by byte, for a client that asks for it: until a session with the board takes it over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from harness.bench.remote import words
from harness.bench.remote.calls import PORT, Request, Sends, Told
from harness.bench.remote.mux import Ended
from harness.bench.unit import Unit
from harness.clock import SystemClock
from harness.errors import BenchError

_READ_BYTES: Final = 16 * 1024
#: So long a byte that comes in the middle of a wait for the other way may lie.
_TURN_S: Final = 0.005
_IDLE_S: Final = 0.5


class PortLane:
    """Moves bytes between the stream and the port, in a thread of its own, and carries out ``port.*``.

    ``take`` and ``request`` are called by the reader's thread, which is never kept waiting.
    """

    def __init__(self, mux: Sends, unit: Unit) -> None:
        self._mux, self._unit = mux, unit
        self._clock = SystemClock()
        self._changed = threading.Condition()  # guards what follows
        self._out = bytearray()  # to the board
        self._came = 0  # bytes of it, ever
        self._credit = 0  # bytes that the client takes
        self._requests: list[Request] = []
        self._asked = False
        self._using = threading.Lock()  # whoever uses the port
        self._taken_over = self._stopped = self._gone = False
        self._over: Callable[[Request], None] = lambda request: None
        self._thread = threading.Thread(target=self._run, name="unit server, port", daemon=True)

    def start(self, over: Callable[[Request], None]) -> None:
        """Begin. ``over`` is told of each request that was answered."""
        self._over = over
        self._thread.start()

    def take(self, message: bytes) -> None:
        """Bytes for the board, or room for more of its own."""
        with self._changed:
            self._asked = True
            if message[:1] == b"\0":
                self._out += message[1:]
                self._came += len(message) - 1
            elif message[:1] == b"\1":
                self._credit += int.from_bytes(message[1:5], "big")
            self._changed.notify_all()

    def request(self, request: Request) -> None:
        """A ``port.*`` request: its turn comes behind the bytes before it."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def take_over(self) -> None:
        """From now on the port is a session's: when this returns, nobody else uses it."""
        with self._using:
            self._taken_over = True

    def stop(self) -> None:
        """Touch the port no more: when this returns, nothing does, unless it hangs."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(2.0)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopped:
                with self._changed:
                    if not self._requests and not (self._asked and self._ours):
                        self._changed.wait(_IDLE_S)
                        continue
                with self._using:
                    if self._ours:
                        self._move()
                    self._heed_requests()
        except Ended:
            return

    @property
    def _ours(self) -> bool:
        return not (self._taken_over or self._gone or self._stopped)

    def _move(self) -> None:
        """Some bytes each way, as far as they fit; waits a moment for more."""
        transport = self._unit.transport
        with self._changed:
            out, credit = bytes(self._out[:_READ_BYTES]), self._credit
        try:
            if out and (taken := transport.write(out, 0)):
                with self._changed:
                    del self._out[:taken]
                self._mux.send(PORT, b"\1" + taken.to_bytes(4, "big"))
            if credit and (data := transport.read(min(credit, _READ_BYTES), 0)):
                with self._changed:
                    self._credit -= len(data)
                self._mux.send(PORT, b"\0" + data)
            elif credit or out:
                transport.wait(_TURN_S, to_write=bool(self._out))
            else:
                self._clock.sleep_s(_TURN_S)
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must not wait for bytes that never come
            self._gone = True
            why = (error.found or error.what) if isinstance(error, BenchError) else words.told(error)["what"]
            self._mux.send(PORT, b"\2" + str(why).encode())

    def _heed_requests(self) -> None:
        with self._changed:
            request = self._requests[0] if self._requests else None
            if request is None or not (request.verb == "port.reopen" or self._gone or self._is_due(request)):
                return
            self._requests.pop(0)
        try:
            request.done(self._reopen() if request.verb == "port.reopen" else self._set_baud(request))
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is to know
            request.fail(words.told(error))
        self._over(request)

    def _is_due(self, request: Request) -> bool:
        return not self._out and self._came >= int(request.args.get("after", 0))

    def _set_baud(self, request: Request) -> Told:
        self._unit.transport.set_baud(int(request.args["baud"]))
        return {}

    def _reopen(self) -> Told:
        gone = BenchError(
            "the line to the unit is gone", where=self._unit.port, next_step="check cable and power, then `hil units`"
        )
        transport = self._unit.reopen_port(gone, self._clock)
        with self._changed:
            self._out.clear()
            self._came = self._credit = 0
            self._asked = False
        self._gone = False
        return {"port": self._unit.port, "baud": transport.baud}
