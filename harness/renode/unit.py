"""The supervisor's loop: slices of virtual time, the pseudo terminal, and requests over a Unix socket."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import HilError
from harness.renode.image import vector_table
from harness.renode.machine import Machine
from harness.renode.monitor import CoreAborted, NoAnswer
from harness.renode.pace import Pace
from harness.renode.platform import outside
from harness.virtual.debug import rpc
from harness.virtual.host.image import segments
from harness.virtual.host.serial_port import SerialPort, host_baud

_COMPARE_BYTES = 4096
_LINE_LIMIT = 16 * 1024
_IDLE_S = 10.0
_DEFAULT_BAUD = 115_200


class Unit:
    """Serve until ``running`` is False or a descriptor in ``stop_on_eof`` ends. Ends with ``CoreAborted`` or ``NoAnswer``."""

    def __init__(self, machine: Machine, listener: socket.socket, stop_on_eof: list[int]) -> None:
        self._machine, self._listener = machine, listener
        self.port = SerialPort()
        self.running = True
        self._live = False  # the core may run: after the first reset, not while it is being flashed
        self._input = bytearray()
        self._pace = Pace(time.monotonic())
        self._stop_on_eof = stop_on_eof
        self._clients: dict[int, tuple[socket.socket, rpc.Inbox]] = {}
        self._poll = select.poll()
        for fd in (listener.fileno(), self.port.master, *stop_on_eof):
            self._poll.register(fd, select.POLLIN)

    def serve(self) -> None:
        """The loop."""
        while self.running:
            for fd, mask in self._poll.poll(int(self._pause_s() * 1000)):
                self._handle(fd, mask)
            if self._live and self._pace.wait_s(time.monotonic(), len(self._input)) == 0:
                self._run_a_slice()

    def close(self) -> None:
        """Close connections and port."""
        for client, _inbox in self._clients.values():
            client.close()
        self._clients.clear()
        self.port.close()

    def _pause_s(self) -> float:
        backlog = self.port.flush()
        # The port's input is left in the system's buffer while ours is full: that is the line's flow control.
        wanted = (select.POLLIN if len(self._input) < _LINE_LIMIT else 0) | (select.POLLOUT if backlog else 0)
        self._poll.modify(self.port.master, wanted)
        return self._pace.wait_s(time.monotonic(), len(self._input)) if self._live else _IDLE_S

    def _run_a_slice(self) -> None:
        baud = host_baud(self.port.master) or _DEFAULT_BAUD
        duration_s, count = self._pace.slice(time.monotonic(), len(self._input), baud)
        received = bytes(self._input[:count])
        self._machine.run(duration_s, received)
        del self._input[:count]
        answer = self._machine.sent()
        for byte in answer:
            self.port.send(byte, 0)
        self._pace.passed(time.monotonic(), duration_s, busy=bool(received or answer))

    def _handle(self, fd: int, mask: int) -> None:
        if fd == self.port.master:
            if mask & select.POLLIN:
                data = bytes(self.port.read(0))
                # A core that is held hears nothing, as a chip in reset does.
                if self._live:
                    self._input += data
        elif fd == self._listener.fileno():
            client, _address = self._listener.accept()
            client.settimeout(5.0)
            self._clients[client.fileno()] = (client, rpc.Inbox())
            self._poll.register(client.fileno(), select.POLLIN)
        elif fd in self._clients:
            self._serve_client(fd)
        elif mask & (select.POLLHUP | select.POLLERR) or not _read_some(fd):
            self.running = False

    # -- requests -------------------------------------------------------------------------------------------------

    def _serve_client(self, fd: int) -> None:
        client, inbox = self._clients[fd]
        try:
            data = client.recv(1 << 16)
            if not data:
                raise ConnectionResetError
            for body in inbox.feed(data):
                client.sendall(self._answer(body[1:]))
        except (OSError, ValueError):
            self._poll.unregister(fd)
            del self._clients[fd]
            client.close()

    def _answer(self, payload: bytes) -> bytes:
        verbs: dict[str, Callable[..., dict[str, Any]]] = {
            "describe": lambda: {"description": self._machine.description},
            "flash": self._flash,
            "reset": self._reset,
            "core": self._core,
            "read": lambda address, n_bytes: {"data": self._machine.read(address, n_bytes).hex()},
            "findings": self._findings,
        }
        request = json.loads(payload)
        try:
            answer = verbs[request.pop("command")](**request)
        except (CoreAborted, NoAnswer):
            raise  # the end of this unit
        except HilError as error:
            answer = {"error": error.what, "where": error.where, "expected": _text(error.expected),
                      "found": _text(error.found), "next_step": error.next_step}  # fmt: skip
        except OSError as error:
            answer = {"error": "a file cannot be read", "where": str(error.filename or ""), "found": str(error)}
        return rpc.reply(rpc.OK, json.dumps(answer).encode())

    def _flash(self, elf: str) -> dict[str, Any]:
        started_s = time.monotonic()
        image = Path(elf)
        parts = segments(image)
        total = sum(len(data) for _, data in parts)
        self._hold()
        changed = self._first_difference(parts) is not None
        if changed:
            self._machine.load(image, vector_table(image))
            different = self._first_difference(parts)
            if different is not None:
                address, expected, found = different
                return {"error": "the memory does not hold what was loaded", "where": f"address {address:#010x}",
                        "expected": expected.hex(" "), "found": found.hex(" "),
                        "next_step": "is the image larger than the platform's memory? see board.toml"}  # fmt: skip
        return {"duration_s": time.monotonic() - started_s, "bytes_total": total,
                "bytes_programmed": total if changed else 0, "verified": True}  # fmt: skip

    def _hold(self) -> None:
        self._live = False
        self._input.clear()

    def _first_difference(self, parts: list[tuple[int, bytes]]) -> tuple[int, bytes, bytes] | None:
        for base, data in parts:
            for offset in range(0, len(data), _COMPARE_BYTES):
                expected = data[offset : offset + _COMPARE_BYTES]
                found = self._machine.read(base + offset, len(expected))
                if found != expected:
                    at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
                    return base + offset + at, expected[at : at + 16], found[at : at + 16]
        return None

    def _reset(self) -> dict[str, Any]:
        self._hold()
        self._machine.reset()
        self._pace = Pace(time.monotonic())
        self._live = True
        return {}

    def _core(self) -> dict[str, Any]:
        machine = self._machine
        before = machine.number("sysbus.cpu ExecutedInstructions")
        if self._live:
            self._run_a_slice()
        after = machine.number("sysbus.cpu ExecutedInstructions")
        state = "running" if self._live else "halted"
        if machine.text("sysbus.cpu IsHalted").strip() == "True":
            state = "halted"
        elif self._live and before is not None and before == after:
            state = "sleeping"
        registers = {name: machine.number(f"sysbus.cpu {name.upper()}") for name in ("pc", "lr", "sp")}
        return {"state": state, **registers}

    def _findings(self) -> dict[str, Any]:
        found = self._machine.findings()
        facts = self._machine.facts
        wrong = [stray for stray in found.strays if outside(facts, stray.address)]
        unknown = [stray for stray in found.strays if stray not in wrong]
        return {
            "errors": [f"the firmware accessed an address where the chip has nothing: {s.describe()}" for s in wrong],
            "warnings": [f"no model of a register that the firmware used: {s.describe()}" for s in unknown]
            + [f"Renode says: {line}" for line in found.others],
        }


def _text(part: object) -> str | None:
    return None if part is None else str(part)


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
