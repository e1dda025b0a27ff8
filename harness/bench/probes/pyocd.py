"""Any probe that pyOCD drives, the virtual board's included.

pyOCD runs in a process of its own: a USB read that never returns, or a crash in a driver, must not take the run with it
(pyOCD #2009: HID reads have no time-out). Each call has a deadline, and a process that misses it is killed and reported.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from harness.bench.beside import Beside
from harness.bench.boards import Debug
from harness.bench.probes import FLASH_TIMEOUT_S, CoreReport, CoreState, FlashReport, Progress
from harness.bench.usb_budget import WAIT_S
from harness.errors import BenchError, TakenError, WedgedError

OPEN_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 10.0
ERASE_TIMEOUT_S = 30.0  # of one sector: 128 KB take up to 4 s (DS10693), and an algorithm has to be loaded first
_HUNG_S = 8.0
_ENDS_S = 2.0
#: To the running core; if that fails, with its reset held: firmware may have switched the debug pins off.
CONNECT: Final = ("attach", "under-reset")


class PyocdProbe:
    """A probe opened through pyOCD by its unique id. See ``Probe`` for the contract."""

    def __init__(
        self,
        uid: str,
        debug: Debug,
        *,
        allow_mass_erase: bool = False,
        connect: Sequence[str] = CONNECT,
        queue_s: float = WAIT_S,
        worker: Sequence[str] = (sys.executable, "-m", "harness.bench.probes.pyocd_worker"),
    ) -> None:
        """Start the worker. ``open`` connects: apart, so that half a second of imports overlaps the caller's other work.

        ``connect`` are the ways to try, in order. ``queue_s``: how long others may have the USB controller first.
        """
        self.uid = uid
        self._debug = debug
        self._allow_mass_erase = allow_mass_erase
        self._connect, self._queue_s = tuple(connect), queue_s
        self._description = ""
        self._calls = 0
        self._worker = Beside(worker)

    def open(self) -> None:
        """Connect and compare the chip's identity register. ``BenchError`` when there is no such probe or it is another chip."""
        debug = self._debug
        answer = self._call(
            "open",
            OPEN_TIMEOUT_S,
            uid=self.uid,
            target=debug.target,
            modes=self._connect,
            queue_s=self._queue_s,
            pack_target=debug.pack_target,
            chip={"address": debug.chip_id_address, "mask": debug.chip_id_mask, "value": debug.chip_id},
            empty_flag=(debug.empty_flag_address, debug.empty_flag_mask),
            protection=debug.protection.model_dump() if debug.protection else None,
            rom_vectors=debug.rom_vectors,
        )
        self._description = str(answer["description"])

    @property
    def description(self) -> str:
        """Vendor and product, for records."""
        return self._description

    def flash(self, elf: Path, progress: Progress | None = None, *, timeout_s: float = FLASH_TIMEOUT_S) -> FlashReport:
        """See ``Probe.flash``."""
        answer = self._call("flash", timeout_s, progress, elf=str(elf), allow_mass_erase=self._allow_mass_erase)
        return FlashReport(**answer)

    def reset(self) -> None:
        """See ``Probe.reset``."""
        self._call("reset", CALL_TIMEOUT_S)

    def chip_id(self) -> bytes:
        """See ``Probe.chip_id``."""
        n_bytes = self._debug.unique_id_bytes
        if not n_bytes:
            return b""
        return self.read_memory(self._debug.unique_id_address, n_bytes)

    def halt(self) -> None:
        """See ``MemoryProbe.halt``."""
        self._call("halt", CALL_TIMEOUT_S)

    def erase(self, address: int) -> None:
        """See ``MemoryProbe.erase``."""
        self._call("erase", ERASE_TIMEOUT_S, address=address)

    def read_memory(self, address: int, n_bytes: int) -> bytes:
        """See ``MemoryProbe.read_memory``."""
        return bytes.fromhex(self._call("read", CALL_TIMEOUT_S, address=address, n_bytes=n_bytes)["data"])

    def write_memory(self, address: int, data: bytes) -> None:
        """See ``MemoryProbe.write_memory``."""
        self._call("write", CALL_TIMEOUT_S, address=address, data=data.hex())

    def core(self) -> CoreReport:
        """See ``Probe.core``."""
        answer = self._call("core", CALL_TIMEOUT_S, number=self._debug.application_core)
        return CoreReport(CoreState(answer["state"]), answer["pc"], answer["lr"], answer["sp"])

    def close(self) -> None:
        """See ``Probe.close``."""
        if self._worker.popen.poll() is None:
            try:
                self._call("close", CALL_TIMEOUT_S)
            except BenchError:
                pass  # it is being closed because something is wrong, as like as not
        self._worker.end(_ENDS_S)

    def _call(
        self, verb: str, timeout_s: float, progress: Progress | None = None, **arguments: object
    ) -> dict[str, Any]:
        self._calls += 1
        began_s = time.monotonic()
        request = {"id": self._calls, "verb": verb, "arguments": arguments}
        try:
            self._worker.ask(request)
        except (OSError, ValueError) as error:
            raise self._gone(verb) from error
        while True:
            try:
                answer = self._worker.answers.get(timeout=timeout_s)
            except queue.Empty:
                self._worker.popen.kill()
                self._worker.end(_ENDS_S)
                raise WedgedError(
                    f"the probe did not finish `{verb}` in time; its process was killed",
                    where=f"probe {self.uid}",
                    expected=f"an answer within {timeout_s:g} s",
                    found=self._worker.tail,
                    next_step="unplug and replug the probe's USB cable, then `hil doctor`",
                ) from None
            if answer is None:
                raise self._gone(verb)
            if answer.get("id") != self._calls:
                continue
            if "waits" in answer:
                continue  # for its turn on the USB controller: no answer is late meanwhile
            if "progress" in answer:
                if progress is not None:
                    progress(float(answer["progress"]))
                continue
            if "error" in answer:
                # Programming may take its time to fail. What is asked in an instant and fails so late has hung.
                hung = verb not in ("flash", "erase") and time.monotonic() - began_s > _HUNG_S
                # A board of another kind is as whole as any.
                raise (TakenError if answer.get("other_board") else WedgedError if hung else BenchError)(
                    str(answer["error"]),
                    where=str(answer.get("where") or f"probe {self.uid}"),
                    expected=answer.get("expected"),
                    found=answer.get("found"),
                    next_step=answer.get("next_step"),
                )
            result: dict[str, Any] = answer["result"]
            return result

    def _gone(self, verb: str) -> BenchError:
        self._worker.end(_ENDS_S)
        return BenchError(
            f"the probe's process ended during `{verb}`",
            where=f"probe {self.uid}",
            found=self._worker.tail,
            next_step="run the same again; if it stays, `hil doctor`",
        )
