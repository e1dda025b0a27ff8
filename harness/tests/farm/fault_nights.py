"""A night on a small rack of virtual units, one of which is given a fault in the middle of its first case.

Each kind of fault that a virtual board can be given has a line in ``EXPECTED``: what its cases come to, how the unit stands in the
morning, and what proves it. ``python fault_nights.py`` plays them all and prints the guide's table.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.bench import rackstate
from harness.bench.boards import load_board, names
from harness.farm import aftercare
from harness.paths import shipped
from harness.plans.expand import Case, expand
from harness.records import Record
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.run.watch import Step
from harness.testing.rack import VirtualRack
from harness.virtual.host.control import Control

BOARD = "nucleo_f446re"
ROUNDS = 5  # the fault comes in the first; three in a row make a unit suspect; the last is refused
SAMPLES = 60


def _sparks(how: Callable[[Control, str, int], None]) -> Callable[[Control], None]:
    """Five bytes each way, a few hundred bytes apart."""

    def inject(control: Control) -> None:
        for n in range(5):
            how(control, "to_board", 700 * n + 50)
            how(control, "to_host", 150 * n + 20)

    return inject


@dataclass(frozen=True)
class Fault:
    """``verdicts`` of the unit's cases, the one under way first; ``rows`` of the table of blame that may decide the errors."""

    inject: Callable[[Control], None]
    verdicts: str  # P pass, F fail, E error, in order
    state: str
    rows: tuple[str, ...] = ()
    proof: str = ""  # in the reason of its last move
    remark: str = ""


EXPECTED = {
    "corrupt_byte": Fault(_sparks(lambda c, way, at: c.corrupt_byte(way, at)), "PPPPP", "good"),  # type: ignore[arg-type]
    "drop_byte": Fault(_sparks(lambda c, way, at: c.drop_byte(way, at)), "PPPPP", "good"),  # type: ignore[arg-type]
    "insert_byte": Fault(_sparks(lambda c, way, at: c.insert_byte(way, 0x5A, at)), "PPPPP", "good"),  # type: ignore[arg-type]
    "cut_line": Fault(lambda c: c.cut_line(), "EEEEE", "quarantined"),
    "spoil_line to_host": Fault(lambda c: c.spoil_line("to_host"), "EEEEE", "quarantined"),
    "spoil_line to_board": Fault(lambda c: c.spoil_line("to_board"), "EEEEE", "quarantined"),
    "freeze": Fault(lambda c: c.freeze(), "EEEEE", "quarantined"),
    "power": Fault(lambda c: c.power(on=False), "EEEEE", "quarantined"),
    "protect": Fault(lambda c: c.protect(), "PEEEE", "quarantined"),
    "hang_probe": Fault(lambda c: c.hang_probe(), "PEEEE", "quarantined"),
    "take_debug_pins": Fault(lambda c: c.take_debug_pins(), "PPPPP", "good"),
    "refuse_programming": Fault(lambda c: c.refuse_programming(), "PEEEE", "quarantined"),
    "cut_clock": Fault(lambda c: c.cut_clock(), "PPPPP", "good"),
    "kill": Fault(lambda c: c.kill(), "EEEEE", "quarantined"),
}


@dataclass
class Night:
    """What came of it, by unit."""

    records: dict[str, list[Record]]
    told: list[str]
    states: dict[str, rackstate.UnitState]
    sick: str

    def verdicts(self, uid: str) -> str:
        """One letter a case."""
        return "".join(record.verdict.value[0].upper() for record in self.records[uid])

    def rows(self) -> list[str]:
        """Of the sick unit's errors."""
        return [f"{r.rig.row}/{r.rig.whose}" for r in self.records[self.sick] if r.rig is not None]


def cases(folder: Path) -> list[Case]:
    """The digits by two networks in turn, so that each case has to be flashed."""
    text = (shipped("testplans") / "digits.yaml").read_text(encoding="utf-8")
    text = text.replace("models: [digits_cnn_int8]", "models: [digits_cnn_int8, digits_cnn_f32]")
    text = text.partition("gates:")[0] + "gates:\n  - accuracy >= 0.9\n  - lost_samples == 0\n"
    path = folder / "digits.yaml"
    path.write_text(text, encoding="utf-8")
    return list(expand(read_plan(path), boards=names(), only_boards=[BOARD], samples=SAMPLES))


def night(folder: Path, fault: Fault, *, n_units: int = 3, rounds: int = ROUNDS) -> Night:
    """Play one. The caller gives it a state folder of its own."""
    board, both = load_board(BOARD), cases(folder)
    with VirtualRack({BOARD: n_units}, folder / "bench.yaml") as rack:
        sick = rack.uids[1]
        found = Night({uid: [] for uid in rack.uids}, [], {}, sick)
        given = False
        for n in range(rounds):
            for uid in rack.uids:

                def watch(step: Step, uid: str = uid) -> None:
                    nonlocal given
                    if uid == sick and not given and step.name == "stream" and step.share > 0.2:
                        given = True
                        with Control(sick) as control:
                            fault.inject(control)

                options = RunOptions(backend="probe", places=rack.places(), uid=uid)
                result = run_case(both[n % 2], options, watch=watch)
                found.records[uid].append(result.record)
                found.told += aftercare.after_case(result.record, board=board, options=options)
        found.states = {uid: rackstate.state_of(uid) for uid in rack.uids}
    return found


def main(wanted: list[str]) -> None:
    """Play those of the command line, or all, and print the table."""
    for name in wanted or EXPECTED:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HIL_STATE_DIR"] = f"{folder}/state"
            seen = night(Path(folder), EXPECTED[name])
            state = seen.states[seen.sick]
            others = {
                uid: seen.verdicts(uid) + " " + seen.states[uid].state for uid in seen.records if uid != seen.sick
            }
            print(
                f"| {name} | {seen.verdicts(seen.sick)} | {', '.join(seen.rows())} | {state.state} | {state.reason} |",
                flush=True,
            )
            print("   others:", others)
            for record in seen.records[seen.sick]:
                took = (record.finished - record.started).total_seconds()
                print(
                    "   ",
                    record.verdict,
                    f"{took:.1f}s",
                    " ".join(record.reasons[0].split())[:150],
                    [w[:80] for w in record.warnings][:2],
                )
            for line in seen.told:
                print("   told:", line[:250])


if __name__ == "__main__":
    main(sys.argv[1:])
