"""One unit alive: the chip, its serial port and its debug socket in one single-threaded loop.

Nothing in a unit needs a second thread: the core runs in slices of about a millisecond, and between slices the loop
looks at the outside world. While the chip idles the loop sleeps in ``poll``.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from harness.virtual.debug import rpc
from harness.virtual.debug.dap import Dap, DapFault
from harness.virtual.debug.lifetime import LIFE_SIGN_S, Lifetime, LivedWall
from harness.virtual.host.serial_port import SerialPort
from harness.virtual.host.tamper import Fault
from harness.virtual.soc._chip import Chip

_SLICE, _SLICE_DEBUGGED = 400_000, 100_000
_STATUS_WAIT_S = 0.0015
_LINE_LIMIT = 16 * 1024


class Unit:
    """Serve until ``stop`` is called or a descriptor in ``stop_on_eof`` closes or ends."""

    def __init__(self, chip: Chip, listener: socket.socket, stop_on_eof: list[int], lifetime: Lifetime) -> None:
        self._chip, self._machine = chip, chip.machine
        self._machines = tuple(dict.fromkeys(port.machine for port in chip.access_ports.values()))
        wall = LivedWall()
        for machine in self._machines:
            machine.wall = wall
        self._usart = chip.serial
        self.port = SerialPort()
        self._usart.transmit = self._transmit
        self._dap = Dap(chip.access_ports, self._let_run)
        self._listener = listener
        self._stop_on_eof = stop_on_eof
        self._lifetime = lifetime
        self._clients: dict[int, tuple[socket.socket, rpc.Inbox]] = {}
        self._poll = select.poll()
        self._port_mask = 0
        self._backlog = False
        self._silent = False
        self._was_sending = False
        self._takes_pins: bytes | None = None  # the start of the firmware that switches the debug pins to another use
        self._pins_gone = False
        self._powered = True
        self.running = True
        for fd in (listener.fileno(), *stop_on_eof):
            self._poll.register(fd, select.POLLIN)

    def _transmit(self, byte: int) -> None:
        self.port.send(byte, self._usart.baud)

    def serve(self) -> None:
        """The loop."""
        self._chip.reset("power")
        lived_to = self._machine.clock.now()
        while self.running:
            pause_s = self._run(_SLICE_DEBUGGED if self._clients else _SLICE)
            self._backlog = self.port.flush(keep_last=self._not_out_yet(pause_s))
            self._watch_port()
            wait_s = 0.0 if pause_s is None else max(0.001, min(pause_s, LIFE_SIGN_S))
            began_s = time.monotonic()
            events = self._poll.poll(int(wait_s * 1000))
            # Of a poll that a stopped process comes back from, no more than was asked for was life.
            idled_s = min(wait_s, time.monotonic() - began_s)
            lived_from, lived_to = lived_to, self._machine.clock.now()
            # A program that waits for a timer is given the time that the loop slept: it is not to be counted twice.
            self._lifetime.add(max(idled_s, (lived_to - lived_from) / self._machine.clock.hz))
            if events:
                for machine in self._machines:
                    machine.outside_event()
            for fd, mask in events:
                self._handle(fd, mask)

    def _run(self, ticks: int) -> float | None:
        """Let every core live for up to ``ticks``; as ``Machine.run``."""
        pauses = [machine.run(ticks) for machine in self._machines]
        return None if None in pauses else min(pause for pause in pauses if pause is not None)

    def _not_out_yet(self, pause_s: float | None) -> bool:
        """Whether the host must not see the end of what was sent yet, because in virtual time it is still under way.

        A host that changes its speed as soon as it has read the board's last word, and speaks at once, would be heard by
        a board that waits for that word to leave before it changes as well. The board gets a slice for that. One that
        sleeps does not wait for the line: then nothing is kept.
        """
        before, self._was_sending = self._was_sending, self._usart.sending
        return pause_s is None and (before or self._was_sending)

    def close(self) -> None:
        """Close all connections and the port."""
        for client, _inbox in self._clients.values():
            client.close()
        self._clients.clear()
        self.port.close()
        self._lifetime.close()

    def _watch_port(self) -> None:
        wanted = self._usart.waiting < _LINE_LIMIT
        mask = (select.POLLIN if wanted else 0) | (select.POLLOUT if self._backlog else 0)
        if mask != self._port_mask:
            self._port_mask = mask
            self._poll.register(self.port.master, mask)

    def _handle(self, fd: int, mask: int) -> None:
        if fd == self.port.master:
            if mask & select.POLLIN:
                data = self.port.read(self._usart.baud)
                if data:
                    self._usart.receive(data)
        elif fd == self._listener.fileno():
            client, _address = self._listener.accept()
            client.setblocking(True)
            client.settimeout(5.0)
            self._clients[client.fileno()] = (client, rpc.Inbox())
            self._poll.register(client.fileno(), select.POLLIN)
        elif fd in self._clients:
            self._serve_client(fd)
        elif mask & (select.POLLHUP | select.POLLERR) or not self._read_some(fd):
            # A pidfd becomes readable when its process ends; a pipe when it has data or its last writer is gone.
            self.running = False

    @staticmethod
    def _read_some(fd: int) -> bytes:
        try:
            return os.read(fd, 4096)
        except OSError:
            return b""

    # -- requests -------------------------------------------------------------------------------------------------

    def _serve_client(self, fd: int) -> None:
        client, inbox = self._clients[fd]
        try:
            data = client.recv(1 << 16)
            if not data:
                raise ConnectionResetError
            for body in inbox.feed(data):
                answer = self._answer(body)
                if not (self._silent and body[0] == rpc.DEBUG_PORT):
                    client.sendall(answer)
        except (OSError, ValueError):
            self._poll.unregister(fd)
            del self._clients[fd]
            client.close()

    def _answer(self, body: bytes) -> bytes:
        kind, payload = body[0], body[1:]
        if kind == rpc.DEBUG_PORT:
            return self._operate(payload)
        if kind == rpc.CONTROL:
            try:
                return rpc.reply(rpc.OK, json.dumps(self._control(**json.loads(payload))).encode())
            except (ValueError, TypeError, KeyError) as error:
                return rpc.reply(rpc.REFUSED, f"{type(error).__name__}: {error}".encode())
        return rpc.reply(rpc.REFUSED, f"unknown request {kind}".encode())

    def _let_run(self) -> None:
        """Give the core time before its status is told: a debugger that polls for a halt would otherwise starve it."""
        deadline = time.monotonic() + _STATUS_WAIT_S
        while self._run(_SLICE_DEBUGGED) is None and time.monotonic() < deadline:
            pass

    def _operate(self, payload: bytes) -> bytes:
        dap, out, at = self._dap, bytearray(), 0
        try:
            while at < len(payload):
                code, address, value = rpc.OPERATION.unpack_from(payload, at)
                at += rpc.OPERATION.size
                if not self._powered:
                    raise DapFault
                if self._pins_gone and code != rpc.SET_RESET:
                    raise DapFault  # the reset pin is the only one that is still ours
                match code:
                    case rpc.READ_DP:
                        out += struct.pack("<I", dap.read_dp(address))
                    case rpc.WRITE_DP:
                        dap.write_dp(address, value)
                    case rpc.READ_AP:
                        out += struct.pack("<I", dap.read_ap(address))
                    case rpc.WRITE_AP:
                        dap.write_ap(address, value)
                    case rpc.READ_AP_BLOCK:
                        out += dap.read_ap_block(address, value)
                    case rpc.WRITE_AP_BLOCK:
                        dap.write_ap_block(address, payload[at : at + 4 * value])
                        at += 4 * value
                    case rpc.SET_RESET:
                        self._chip.hold_reset(bool(value))
                        self._pins_gone = not value and self._firmware_takes_pins()
                    case _:
                        return rpc.reply(rpc.REFUSED, f"unknown operation {code}".encode())
        except DapFault:
            return rpc.reply(rpc.FAULT, bytes(out))
        except struct.error as error:
            return rpc.reply(rpc.REFUSED, str(error).encode())
        return rpc.reply(rpc.OK, bytes(out))

    def _firmware_takes_pins(self) -> bool:
        """After a reset the debug pins are the chip's own again, until the firmware runs: not while it is halted."""
        return (
            self._takes_pins is not None and self._takes_pins == self._first_page() and not self._machine.debug.halted
        )

    def _first_page(self) -> bytes:
        return self._machine.bus.read_block(self._machine.vector_base, 4096) or b""

    # -- control --------------------------------------------------------------------------------------------------

    def _control(self, command: str, **arguments: Any) -> dict[str, Any]:
        actions: dict[str, Callable[..., dict[str, Any]]] = {
            "state": self._state,
            "findings": self._findings,
            "tamper": self._tamper,
            "line": self._line,
            "spoil": self._spoil,
            "freeze": self._freeze,
            "reset": self._reset,
            "power": self._power,
            "silence": self._silence,
            "protect": self._protect,
            "take_pins": self._take_pins,
            "refuse_programming": self._refuse_programming,
            "cut_clock": self._cut_clock,
        }
        if command not in actions:
            raise ValueError(f"unknown command {command!r}")
        return actions[command](**arguments)

    def _state(self) -> dict[str, Any]:
        m, d = self._machine, self._machine.debug
        return {
            "instructions": m.clock.instructions,
            "ticks": m.clock.now(),
            "hclk_hz": m.clock.hz,
            "pc": m.core.pc,
            "resets": m.resets,
            "halted": d.halted,
            "locked_up": m.faults.locked_up,
            "sleeping": m.sleeping,
            "frozen": m.frozen,
            "cfsr": m.faults.cfsr,
            "hfsr": m.faults.hfsr,
            "exception": m.exceptions.current,
            "board_baud": self._usart.baud,
            "bytes_in": self.port.bytes_in,
            "bytes_out": self.port.bytes_out,
            "line_waiting": self._usart.waiting,
        }

    def _findings(self) -> dict[str, Any]:
        seen = [machine.noticed for machine in self._machines]
        hints = [text for one in seen for text in (*one.hints, *one.present_hints())]
        return {
            "refusals": [text for one in seen for text in one.refusals],
            "hints": hints + self.port.hints,
            "warnings": self._machine.noticed.warnings(),
            "tick_s": self._machine.systick.period_s,
        }

    def _direction(self, direction: str) -> Any:
        return {"to_board": self.port.to_board, "to_host": self.port.to_host}[direction]

    def _tamper(self, direction: str, action: str, after: int = 0, value: int = 0) -> dict[str, Any]:
        self._direction(direction).plan(Fault(action, after, value))
        return {}

    def _line(self, cut: bool) -> dict[str, Any]:
        self.port.to_board.cut = self.port.to_host.cut = cut
        return {}

    def _spoil(self, direction: str, mask: int) -> dict[str, Any]:
        self._direction(direction).spoil = mask & 0xFF
        return {}

    def _freeze(self, on: bool) -> dict[str, Any]:
        self._machine.frozen = on
        return {}

    def _reset(self, cause: str = "pin") -> dict[str, Any]:
        if cause not in ("pin", "power", "software", "watchdog"):
            raise ValueError(f"unknown cause {cause!r}")
        self._chip.reset(cause)
        return {}

    def _power(self, on: bool) -> dict[str, Any]:
        if on == self._powered:
            return {}
        self._powered = on
        self.port.to_board.cut = self.port.to_host.cut = not on
        for machine in self._machines:
            machine.frozen = not on
        if on:
            self.forget_memory()
            self._chip.reset("power")
        return {}

    def forget_memory(self) -> None:
        """RAM as it comes up with the power: anything."""
        for machine in self._machines:
            ram = machine.bus.ram.buffer
            if ram is not None:
                ram[:] = os.urandom(len(ram))

    def _silence(self) -> dict[str, Any]:
        self._silent = True
        return {}

    def _protect(self, level: int) -> dict[str, Any]:
        protect = getattr(self._chip, "protect", None)
        if protect is None:
            raise ValueError("the read-out protection of this chip is not modelled")
        protect(level)
        return {}

    def _take_pins(self) -> dict[str, Any]:
        self._takes_pins, self._pins_gone = self._first_page(), True
        return {}

    def _refuse_programming(self) -> dict[str, Any]:
        refuse = getattr(self._chip, "refuse_programming", None)
        if refuse is None:
            raise ValueError("a flash that refuses to be programmed is not modelled for this chip")
        refuse()
        return {}

    def _cut_clock(self) -> dict[str, Any]:
        cut = getattr(self._chip, "cut_clock", None)
        if cut is None:
            raise ValueError("this chip has no clock from outside")
        cut()
        return {}
