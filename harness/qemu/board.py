"""Verbs on one emulated board: what a debug probe does, done by QEMU's gdb stub."""

from __future__ import annotations

import time

from harness.errors import BenchError
from harness.qemu.gdb import Stub

Parts = list[tuple[int, bytes]]  # (physical address, content)

_SP, _LR, _PC = 13, 14, 15
_WFI = 0xBF30
_TRIAL_S = 30.0  # it takes a hundred instructions; the rest is for a host that is busy


class Board:
    """``live`` is whether the core may run: after the first reset, not while it is being flashed.

    Each verb may raise ``BenchError``, and ``StubGone`` when QEMU is at its end.
    """

    def __init__(self, stub: Stub, flash_origin: int) -> None:
        self._stub, self.vectors = stub, flash_origin
        self.live = False

    def hold(self) -> None:
        """Stop the core until the next reset."""
        self._stub.stop()
        self.live = False

    def load(self, parts: Parts) -> None:
        """Write the parts into memory, flash or not: the stub's writes pass the write protection, there is no erasing."""
        for address, data in parts:
            self._stub.write(address, data)

    def first_difference(self, parts: Parts) -> tuple[int, bytes, bytes] | None:
        """The first 16 bytes that differ, as (address, expected, found); None when all parts are in place."""
        for address, expected in parts:
            found = self._stub.read(address, len(expected))
            if found != expected:
                at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
                return address + at, expected[at : at + 16], found[at : at + 16]
        return None

    def reset(self) -> None:
        """Reset core and peripherals, memory keeps its content, and let the core run."""
        self.hold()
        self._stub.monitor("system_reset")
        vector = int.from_bytes(self._stub.read(self.vectors + 4, 4), "little") & ~1
        found = self._stub.register(_PC)
        if found != vector:
            raise BenchError(
                "QEMU was told to reset the core, and it is not at its reset vector",
                expected=f"pc {vector:#010x}",
                found=f"{found:#010x}",
            )
        self._stub.go()
        self.live = True

    def trial(self, program: bytes, result: int, size: int) -> bytes:
        """Run a program with its vectors in front from the start of the flash until it sleeps; ``size`` bytes at ``result``.

        The core is held afterwards, and nothing of it stays.
        """
        self.load([(self.vectors, program)])
        self.reset()
        give_up_s = time.monotonic() + _TRIAL_S
        while self.core()[0] != "sleeping" and time.monotonic() < give_up_s:
            pass
        self.hold()
        found = self._stub.read(result, size)
        self.load([(self.vectors, bytes(len(program))), (result, bytes(size))])
        return found

    def core(self) -> tuple[str, dict[str, int]]:
        """The core's state in the words of ``CoreState``, and its registers. It is stopped for a moment."""
        self._stub.stop()
        registers = {name: self._stub.register(number) for name, number in (("pc", _PC), ("lr", _LR), ("sp", _SP))}
        if not self.live:
            return "halted", registers
        try:
            behind = int.from_bytes(self._stub.read(registers["pc"] - 2, 2), "little")
        except BenchError:
            behind = 0  # it is where no memory is
        self._stub.go()
        # Nothing tells that a core waits for an interrupt; but it then stands right behind the instruction that does so.
        return "sleeping" if behind == _WFI else "running", registers
