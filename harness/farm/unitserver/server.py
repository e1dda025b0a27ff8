"""The unit's server: opens one unit, does what the client asks, and gives the unit back when the stream ends, however it ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import asdict
from typing import Final, Literal, TypeVar

from harness.bench import power, rackstate
from harness.bench.remote import rack, words
from harness.bench.remote.calls import PORT, Desk, Request, Told
from harness.bench.remote.mux import Ended, Mux
from harness.bench.taking import Wish
from harness.bench.unit import Unit
from harness.errors import BenchError, HostError, MisuseError
from harness.farm.unitserver import verbs
from harness.farm.unitserver.port import PortLane
from harness.session.remote.served import SessionService

_On = TypeVar("_On")

#: Opens the unit of a board as a request says; what it is told of waiting goes to the client.
Opener = Callable[[str, Wish], AbstractContextManager[Unit]]

_ORDERLY_S: Final = 2.0
#: An end that takes longer is made one: the kernel then frees what was held.
_ENDING_S: Final = 6.0


class UnitServer:
    """Serves one client over two descriptors. ``leave`` ends the process at once; it is not expected to return."""

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        opener: Opener,
        *,
        uid: str,
        leave: Callable[[], object],
        mend: Callable[[Request], Told] | None = None,
    ) -> None:
        self._opener, self._uid, self._leave = opener, uid, leave
        self._of_rack: dict[str, Callable[[str, Request], Told | bytes]] = dict(verbs.OF_RACK)
        if mend is not None:
            self._of_rack["rack.recover"] = lambda uid, request: mend(request)
        self._ended, self._over = threading.Event(), threading.Event()
        self._state: Literal["waiting", "mending", "opening", "open"] = "waiting"
        self.why = ""  # it ended
        self._unit: Unit | None = None
        self._first: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._lane: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._sessions: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._port: PortLane | None = None
        self._service: SessionService | None = None
        self._busy_with = ""  # "probe", "power"
        self._switched_off = False
        self._mux = Mux(
            read_fd, write_fd, where=f"unit server {uid}", on_message=self._take, on_end=self._end, own_s=self._own_s
        )
        self._desk = Desk(self._mux, self._request)

    def run(self) -> str:
        """Until the stream ends: why it did, "" for a tidy end. An exception (Ctrl-C, SIGTERM) ends it as well, tidily."""
        self._mux.start()
        try:
            while (request := self._first.get()) is not None and request.verb.startswith("rack."):
                self._ask_rack(request)
            if request is None:
                return self.why
            self._state = "opening"
            with ExitStack() as stack:
                unit = self._open(request, stack)
                if unit is None:
                    self._mux.flush(_ORDERLY_S)
                    return ""
                self._ended.wait()
            return self.why
        finally:
            self._mux.end()
            self._mux.join(_ORDERLY_S)
            self._over.set()

    # -- opening and ending --------------------------------------------------------------------------------------------

    def _open(self, request: Request, stack: ExitStack) -> Unit | None:
        args = request.args
        try:
            if request.verb != "unit.open":
                raise MisuseError(
                    "the unit was not opened",
                    where="unit server",
                    found=request.verb,
                    next_step="ask for unit.open first",
                )
            wish = Wish(
                str(args["what"]),
                float(args["wait_s"]),
                bool(args["allow_mass_erase"]),
                bool(args["care"]),
                lambda text: request.note({"tell": text}),
                bool(args.get("named", True)),
                str(args.get("user", "")),
            )
            unit = stack.enter_context(self._opener(str(args["board"]), wish))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is to know
            with suppress(Ended):
                request.fail(words.told(error))
            return None
        self._unit = unit
        self._port = PortLane(self._mux, unit)
        self._service = service = SessionService(unit, self._port.take_over)
        self._state = "open"
        lanes = [
            threading.Thread(target=self._serve, args=(self._lane, self._carry_out), daemon=True),
            threading.Thread(target=self._serve, args=(self._sessions, service.handle), daemon=True),
        ]
        stack.callback(self._wind_up, lanes)
        self._port.start(self._desk.over)
        for lane in lanes:
            lane.start()
        self._desk.over(request)
        with suppress(Ended):
            request.done(
                {
                    "uid": unit.uid,
                    "port": unit.port,
                    "baud": unit.transport.baud,
                    "description": unit.probe.description,
                    "stand_in": None if unit.stand_in is None else asdict(unit.stand_in),
                    "power": "" if unit.power is None else unit.power.title or "its switch",
                    "own_s": self._own_s(),
                    "rack": rack.told(rackstate.state_of(unit.uid)),
                }
            )
        return unit

    def _end(self, why: str) -> None:
        """From the reader's thread: the stream has ended."""
        self.why = why
        self._first.put(None)
        self._ended.set()
        if self._state == "opening":
            self._leave()  # nothing is half done yet, and the kernel frees what is held
        if self._state != "mending":  # a unit whose power is cut must have it again; all that is done there is bounded
            threading.Thread(target=self._insist, name="unit server, end", daemon=True).start()

    def _insist(self) -> None:
        """The end comes, whatever hangs; a unit without power is given its own time to have it again."""
        limit_s = _ENDING_S + (2 * power.DEADLINE_S if self._switched_off or self._busy_with == "power" else 0.0)
        if not self._over.wait(limit_s):
            self._leave()

    def _wind_up(self, lanes: list[threading.Thread]) -> None:
        """Before the unit is closed: nobody uses it any more."""
        threading.Thread(target=self._insist, name="unit server, end", daemon=True).start()
        self._mux.end()
        if self._busy_with == "power":
            lanes[0].join(power.DEADLINE_S)  # off may still be under way, and must not come behind our on
        if self._switched_off and self._unit is not None and self._unit.power is not None:
            with suppress(BenchError):
                self._unit.power.on()  # whoever comes next finds the unit with power
        if self._busy_with:
            self._leave()  # a flash that is under way cannot be stopped but with its process
        for lane in (self._lane, self._sessions):
            lane.put(None)
        for thread in lanes:
            thread.join(_ORDERLY_S)
        if self._port is not None:
            self._port.stop()

    # -- requests ------------------------------------------------------------------------------------------------------

    def _take(self, channel: int, message: bytes) -> None:
        if channel == PORT:
            if self._port is not None:
                self._port.take(message)
            return
        try:
            self._desk.take(channel, message)
        except (ValueError, TypeError) as error:
            raise HostError(
                "the client says what is no message",
                where="unit server",
                found=error,
                next_step="install the same version of hil on both hosts",
            ) from error

    def _request(self, request: Request) -> None:
        if self._state != "open":
            self._first.put(request)
        elif request.verb.startswith("session."):
            self._sessions.put(request)
        elif request.verb.startswith("port."):
            assert self._port is not None
            self._port.request(request)
        else:
            self._lane.put(request)

    def _serve(self, lane: queue.SimpleQueue[Request | None], handle: Callable[[Request], None]) -> None:
        try:
            while (request := lane.get()) is not None and not self._mux.over:
                handle(request)
                self._desk.over(request)
        except Ended:
            return

    def _carry_out(self, request: Request) -> None:
        """What is asked of the probe, the switch and the unit."""
        assert self._unit is not None
        unit, known = self._unit, {**verbs.OF_UNIT, "power.off": self._power_off, "power.on": self._power_on}
        self._busy_with = "power" if request.verb.startswith("power.") else "probe"
        try:
            self._answer(request, known.get(request.verb), unit)
        finally:
            self._busy_with = ""

    def _ask_rack(self, request: Request) -> None:
        """What can be asked without having the unit."""
        self._state = "mending"
        try:
            with suppress(Ended):  # that it has ended the queue of the first requests says too
                self._answer(request, self._of_rack.get(request.verb), self._uid)
        finally:
            self._state = "waiting"
        self._desk.over(request)

    @staticmethod
    def _answer(request: Request, verb: Callable[[_On, Request], Told | bytes] | None, on: _On) -> None:
        try:
            if verb is None:
                raise MisuseError(
                    "the unit's server knows no such verb",
                    where="unit server",
                    found=request.verb,
                    next_step="install the same version of hil on both hosts",
                )
            found = verb(on, request)
            if isinstance(found, bytes):
                request.done(blob=found)
            else:
                request.done(found)
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is to know
            request.fail(words.told(error))

    def _power_off(self, unit: Unit, request: Request) -> Told:
        self._switched_off = True
        unit.power_switch().off()
        return {}

    def _power_on(self, unit: Unit, request: Request) -> Told:
        unit.power_switch().on()
        self._switched_off = False
        if self._service is not None:
            self._service.look_for_port()
        return {}

    def _own_s(self) -> float | None:
        return None if self._unit is None else self._unit.own_s()
