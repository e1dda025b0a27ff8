"""A virtual USB hub: units in its ports, and for each port a switch that other processes of this user reach.

A port without power is a unit without its process: probe and port have left the bus. With power the unit is back under the
same id: its flash is what it was (a file without a name, handed from process to process), its RAM is not, and it says that its
power came on. A unit that is killed from outside stays away until its port had no power. The serial port's name is a link that
stays; it is there while the unit is.

A hub may be told to lie, as many real ones do: it says that a port is off, and nothing happens.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from harness.disk.folders import runtime_folder
from harness.errors import BenchError, MisuseError
from harness.virtual.debug import registry, rpc
from harness.virtual.host import process
from harness.virtual.host.desk import Desk

#: A unit comes up in a second; beside others on a busy machine it takes its time.
COMES_UP_S: Final = 120.0
_LOOK_EVERY_S = 0.1
_AT_ONCE = 4


@dataclass
class Port:
    """One of a hub's: what is plugged in, whether the hub says that it has power, and whether it has."""

    number: int
    soc: str
    board_name: str
    uid: str
    on: bool = False
    powered: bool = False
    unit: process.RunningUnit | None = None
    flash: IO[bytes] = field(default_factory=lambda: tempfile.TemporaryFile(dir=runtime_folder()))  # noqa: SIM115
    guard: threading.RLock = field(default_factory=threading.RLock)


def socket_path(name: str) -> Path:
    """Where the hub of that name listens."""
    return registry.socket_path(f"@{name}")  # no unit's id begins so


def link_of(uid: str) -> Path:
    """The name of a unit's serial port that stays, whatever the system calls it."""
    return runtime_folder() / "ports" / uid


def ask(name: str, command: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
    """One request to the hub of that name. ``BenchError`` when there is none, it refuses, or it does not answer in time."""
    try:
        connection = rpc.Connection(str(socket_path(name)), timeout_s)
        try:
            answer = connection.control(command, **arguments)
        finally:
            connection.close()
    except (rpc.LinkDown, ValueError) as error:
        raise BenchError(
            "the virtual hub does not answer",
            where=f"hub {name}",
            found=error,
            next_step="start it: `hil virtual --rack SPEC --write BENCH`, with the same HIL_RUNTIME_DIR",
        ) from error
    if "error" in answer:
        raise BenchError(str(answer["error"]), where=answer.get("where"), expected=answer.get("expected"),
                         found=answer.get("found"), next_step=answer.get("next_step"))  # fmt: skip
    return answer


class Hub:
    """A context manager; a thread of it answers other processes. Every method may be called by any thread.

    After ``close`` no unit and no file of it is left; so it is when its process dies, but for names that lead nowhere.
    """

    def __init__(self, name: str, *, lies: bool = False) -> None:
        self.name, self.lies = registry.check_uid(name), lies
        self.ports: dict[int, Port] = {}
        self._stop = threading.Event()
        self._listener = _listen(name)
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def plug(self, soc: str, board_name: str, uid: str) -> int:
        """A unit into the next port, which has no power yet. Its number."""
        port = Port(len(self.ports) + 1, soc, board_name, registry.check_uid(uid))
        self.ports[port.number] = port
        return port.number

    def switch_all(self, *, on: bool) -> None:
        """Every port. ``BenchError`` of the first unit that does not come up."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(self._switch, port, on) for port in self.ports.values()]:
                done.result()

    def switch(self, number: int, *, on: bool) -> None:
        """One port; when this returns, the unit is gone or there. Harmless when it was. ``MisuseError`` for no port of it."""
        if number not in self.ports:
            raise MisuseError(
                "the hub has no such port",
                where=f"hub {self.name}",
                expected=f"1 to {len(self.ports)}",
                found=number,
                next_step="correct `power` in the bench file, or let `hil virtual --rack` write it",
            )
        self._switch(self.ports[number], on)

    def state(self) -> list[dict[str, Any]]:
        """Of each port: its number, what is in it, whether the hub says that it is on, and whether the unit is on the bus."""
        return [
            {"port": p.number, "uid": p.uid, "board": p.board_name, "on": p.on,
             "there": p.unit is not None and p.unit.alive}
            for p in self.ports.values()
        ]  # fmt: skip

    def close(self) -> None:
        """End everything. May be called twice."""
        self._stop.set()
        self._server.join()
        self._listener.close()
        socket_path(self.name).unlink(missing_ok=True)
        for port in self.ports.values():
            with port.guard:
                self._unplug(port)
                port.flash.close()
        try:
            link_of("any").parent.rmdir()
        except OSError:
            pass  # never made, or another hub's links are in it

    def _serve(self) -> None:
        poll = select.poll()
        desk = Desk(self._listener, poll, {"switch": self._asked_to_switch, "state": lambda: {"ports": self.state()}})
        try:
            while not self._stop.is_set():
                self._look()
                for fd, _mask in poll.poll(int(1000 * _LOOK_EVERY_S)):
                    desk.handle(fd)
        finally:
            desk.close()

    def _asked_to_switch(self, port: int, on: bool) -> dict[str, Any]:
        if port == 0:
            self.switch_all(on=on)
        else:
            self.switch(port, on=on)
        return {}

    def _switch(self, port: Port, on: bool) -> None:
        with port.guard:
            port.on = on
            if on and not port.powered:
                port.powered = True
                self._power(port)
            elif not on and port.powered and not self.lies:
                port.powered = False
                self._unplug(port)

    def _power(self, port: Port) -> None:
        port.unit = process.start(
            port.soc, uid=port.uid, board_name=port.board_name, timeout_s=COMES_UP_S, flash_fd=port.flash.fileno()
        )
        link = link_of(port.uid)
        link.parent.mkdir(mode=0o700, exist_ok=True)
        draft = link.with_name(f".{link.name}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(port.unit.port)
        draft.replace(link)

    def _unplug(self, port: Port) -> None:
        """Without a word, as a cable that is pulled."""
        link_of(port.uid).unlink(missing_ok=True)
        unit, port.unit = port.unit, None
        if unit is not None:
            if unit.alive:
                os.kill(unit.pid, signal.SIGKILL)
            unit.close()

    def _look(self) -> None:
        """A unit that somebody has killed has left the bus: its port's name must not lead to whoever gets that terminal next."""
        for port in self.ports.values():
            if port.guard.acquire(blocking=False):
                if port.unit is not None and not port.unit.alive:
                    link_of(port.uid).unlink(missing_ok=True)
                port.guard.release()


def _listen(name: str) -> socket.socket:
    path = socket_path(name)
    try:
        rpc.Connection(str(path), 1.0).close()
    except rpc.LinkDown:
        path.unlink(missing_ok=True)
    else:
        raise BenchError(
            "a virtual hub of this name is running already", found=name, next_step="end it, or write another bench file"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(8)
    return listener
