"""The probe of a unit on another host, and its power switch: every verb is carried out there."""

from __future__ import annotations

from pathlib import Path

from harness.bench.probes import FLASH_TIMEOUT_S, CoreReport, CoreState, FlashReport, Progress
from harness.bench.remote.calls import Told
from harness.bench.remote.connection import Connection, upload


class RemoteProbe:
    """See ``Probe`` for the contract. Does not own the connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._description = connection.is_open.description

    @property
    def description(self) -> str:
        """See ``Probe.description``."""
        return self._description

    def open(self) -> None:
        """See ``Probe.open``. The server has opened it already; after ``close`` it connects anew."""
        told, _ = self._connection.calls.call("probe.open")
        self._description = str(told["description"])

    def flash(self, elf: Path, progress: Progress | None = None, *, timeout_s: float = FLASH_TIMEOUT_S) -> FlashReport:
        """See ``Probe.flash``. The image travels first: its time is not in the report."""

        def heed(note: Told, blob: bytes) -> None:
            if progress is not None and "progress" in note:
                progress(float(note["progress"]))

        call = self._connection.calls.begin("probe.flash", upload(elf), timeout_s=timeout_s)
        told, _ = call.finish(heed)
        return FlashReport(**told)

    def reset(self) -> None:
        """See ``Probe.reset``."""
        self._connection.calls.call("probe.reset")

    def chip_id(self) -> bytes:
        """See ``Probe.chip_id``."""
        told, _ = self._connection.calls.call("probe.chip_id")
        return bytes.fromhex(told["chip_id"])

    def halt(self) -> None:
        """See ``MemoryProbe.halt``."""
        self._connection.calls.call("probe.halt")

    def read_memory(self, address: int, n_bytes: int) -> bytes:
        """See ``MemoryProbe.read_memory``."""
        _, data = self._connection.calls.call("probe.read_memory", address=address, n_bytes=n_bytes)
        return data

    def write_memory(self, address: int, data: bytes) -> None:
        """See ``MemoryProbe.write_memory``."""
        self._connection.calls.call("probe.write_memory", data, address=address)

    def erase(self, address: int) -> None:
        """See ``MemoryProbe.erase``."""
        self._connection.calls.call("probe.erase", address=address)

    def core(self) -> CoreReport:
        """See ``Probe.core``."""
        told, _ = self._connection.calls.call("probe.core")
        return CoreReport(CoreState(told["state"]), told["pc"], told["lr"], told["sp"])

    def close(self) -> None:
        """See ``Probe.close``. It is let go with the connection, or when it is opened anew."""


class RemoteSwitch:
    """See ``PowerSwitch``. What was switched off is switched on again when the connection ends."""

    def __init__(self, connection: Connection, title: str) -> None:
        self._connection = connection
        self._title = title

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"{self._title}, on {self._connection.host}"

    def off(self) -> None:
        """See PowerSwitch."""
        self._connection.calls.call("power.off")

    def on(self) -> None:
        """See PowerSwitch."""
        self._connection.calls.call("power.on")

    def is_on(self) -> bool | None:
        """See PowerSwitch."""
        told, _ = self._connection.calls.call("power.is_on")
        return None if told["is_on"] is None else bool(told["is_on"])
