"""The supervisor's loop: steps of virtual time, the pseudo terminal, and requests over a Unix socket."""

from __future__ import annotations

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

from harness.renode.image import vector_table
from harness.renode.machine import Machine
from harness.renode.pace import Pace
from harness.renode.platform import outside
from harness.virtual.debug.lifetime import LIFE_SIGN_S, Lifetime, LivedWall
from harness.virtual.host.desk import Desk, Verbs
from harness.virtual.host.image import segments
from harness.virtual.host.serial_port import SerialPort, host_baud

_LINE_LIMIT = 16 * 1024
_DEFAULT_BAUD = 115_200
_LOOK_US = 1_000


class Unit:
    """Serve until ``running`` is False or a descriptor in ``stop_on_eof`` ends. Ends with ``CoreAborted`` or ``NoAnswer``.

    ``lifetime`` is told virtual time while the core may run, the host's while it is held.
    """

    def __init__(self, machine: Machine, listener: socket.socket, lifetime: Lifetime, stop_on_eof: list[int]) -> None:
        self._machine, self._lifetime = machine, lifetime
        self.port = SerialPort()
        self.running = True
        self._live = False  # the core may run: after the first reset, not while it is being flashed
        self._vectors: int | None = None
        self._input = bytearray()
        self._on_the_way = 0  # bytes that the external still has
        self._passed_us = self._executed = 0
        self._pace = Pace(time.monotonic())
        self._lived = LivedWall()
        self._held_s = self._lived()
        self._poll = select.poll()
        for fd in (self.port.master, *stop_on_eof):
            self._poll.register(fd, select.POLLIN)
        verbs: Verbs = {"describe": lambda: {"name": machine.name}, "flash": self._flash, "reset": self._reset, "core": self._core,
                 "read": self._read, "findings": self._findings, "try": self._try}  # fmt: skip
        self._desk = Desk(listener, self._poll, verbs)

    def serve(self) -> None:
        """The loop."""
        while self.running:
            for fd, mask in self._poll.poll(int(self._pause_s() * 1000)):
                self._handle(fd, mask)
            self._live_on()

    def close(self) -> None:
        """Close connections and port."""
        self._desk.close()
        self.port.close()
        self._lifetime.close()

    @property
    def _waiting(self) -> int:
        return len(self._input) + self._on_the_way

    def _pause_s(self) -> float:
        backlog = self.port.flush()
        # The port's input is left in the system's buffer while ours is full: that is the line's flow control.
        wanted = (select.POLLIN if self._waiting < _LINE_LIMIT else 0) | (select.POLLOUT if backlog else 0)
        self._poll.modify(self.port.master, wanted)
        return min(LIFE_SIGN_S, self._pace.wait_s(time.monotonic(), self._waiting)) if self._live else LIFE_SIGN_S

    def _live_on(self) -> None:
        now_s = self._lived()
        if not self._live:
            self._lifetime.add(now_s - self._held_s)
        elif self._pace.wait_s(time.monotonic(), self._waiting) == 0:
            baud = host_baud(self.port.master) or _DEFAULT_BAUD
            self._step(self._pace.step_us(time.monotonic(), self._waiting, baud), baud)
        self._held_s = now_s

    def _step(self, limit_us: int, baud: int) -> int:
        """Up to so much virtual time; how many instructions the core executed."""
        received = bytes(self._input)
        self._input.clear()
        step = self._machine.bench.step(baud, limit_us, received)
        passed_s = (step.passed_us - self._passed_us) / 1e6
        executed = step.executed - self._executed if step.executed >= self._executed else step.executed
        self._passed_us, self._executed, self._on_the_way = step.passed_us, step.executed, step.waiting
        for byte in step.sent:
            self.port.send(byte, 0)
        self._lifetime.add(passed_s)
        at_work = executed > passed_s * self._machine.facts.clock_hz / 2
        self._pace.passed(time.monotonic(), passed_s, moved=bool(received or step.sent), computed=at_work)
        return executed

    def _handle(self, fd: int, mask: int) -> None:
        if fd == self.port.master:
            if mask & select.POLLIN:
                data = bytes(self.port.read(0))
                # A core that is held hears nothing, as a chip in reset does.
                if self._live:
                    self._input += data
        elif self._desk.serves(fd):
            self._desk.handle(fd)
        elif mask & (select.POLLHUP | select.POLLERR) or not _read_some(fd):
            self.running = False

    # -- requests -------------------------------------------------------------------------------------------------

    def _flash(self, elf: str) -> dict[str, Any]:
        started_s = time.monotonic()
        image = Path(elf)
        parts = segments(image)
        total = sum(len(data) for _, data in parts)
        self._hold()
        changed = self._first_difference(parts) is not None
        if changed:
            for address, data in parts:
                self._machine.bench.write(address, data)
            different = self._first_difference(parts)
            if different is not None:
                address, expected, found = different
                return {"error": "the memory does not hold what was loaded", "where": f"address {address:#010x}",
                        "expected": expected.hex(" "), "found": found.hex(" "),
                        "next_step": "is the image larger than the platform's memory? see board.toml"}  # fmt: skip
        self._vectors = vector_table(image)
        return {"duration_s": time.monotonic() - started_s, "bytes_total": total,
                "bytes_programmed": total if changed else 0, "verified": True}  # fmt: skip

    def _hold(self) -> None:
        self._live = False
        self._input.clear()
        self._on_the_way = 0
        self._held_s = self._lived()

    def _first_difference(self, parts: list[tuple[int, bytes]]) -> tuple[int, bytes, bytes] | None:
        for base, expected in parts:
            found = self._machine.bench.read(base, len(expected))
            if found != expected:
                at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
                return base + at, expected[at : at + 16], found[at : at + 16]
        return None

    def _reset(self) -> dict[str, Any]:
        self._hold()
        if self._vectors is None:
            return {}  # nothing was flashed: there is nothing to start
        self._machine.bench.reset(self._vectors)
        self._executed = 0
        self._pace = Pace(time.monotonic())
        self._live = True
        return {}

    def _read(self, address: int, n_bytes: int) -> dict[str, Any]:
        return {"data": self._machine.bench.read(address, n_bytes).hex()}

    def _core(self) -> dict[str, Any]:
        executed = self._step(_LOOK_US, _DEFAULT_BAUD) if self._live else 0
        pc, lr, sp, halted = self._machine.bench.core()
        state = "halted" if halted or not self._live else "running" if executed else "sleeping"
        return {"state": state, "pc": pc, "lr": lr, "sp": sp}

    def _try(self, image: str, at: int, result: int, size: int) -> dict[str, Any]:
        """Run a small program at ``at`` for a little while; what memory then holds at ``result``. Nothing of it stays."""
        self._hold()
        bench, program = self._machine.bench, bytes.fromhex(image)
        bench.write(at, program)
        bench.reset(at)
        bench.step(_DEFAULT_BAUD, _LOOK_US)
        found = bench.read(result, size)
        bench.write(at, bytes(len(program)))
        bench.write(result, bytes(size))
        return {"found": found.hex()}

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


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
