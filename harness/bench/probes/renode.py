"""A unit in Renode: what a debug probe does is done by the unit's own process, through an external in Renode.

There is no flash controller behind it: an image is put into memory, then read back and compared like any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.bench.probes import CoreReport, CoreState, FlashReport, Progress
from harness.errors import BenchError
from harness.virtual.debug.rpc import Connection, LinkDown

FLASH_TIMEOUT_S = 120.0
CALL_TIMEOUT_S = 70.0  # a step of virtual time that never ends is given up after 60


class RenodeProbe:
    """See ``Probe`` for the contract. ``socket`` is where the unit's process listens."""

    def __init__(self, uid: str, socket: str, description: str, chip_id: tuple[int, int] = (0, 0)) -> None:
        """``chip_id`` is where the chip's unique id lies and how many bytes it has."""
        self.uid = uid
        self._chip_id = chip_id
        self._socket = socket
        self._description = description

    @property
    def description(self) -> str:
        """Renode's version and how it is driven."""
        return self._description

    def open(self) -> None:
        """See ``Probe.open``."""
        ask(self.uid, self._socket, "describe")

    def flash(self, elf: Path, progress: Progress | None = None) -> FlashReport:
        """See ``Probe.flash``."""
        answer = ask(self.uid, self._socket, "flash", FLASH_TIMEOUT_S, elf=str(elf.resolve()))
        if progress is not None:
            progress(1.0)
        return FlashReport(**answer)

    def reset(self) -> None:
        """See ``Probe.reset``."""
        ask(self.uid, self._socket, "reset")

    def chip_id(self) -> bytes:
        """See ``Probe.chip_id``."""
        address, n_bytes = self._chip_id
        if not n_bytes:
            return b""
        return bytes.fromhex(ask(self.uid, self._socket, "read", address=address, n_bytes=n_bytes)["data"])

    def core(self) -> CoreReport:
        """See ``Probe.core``."""
        answer = ask(self.uid, self._socket, "core")
        return CoreReport(CoreState(answer["state"]), answer["pc"], answer["lr"], answer["sp"])

    def close(self) -> None:
        """See ``Probe.close``. Nothing is held between calls."""


def ask(uid: str, socket: str, verb: str, timeout_s: float = CALL_TIMEOUT_S, **arguments: object) -> dict[str, Any]:
    """One request to a unit's process, with a deadline. ``BenchError`` when it fails or nobody answers."""
    try:
        connection = Connection(socket, timeout_s)
        try:
            answer = connection.control(verb, **arguments)
        finally:
            connection.close()
    except (LinkDown, ValueError) as error:
        raise BenchError(
            f"Renode's process did not answer `{verb}`",
            where=f"unit {uid}",
            found=error,
            next_step="run again; if it stays, `hil doctor`",
        ) from error
    if "error" in answer:
        raise BenchError(
            str(answer["error"]),
            where=str(answer.get("where") or f"unit {uid}"),
            expected=answer.get("expected"),
            found=answer.get("found"),
            next_step=answer.get("next_step"),
        )
    return answer
