"""Fault injection on a serial line, for tests: change, drop or insert the n-th byte from now on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What happens to the byte ``after`` bytes behind the present position (0: the next one)."""

    action: str  # "corrupt" (xor with value), "drop", "insert" (value, before the byte)
    after: int
    value: int = 0


class Tamper:
    """One direction of a line. ``cut`` loses everything, as an unplugged wire does; ``spoil`` flips these bits of each byte."""

    ACTIONS = ("corrupt", "drop", "insert")

    def __init__(self) -> None:
        self._planned: dict[int, list[Fault]] = {}
        self.passed = 0  # bytes that entered
        self.cut = False
        self.spoil = 0

    def plan(self, fault: Fault) -> None:
        """Add a fault. ``ValueError`` for an unknown action."""
        if fault.action not in self.ACTIONS or fault.after < 0:
            raise ValueError(f"cannot {fault.action!r} byte {fault.after}; known: {', '.join(self.ACTIONS)}")
        self._planned.setdefault(self.passed + fault.after, []).append(fault)

    def apply(self, data: bytes) -> bytes:
        """The bytes that come out for the bytes that go in."""
        start = self.passed
        self.passed += len(data)
        if self.cut:
            return b""
        if self.spoil:
            data = bytes(byte ^ self.spoil for byte in data)
        if not self._planned:
            return data
        out = bytearray()
        for i, byte in enumerate(data):
            kept: int | None = byte
            for fault in self._planned.pop(start + i, ()):
                if fault.action == "insert":
                    out.append(fault.value & 0xFF)
                elif fault.action == "drop":
                    kept = None
                elif kept is not None:
                    kept ^= fault.value & 0xFF
            if kept is not None:
                out.append(kept)
        return bytes(out)
