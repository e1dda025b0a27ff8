"""What a machine notices of its firmware that neither the wire nor a probe tells."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.cpu import Core
from harness.virtual.core.exceptions import IRQ0, SYSTICK, Exceptions


class Noticed:
    """``refused``: the core stands still until the next reset. ``refusals`` and ``hints`` outlive resets."""

    def __init__(self, core: Core, exceptions: Exceptions) -> None:
        self._core, self._exc = core, exceptions
        self.refused = False
        self.refusals: list[str] = []  # what the firmware did that a chip does not do, in words
        self.hints: list[str] = []  # what may explain that it fails
        self.watched: list[Callable[[], str]] = []  # of the chip: a hint as things stand now, "" for none
        self._refusing = ""
        self._own_resets, self._reset_from = 0, (0, 0)

    def refuse(self, what: str) -> None:
        """Stop until the next reset: the firmware did what no chip does. ``what`` goes on from "on a chip this would".

        For a device to call, at the access that did it.
        """
        self.refused, self._refusing = True, self._refusing or what
        if self._core.running:
            self._core.end_within(0)
        else:
            self.settle()

    def settle(self) -> None:
        """After a run in which something was refused. Only now is the PC exact: that behind the access."""
        if not self._refusing:
            return
        text, self._refusing = f"on a chip this would {self._refusing} (before pc {self._core.pc:#010x})", ""
        if text not in self.refusals:
            self.refusals.append(text)

    def hint(self, what: str) -> None:
        """Note what may explain a failure, should there be one. The firmware goes on, as on a chip."""
        if what not in self.hints:
            self.hints.append(what)

    def reset_asked(self) -> None:
        """AIRCR.SYSRESETREQ was written: by the firmware while it runs, else by a debugger."""
        if self._core.running:
            self._own_resets += 1
            self._reset_from = self._exc.current, self._exc.vtor

    def present_hints(self) -> list[str]:
        """What may explain a failure as things stand now: interrupts that nobody takes, a firmware that resets itself."""
        e = self._exc
        asked = [number - IRQ0 for number in range(IRQ0, e.count) if e.levels & ~e.enabled & 1 << number]
        hints = [f"interrupt {number} is requested and not enabled in the NVIC" for number in asked]
        if self._own_resets > 1:
            number, table = self._reset_from
            place = f"exception {number}" + (f" (interrupt {number - IRQ0})" if number >= IRQ0 else "")
            hints.append(
                f"the firmware has reset the chip {self._own_resets} times, the last time from {place},"
                f" taken from the vector table at {table:#010x} (VTOR)"
            )
        return hints + [hint for look in self.watched if (hint := look())]

    def warnings(self) -> list[str]:
        """What works here, and would not everywhere."""
        if self._exc.vtor == 0 and any(number >= SYSTICK for number in self._exc.taken):
            return [
                "interrupts are taken from address 0, which is flash only while the chip boots from it: VTOR was not set"
            ]
        return []
