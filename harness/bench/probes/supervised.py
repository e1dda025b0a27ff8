"""The probe of an emulated unit that is flashed, reset and questioned by its own process, over that process' socket.

There is no flash controller behind it: an image is put into memory, then read back and compared like any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.bench.probes import FLASH_TIMEOUT_S, CoreReport, CoreState, FlashReport, Progress
from harness.errors import BenchError
from harness.virtual.debug.rpc import Connection, LinkDown

CALL_TIMEOUT_S = 40.0


class SupervisedProbe:
    """See ``Probe`` for the contract. ``socket`` is where the unit's process listens."""

    def __init__(self, uid: str, socket: str, description: str) -> None:
        self.uid = uid
        self._socket = socket
        self._description = description

    @property
    def description(self) -> str:
        """The emulator's version and how it is driven."""
        return self._description

    def open(self) -> None:
        """See ``Probe.open``."""
        self.ask("describe")

    def flash(self, elf: Path, progress: Progress | None = None, *, timeout_s: float = FLASH_TIMEOUT_S) -> FlashReport:
        """See ``Probe.flash``."""
        answer = self.ask("flash", timeout_s, elf=str(elf.resolve()))
        if progress is not None:
            progress(1.0)
        return FlashReport(**answer)

    def reset(self) -> None:
        """See ``Probe.reset``."""
        self.ask("reset")

    def chip_id(self) -> bytes:
        """See ``Probe.chip_id``: the emulated chip has none."""
        return b""

    def core(self) -> CoreReport:
        """See ``Probe.core``."""
        answer = self.ask("core")
        return CoreReport(CoreState(answer["state"]), answer["pc"], answer["lr"], answer["sp"])

    def close(self) -> None:
        """See ``Probe.close``. Nothing is held between calls."""

    def ask(self, verb: str, timeout_s: float = CALL_TIMEOUT_S, **arguments: object) -> dict[str, Any]:
        """One request to the unit's process. ``BenchError`` when it fails or nobody answers within ``timeout_s``."""
        try:
            connection = Connection(self._socket, timeout_s)
            try:
                answer = connection.control(verb, **arguments)
            finally:
                connection.close()
        except (LinkDown, ValueError) as error:
            raise BenchError(
                f"the emulated unit's process did not answer `{verb}`",
                where=f"unit {self.uid}, {self._description}",
                found=error,
                next_step="run again; if it stays, `hil doctor`",
            ) from error
        if "error" in answer:
            raise BenchError(
                str(answer["error"]),
                where=str(answer.get("where") or f"unit {self.uid}"),
                expected=answer.get("expected"),
                found=answer.get("found"),
                next_step=answer.get("next_step"),
            )
        return answer
