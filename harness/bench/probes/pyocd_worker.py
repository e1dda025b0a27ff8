"""The process in which pyOCD runs: one JSON request a line in, one answer a line out.

Started by ``PyocdProbe``; ends when its standard input does. pyOCD writes logs where it likes, so file descriptor 1 is
pointed at standard error and the answers go to a copy of the old one.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.bench import usb, usb_budget
from harness.bench.probes import images, targets
from harness.errors import HilError

_COMPARE_BYTES = 16 * 1024
_HALT_TIMEOUT_S = 1.0
_CONNECTED = {"attach": "a connection to the running core", "under-reset": "a connection with its reset held"}
_VTOR = 0xE000ED08  # where the core finds its vectors (ARMv7-M and ARMv6-M)
_ERASE_TIMEOUT_S = 40.0  # a 2 MB part takes up to 32 s (DS10693, flash erase times)


class _Failure(Exception):
    """An error that the other side should show, with its parts."""

    def __init__(self, what: str, **parts: object) -> None:
        super().__init__(what)
        self.parts = {"error": what, **parts}


class _Worker:
    def __init__(self, answer: Callable[[dict[str, Any]], None]) -> None:
        self._answer = answer
        self._session: Any = None
        self._uid = ""
        self._queue_s = usb_budget.WAIT_S
        self._chip: dict[str, int] = {}
        self._protection: dict[str, Any] | None = None
        self._empty_flag = (0, 0)
        self._rom_vectors: int | None = None

    def open(
        self,
        uid: str,
        target: str,
        pack_target: str,
        chip: dict[str, int],
        empty_flag: tuple[int, int],
        protection: dict[str, Any] | None,
        rom_vectors: int | None,
        modes: list[str],
        queue_s: float = usb_budget.WAIT_S,
    ) -> dict[str, Any]:
        self._uid, self._chip, self._empty_flag = uid, chip, empty_flag
        self._protection, self._rom_vectors = protection, rom_vectors
        name, origin = targets.choose(target, pack_target)
        self._queue_s = queue_s
        with usb_budget.listing(uid, waits=self._waits, wait_s=queue_s):
            probe = self._find(uid)
        mode = self._connect(probe, name, modes)
        self._check_chip()
        how = "" if mode == "attach" else ", connected under reset"
        return {"description": f"{probe.vendor_name} {probe.product_name}, target {name} ({origin}){how}".strip()}

    def _find(self, uid: str) -> Any:
        from pyocd.core.helpers import ConnectHelper

        # Only its own kind is looked at. Then an exact match: pyOCD's unique_id takes any id that merely contains the text.
        kind = usb.pyocd_kind(uid)
        probes = ConnectHelper.get_all_connected_probes(blocking=False, unique_id=f"{kind}:{uid}" if kind else uid)
        exact = [probe for probe in probes if probe.unique_id == uid]
        if not exact:
            every = ConnectHelper.get_all_connected_probes(blocking=False)
            raise _Failure(
                f"no probe has the id {uid}",
                found=", ".join(f"{p.unique_id} ({p.description})" for p in every) or "no probe at all",
                next_step=usb.advice() or "check the USB cable and `hil units`",
            )
        return exact[0]

    def _connect(self, probe: Any, target: str, modes: list[str]) -> str:
        """Connect in the first of ``modes`` that works; which that was."""
        from pyocd.core.session import Session

        steps = []
        for mode in modes:
            session = Session(
                probe,
                options={
                    "target_override": target,
                    "connect_mode": mode,
                    "resume_on_disconnect": True,
                    "hide_programming_progress": True,
                    "no_config": True,
                    "reset.post_delay": 0.01,  # pyOCD's 100 ms is for targets that boot a monitor first
                    "chip_erase": "sector",
                },
            )
            try:
                session.open()
                session.target.read32(self._chip["address"])
            except Exception as error:  # noqa: BLE001 - whatever pyOCD or a driver raises, the next step is worth a try
                steps.append(f"{mode}: {type(error).__name__}: {error}")
                _close(session)
                continue
            self._session = session
            return mode
        raise _Failure(
            "the chip does not answer the probe",
            where=f"probe {self._uid}",
            expected=" or ".join(_CONNECTED[mode] for mode in modes),
            found="; ".join(steps),
            next_step=usb.advice(" ".join(steps)) or "check the board's power and its debug jumpers, then replug it",
        )

    def flash(self, elf: str, allow_mass_erase: bool) -> dict[str, Any]:
        with usb_budget.flashing(self._uid, waits=self._waits, wait_s=self._queue_s):
            return self._flash(elf, allow_mass_erase)

    def _waits(self, who: str) -> None:
        self._answer({"waits": who})  # the other side's deadline is for the work, not for the queue before it

    def _flash(self, elf: str, allow_mass_erase: bool) -> dict[str, Any]:
        started_s = time.monotonic()
        target = self._session.target
        self._check_chip()  # once more: cables are moved
        self._halt_for_flash()
        erased = self._open_protection(allow_mass_erase)
        segments = images.loadable(Path(elf))
        total = sum(len(data) for _, data in segments)
        changed = self._first_difference(segments) is not None
        if changed:
            erased = self._program(elf, allow_mass_erase) or erased
            target.reset_and_halt()
            # pyOCD does not compare what it programmed: that is on us.
            different = self._first_difference(segments)
            if different is not None:
                address, expected, found = different
                raise _Failure(
                    "the flash does not hold what was programmed",
                    where=f"probe {self._uid}, address {address:#010x}",
                    expected=expected.hex(" "),
                    found=found.hex(" "),
                    next_step="program again; if it stays, the flash is worn, protected or the target type is wrong",
                )
        self._leave_boot_rom()
        return {
            "duration_s": time.monotonic() - started_s,
            "bytes_total": total,
            "bytes_programmed": total if changed else 0,
            "verified": True,
            "recovery": erased,
        }

    def _halt_for_flash(self) -> None:
        """Halt at the image's first instruction. Where programming goes through the ROM's NMI handler, give the core the
        ROM's vectors: those of the image that was there before may have another handler, and pyOCD leaves them in force.
        """
        target = self._session.target
        target.reset_and_halt()
        if self._rom_vectors is not None:
            target.write32(_VTOR, self._rom_vectors)

    def _program(self, elf: str, allow_mass_erase: bool) -> str:
        """Program; where the flash refuses, once more on one erased as a whole, if that is allowed. What was done, in words."""
        from pyocd.core.exceptions import FlashFailure
        from pyocd.flash.eraser import FlashEraser
        from pyocd.flash.file_programmer import FileProgrammer

        try:
            FileProgrammer(self._session, progress=self._progress).program(elf, file_format="elf")
        except Exception as first:
            self._must_be_there(first)
            if not isinstance(first, FlashFailure):
                raise _Failure(
                    "the flash could not be programmed",
                    where=f"probe {self._uid}",
                    found=f"{type(first).__name__}: {first}",
                    next_step=usb.advice(str(first)) or "run the same again; if it stays, `hil doctor`",
                ) from first
            if not allow_mass_erase:
                raise _Failure(
                    "the flash cannot be programmed",
                    where=f"probe {self._uid}",
                    found=f"{type(first).__name__}: {first}",
                    next_step="--allow-mass-erase erases the whole flash first",
                ) from first
            self._halt_for_flash()
            FlashEraser(self._session, FlashEraser.Mode.CHIP).erase()
            FileProgrammer(self._session, progress=self._progress).program(elf, file_format="elf")
            return f"programmed after a mass erase; before it: {first}"
        return ""

    def _must_be_there(self, error: Exception) -> None:
        """Nothing that a probe or a chip does which is gone says anything of its flash: least of all that it must be erased."""
        try:
            self._check_chip()
        except Exception as gone:  # noqa: BLE001 - whatever pyOCD or a driver raises: it does not answer
            raise _Failure(
                "the probe or its chip went away while the flash was being programmed",
                where=f"probe {self._uid}",
                expected="a chip that answers",
                found=f"{type(error).__name__}: {error}; then {gone}",
                next_step="check power and cables, then run the same again: what is in the flash now is not whole",
            ) from error

    def _open_protection(self, allow_mass_erase: bool) -> str:
        """See that the flash may be read. Taking read-out protection away erases the chip: never unasked."""
        how = self._protection
        if how is None:
            return ""
        target = self._session.target
        found = int(target.read32(how["level_register"])) & how["level_mask"]
        if found == how["level_open"]:
            return ""
        self._check_chip()  # a chip that is gone reads as anything: it is not protected for that
        lasting = how["level_for_ever"] is not None and found == how["level_for_ever"]
        if lasting or not allow_mass_erase or not how["unlock"]:
            raise _Failure(
                "the chip's flash is protected against being read out; nothing was written",
                where=f"probe {self._uid}, register {how['level_register']:#010x}",
                expected=f"{how['level_open']:#x} (no protection)",
                found=f"{found:#x}",
                next_step=images.way_out(lasting, bool(how["unlock"])),
            )
        for address, word in how["unlock"]:
            target.write32(address, word)
        give_up_s = time.monotonic() + _ERASE_TIMEOUT_S
        while int(target.read32(how["busy_register"])) & how["busy_mask"]:
            if time.monotonic() > give_up_s:
                raise _Failure("the chip does not finish erasing itself", where=f"probe {self._uid}")
        target.reset_and_halt()
        found = int(target.read32(how["level_register"])) & how["level_mask"]
        if found != how["level_open"]:
            raise _Failure("the chip's read-out protection stays on", where=f"probe {self._uid}", found=f"{found:#x}")
        return "read-out protection taken away; the whole flash was erased"

    def _leave_boot_rom(self) -> None:
        """Some chips look only at power-on whether their flash is empty, and boot their ROM at every reset until the next.

        The flag is toggled by a 1: written without a look it would be set where it was clear.
        """
        address, mask = self._empty_flag
        target = self._session.target
        if not mask or not int(target.read32(address)) & mask:
            return
        target.write32(address, mask)
        if int(target.read32(address)) & mask:
            raise _Failure(
                "the chip was empty when its power came, and goes on booting its ROM instead of what is in its flash now",
                where=f"probe {self._uid}, register {address:#010x}",
                expected=f"the bits {mask:#x} to go when they are written",
                found="they stay",
                next_step="power the board off and on, then run again",
            )

    def reset(self) -> dict[str, Any]:
        self._session.target.reset()
        return {}

    def read(self, address: int, n_bytes: int) -> dict[str, Any]:
        return {"data": bytes(self._session.target.read_memory_block8(address, n_bytes)).hex()}

    def write(self, address: int, data: str) -> dict[str, Any]:
        self._session.target.write_memory_block8(address, bytes.fromhex(data))
        return {}

    def halt(self) -> dict[str, Any]:
        self._session.target.reset_and_halt()
        return {}

    def erase(self, address: int) -> dict[str, Any]:
        from pyocd.flash.eraser import FlashEraser

        self._check_chip()
        self._halt_for_flash()
        self._open_protection(allow_mass_erase=False)
        FlashEraser(self._session, FlashEraser.Mode.SECTOR).erase([address])
        return {}

    def core(self, number: int) -> dict[str, Any]:
        from pyocd.core.target import Target

        target = self._session.target.cores[number]
        state = target.get_state()
        registers: list[int | None] = [None, None, None]
        running = state in (Target.State.RUNNING, Target.State.SLEEPING)
        if (
            running or state is Target.State.LOCKUP
        ):  # a locked-up core stays where it is: there is nothing to go on with
            self._halt(target)
        if state is not Target.State.RESET:
            registers = [int(target.read_core_register(name)) for name in ("pc", "lr", "sp")]
        if running:
            target.resume()
        return {"state": state.name.lower(), "pc": registers[0], "lr": registers[1], "sp": registers[2]}

    def _halt(self, target: Any) -> None:
        """pyOCD's halt is a request: the core stops at its next instruction, which a sleeping one must be woken for."""
        target.halt()
        give_up_s = time.monotonic() + _HALT_TIMEOUT_S
        while not target.is_halted():
            if time.monotonic() > give_up_s:
                state = target.get_state().name.lower()
                raise _Failure("the core does not halt", where=f"probe {self._uid}", found=f"it is {state}")

    def close(self) -> dict[str, Any]:
        if self._session is not None:
            session, self._session = self._session, None
            session.close()
        return {}

    def _check_chip(self) -> None:
        address, mask, value = (self._chip[part] for part in ("address", "mask", "value"))
        found = int(self._session.target.read32(address)) & mask
        if found != value:
            raise _Failure(
                "the chip at this probe is not the one that the board carries; nothing was written",
                where=f"probe {self._uid}, identity register {address:#010x}",
                expected=f"{value:#x}",
                found=f"{found:#x}",
                next_step="choose the unit with --device-serial, or name it in a bench file (--bench)",
                other_board=found not in (0, mask),  # a chip that is dead reads as either
            )

    def _progress(self, share: float) -> None:
        self._answer({"progress": share})

    def _first_difference(self, segments: list[tuple[int, bytes]]) -> tuple[int, bytes, bytes] | None:
        """The first 16 bytes that differ, as (address, expected, found); None when all segments are in place."""
        target = self._session.target
        for base, data in segments:
            for offset in range(0, len(data), _COMPARE_BYTES):
                expected = data[offset : offset + _COMPARE_BYTES]
                found = bytes(target.read_memory_block8(base + offset, len(expected)))
                if found != expected:
                    at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
                    return base + offset + at, expected[at : at + 16], found[at : at + 16]
        return None


def _close(session: Any) -> None:
    try:
        session.close()
    except Exception:  # noqa: BLE001 - it never was open
        pass


def main() -> None:
    """Serve requests until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    current = 0

    def answer(parts: dict[str, Any]) -> None:
        out.write(json.dumps({"id": current, **parts}) + "\n")
        out.flush()

    worker = _Worker(answer)
    # Imported before the first request, beside the caller's other work.
    importlib.import_module("pyocd.core.helpers")
    importlib.import_module("pyocd.flash.file_programmer")

    for line in sys.stdin:
        request = json.loads(line)
        current = request["id"]
        try:
            result = getattr(worker, request["verb"])(**request["arguments"])
        except _Failure as failure:
            answer(failure.parts)
        except HilError as error:
            found = None if error.found is None else str(error.found)
            answer({"error": error.what, "where": error.where, "found": found, "next_step": error.next_step})
        except Exception as error:  # noqa: BLE001 - whatever pyOCD or a driver raises is the rig's, and must be told
            found = f"{type(error).__name__}: {error}"
            answer(
                {"error": f"the probe failed at `{request['verb']}`", "found": found, "next_step": usb.advice(found)}
            )
        else:
            answer({"result": result})
    try:
        worker.close()  # nobody asked for it: the other side died; let the core run on
    except Exception:  # noqa: BLE001 - nobody is left to tell
        pass


if __name__ == "__main__":
    main()
