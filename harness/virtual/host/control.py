"""Fault injection and inspection of a running unit, for tests. The harness itself uses ``findings`` alone."""

from __future__ import annotations

import os
import signal
from typing import Any, Literal

from harness.errors import MisuseError
from harness.virtual.debug import registry
from harness.virtual.debug.rpc import Connection

Direction = Literal["to_board", "to_host"]


class Control:
    """A connection to the unit ``uid`` beside any debugger's. Use as a context manager, or ``close`` it.

    Byte positions count from the next byte on the line in that direction (``after=0``). ``rpc.LinkDown`` when the unit
    is gone; ``MisuseError`` when it never ran.
    """

    def __init__(self, uid: str, timeout_s: float = 5.0) -> None:
        entry = registry.find(uid)
        if entry is None:
            known = ", ".join(e.uid for e in registry.running()) or "none"
            raise MisuseError("no such virtual unit is running", found=uid, expected=f"one of: {known}")
        self.entry = entry
        self._link = Connection(entry.socket, timeout_s)

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the unit runs on."""
        self._link.close()

    def state(self) -> dict[str, Any]:
        """Instructions, ticks, PC, resets, halted, locked_up, sleeping, fault status, line counters."""
        return self._link.control("state")

    def findings(self) -> dict[str, Any]:
        """``refusals``: what the firmware did that a chip does not do; ``hints``: what may explain a failure; ``warnings``:
        what works by luck; ``tick_s``: the period in which SysTick interrupts, None while it does not.
        """
        return self._link.control("findings")

    def instruction_count(self) -> int:
        """Instructions executed since power-on."""
        return int(self.state()["instructions"])

    def corrupt_byte(self, direction: Direction, after: int = 0, mask: int = 0x01) -> None:
        """Flip the bits of ``mask`` in one byte."""
        self._link.control("tamper", direction=direction, action="corrupt", after=after, value=mask)

    def drop_byte(self, direction: Direction, after: int = 0) -> None:
        """Lose one byte."""
        self._link.control("tamper", direction=direction, action="drop", after=after)

    def insert_byte(self, direction: Direction, value: int, after: int = 0) -> None:
        """Add a byte in front of one."""
        self._link.control("tamper", direction=direction, action="insert", after=after, value=value)

    def corrupt_next_byte(self, direction: Direction) -> None:
        """Flip the lowest bit of the next byte."""
        self.corrupt_byte(direction)

    def cut_line(self) -> None:
        """Lose everything on the serial line, both ways, until ``join_line``."""
        self._link.control("line", cut=True)

    def join_line(self) -> None:
        """Repair the line."""
        self._link.control("line", cut=False)

    def spoil_line(self, direction: Direction, mask: int = 0x55) -> None:
        """Flip the bits of ``mask`` in every byte from now on; 0 ends that."""
        self._link.control("spoil", direction=direction, mask=mask)

    def freeze(self) -> None:
        """Stop the core as if its clock had stopped; the probe still answers."""
        self._link.control("freeze", on=True)

    def thaw(self) -> None:
        """Let it go on."""
        self._link.control("freeze", on=False)

    def reset(self, cause: Literal["pin", "power", "software", "watchdog"] = "pin") -> None:
        """Reset the chip and set the reset cause. RAM keeps its content, even for ``power``."""
        self._link.control("reset", cause=cause)

    def power(self, *, on: bool) -> None:
        """Take the chip's supply away, or give it back: flash stays, RAM does not. Without it line and debug port are dead."""
        self._link.control("power", on=on)

    def protect(self, level: int = 0x55) -> None:
        """Set the read-out protection byte: 0xAA none, 0xCC for ever, anything else level 1."""
        self._link.control("protect", level=level)

    def hang_probe(self) -> None:
        """Let every call of a debugger wait for ever, as a probe whose firmware has crashed."""
        self._link.control("silence")

    def take_debug_pins(self) -> None:
        """Let the firmware that is in flash switch SWDIO and SWCLK to another use whenever it runs.

        No debugger gets an answer then, unless it holds the reset and catches the core before its first instruction.
        """
        self._link.control("take_pins")

    def refuse_programming(self) -> None:
        """Let the flash refuse to be programmed until it is erased as a whole."""
        self._link.control("refuse_programming")

    def cut_clock(self) -> None:
        """Let no clock come from outside, as on a Nucleo whose ST-LINK does not give its own."""
        self._link.control("cut_clock")

    def kill(self) -> None:
        """Unplug: end the unit's process without a word (SIGKILL). Its files stay behind, as after a crash."""
        os.kill(self.entry.pid, signal.SIGKILL)
        self.close()
