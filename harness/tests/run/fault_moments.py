"""A virtual board that is given a fault at any moment of a case: while it is opened, flashed, greeted, climbed, streamed to, asked.

``python fault_moments.py [KIND...] [-n MOMENTS] [-s SEED]`` plays them and prints what each came to.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from run_cases import digits_case

from harness.plans import Timeouts
from harness.records import Record
from harness.run.options import RunOptions
from harness.run.runner import run_case
from harness.run.streaming import CaseFiles
from harness.virtual.debug import registry
from harness.virtual.host.control import Control

SAMPLES = 40
FLASH_MOMENTS = 0.2  # this share of the moments lies before the first byte on the line


@dataclass(frozen=True)
class Kind:
    """What is done to the unit, with its id; what its case may come to. Never ``fail``: nothing of it is the firmware's."""

    inject: Callable[[str], None]
    verdicts: tuple[str, ...] = ("pass", "error")


def _with(what: Callable[[Control], None]) -> Callable[[str], None]:
    def inject(uid: str) -> None:
        with Control(uid) as control:
            what(control)

    return inject


def _for_a_while(
    begin: Callable[[Control], None], end: Callable[[Control], None], for_s: float
) -> Callable[[str], None]:
    def over(uid: str) -> None:
        try:
            with Control(uid) as control:
                end(control)
        except Exception:  # noqa: BLE001 - the case, and its unit with it, has ended before
            pass

    def inject(uid: str) -> None:
        _with(begin)(uid)
        timer = threading.Timer(for_s, over, (uid,))
        timer.daemon = True
        timer.start()

    return inject


def _kill(uid: str) -> None:
    entry = registry.find(uid)
    assert entry is not None
    os.kill(entry.pid, signal.SIGKILL)


def _sparks(control: Control) -> None:
    for n in range(4):
        control.corrupt_byte("to_board", 300 * n + 7)
        control.drop_byte("to_board", 300 * n + 90)
        control.corrupt_byte("to_host", 120 * n + 5)
        control.drop_byte("to_host", 120 * n + 60)
        control.insert_byte("to_host", 0x5A, 120 * n + 80)


KINDS = {
    "kill": Kind(_kill, ("error",)),
    "cut_line": Kind(_with(lambda c: c.cut_line()), ("error",)),
    "cut_line 0.5 s": Kind(_for_a_while(lambda c: c.cut_line(), lambda c: c.join_line(), 0.5)),
    "cut_line 3 s": Kind(_for_a_while(lambda c: c.cut_line(), lambda c: c.join_line(), 3.0)),
    "cut_line 6 s": Kind(_for_a_while(lambda c: c.cut_line(), lambda c: c.join_line(), 6.0)),
    "spoil_line to_host": Kind(_with(lambda c: c.spoil_line("to_host")), ("error",)),
    "spoil_line to_board": Kind(_with(lambda c: c.spoil_line("to_board")), ("error",)),
    "sparks": Kind(_with(_sparks), ("pass",)),
    "freeze": Kind(_with(lambda c: c.freeze()), ("error",)),
    "power": Kind(_with(lambda c: c.power(on=False)), ("error",)),
    "power 1 s": Kind(_for_a_while(lambda c: c.power(on=False), lambda c: c.power(on=True), 1.0)),
    "reset pin": Kind(_with(lambda c: c.reset("pin"))),
    "reset power": Kind(_with(lambda c: c.reset("power"))),
    "reset watchdog": Kind(_with(lambda c: c.reset("watchdog"))),
    "hang_probe": Kind(_with(lambda c: c.hang_probe())),
    "protect": Kind(_with(lambda c: c.protect())),
    "take_debug_pins": Kind(_with(lambda c: c.take_debug_pins())),
    "refuse_programming": Kind(_with(lambda c: c.refuse_programming())),
    "cut_clock": Kind(_with(lambda c: c.cut_clock())),
}


@dataclass(frozen=True)
class Moment:
    """When: at a share of flashing, or behind so many bytes on the line, both ways together."""

    flash: float | None = None
    byte: int = 0

    def __str__(self) -> str:
        return f"byte {self.byte}" if self.flash is None else f"flash {self.flash:.2f}"


def short_case(samples: int = SAMPLES):  # type: ignore[no-untyped-def]
    """The digits, of a board that counts as silent soon."""
    case = digits_case(samples)
    plan = case.plan.model_copy(update={"timeouts": Timeouts(hello_s=1.0, answer_s=1.0, flash_s=20.0)})
    return dataclasses.replace(case, plan=plan)


class Played:
    """One case; ``inject(uid)`` is called once, at ``moment``. ``n_bytes``: what went over the line; ``at``: where it was then."""

    def __init__(self, moment: Moment | None, inject: Callable[[str], None]) -> None:
        self.n_bytes, self.stage, self.given = 0, "open", False
        original = CaseFiles.tap

        def give() -> None:
            if not self.given:
                self.given, self.at = True, self.stage
                inject(only_unit())

        def tap(files: CaseFiles, direction: str, data: bytes, time_s: float) -> None:
            original(files, direction, data, time_s)
            self.n_bytes += len(data)
            if moment is not None and moment.flash is None and self.n_bytes >= moment.byte:
                give()

        def watch(step) -> None:  # type: ignore[no-untyped-def]
            self.stage = step.name
            if moment is not None and moment.flash is not None and step.name == "flash" and step.share >= moment.flash:
                give()

        self.at = ""
        CaseFiles.tap = tap  # type: ignore[method-assign]
        began_s = time.monotonic()
        try:
            self.record: Record = run_case(short_case(), RunOptions(backend="virtual"), watch=watch).record
        finally:
            CaseFiles.tap = original  # type: ignore[method-assign]
        self.took_s = time.monotonic() - began_s

    @property
    def row(self) -> str:
        """Of the table of blame, for an error."""
        return self.record.rig.row if self.record.rig is not None else ""


def only_unit() -> str:
    """The id of the one virtual unit of this process."""
    (entry,) = [entry for entry in registry.running() if entry.uid.startswith("virtual-")]
    return entry.uid


def moments(n: int, seed: str, n_bytes: int) -> list[Moment]:
    """Drawn: some while it is flashed, the others from the first byte on the line to the last."""
    draw, found = random.Random(seed), []
    for _ in range(n):
        if draw.random() < FLASH_MOMENTS:
            found.append(Moment(flash=draw.random() * 0.99))
        else:
            found.append(Moment(byte=draw.randrange(1, n_bytes)))
    return found


def main() -> None:
    """Play what the command line says, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("-s", default="1")
    parser.add_argument("--for-s", type=float, default=600)
    options = parser.parse_args()
    until_s = time.monotonic() + options.for_s
    whole = Played(None, lambda uid: None)
    print("whole:", whole.n_bytes, "bytes", whole.record.verdict, f"{whole.took_s:.1f} s", flush=True)
    for name in options.kinds or KINDS:
        for moment in moments(options.n, f"{options.s} {name}", whole.n_bytes):
            if time.monotonic() > until_s:
                print("out of time")
                return
            try:
                seen = Played(moment, KINDS[name].inject)
            except Exception as error:  # noqa: BLE001 - told as what it is
                print(f"!! {name} at {moment}: {type(error).__name__} {error}", flush=True)
                continue
            verdict = seen.record.verdict.value
            mark = "  " if verdict in KINDS[name].verdicts else "!!"
            reason = " | ".join(" ".join(each.split())[:130] for each in seen.record.reasons[:3])
            print(
                f"{mark} {name} at {moment} ({seen.at}): {verdict} {seen.row} {seen.took_s:.1f} s {reason}", flush=True
            )


if __name__ == "__main__":
    main()
