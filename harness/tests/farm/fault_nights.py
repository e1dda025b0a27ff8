"""A night on a small rack of virtual units, one of which is given a fault in the middle of its first case.

Each kind of fault that a virtual board can be given has a line in ``EXPECTED``: what its cases come to, how the unit stands in the
morning, and what proves it. ``python fault_nights.py`` plays them all and prints the guide's table.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from harness.virtual.host.control import Control, Direction

BOARD = "nucleo_f446re"
ROUNDS = 5  # the fault comes in the first; three in a row make a unit suspect; the last is refused
SAMPLES = 60


def _sparks(how: Callable[[Control, Direction, int], None]) -> Callable[[Control], None]:
    """Five bytes each way, a few hundred bytes apart."""

    def inject(control: Control) -> None:
        for n in range(5):
            how(control, "to_board", 700 * n + 50)
            how(control, "to_host", 150 * n + 20)

    return inject


@dataclass(frozen=True)
class Fault:
    """One that stays, unless ``sparks``. ``verdicts`` of the sick unit's cases, the one under way first: P pass, E error.

    ``proof``: what stands in the reason of its last move; ``why``: for people, why that is right. ``switched``: how it stands where
    its power can be switched.
    """

    inject: Callable[[Control], None]
    verdicts: str
    state: str
    why: str
    proof: str = ""
    rows: str = ""  # of the table of blame, while it still works, in order
    sparks: bool = False
    switched: str = ""


def _corrupt(control: Control, way: Direction, at: int) -> None:
    control.corrupt_byte(way, at)


def _drop(control: Control, way: Direction, at: int) -> None:
    control.drop_byte(way, at)


def _insert(control: Control, way: Direction, at: int) -> None:
    control.insert_byte(way, 0x5A, at)


_REPAIRED = "damage is found by checksums and sent again; the health plan was not even asked for"
EXPECTED = {
    "corrupt_byte": Fault(_sparks(_corrupt), "PPPPP", "good", _REPAIRED, sparks=True),
    "drop_byte": Fault(_sparks(_drop), "PPPPP", "good", _REPAIRED, sparks=True),
    "insert_byte": Fault(_sparks(_insert), "PPPPP", "good", _REPAIRED, sparks=True),
    "cut_line": Fault(
        lambda c: c.cut_line(), "EEEEE", "quarantined", "the core waits for bytes, and none come: the line",
        "hello: the board is silent",
        "line-broken line-mute line-mute", switched="quarantined",
    ),
    "spoil_line to_host": Fault(
        lambda c: c.spoil_line("to_host"), "EEEEE", "quarantined", "what it says right arrives as garbage: the line",
        "hello: only garbage comes", "line-damage line-damage line-damage",
    ),
    "spoil_line to_board": Fault(
        lambda c: c.spoil_line("to_board"), "EEEEE", "quarantined", "it answers what it cannot read with silence: the line",
        "hello: the board is silent", "line-broken line-mute line-mute",
    ),
    "freeze": Fault(
        lambda c: c.freeze(), "EEEEE", "quarantined",
        "the core stays before its first instruction, and runs no flash algorithm: a chip without a clock, no firmware", "flash",
        "line-broken rig never-began", switched="good",
    ),
    "power": Fault(
        lambda c: c.power(on=False), "EEEEE", "quarantined", "the debug port is dead", "probe: the chip does not answer the probe",
        "rig rig rig", switched="good",
    ),
    "protect": Fault(
        lambda c: c.protect(), "PEEEE", "quarantined", "the flash must not be read; only a person may erase it",
        "flash: the chip's flash is protected", "rig rig rig",
    ),
    "hang_probe": Fault(
        lambda c: c.hang_probe(), "PEEEE", "quarantined", "it let a deadline pass, and once more when it was brought back",
        "probe: ", "rig", switched="good",
    ),
    "take_debug_pins": Fault(
        lambda c: c.take_debug_pins(), "PPPPP", "good", "the probe connects while it holds the reset", ""
    ),
    "refuse_programming": Fault(
        lambda c: c.refuse_programming(), "PEEEE", "quarantined", "the flash takes no image; only a person may erase all of it",
        "flash: the flash cannot be programmed", "rig rig rig",
    ),
    "cut_clock": Fault(
        lambda c: c.cut_clock(), "PPPPP", "good", "the chip runs from its own oscillator, and each record warns of it", ""
    ),
    "kill": Fault(
        lambda c: c.kill(), "EEEEE", "quarantined", "its probe is not there any more", "probe: no probe has the id", "rig rig rig",
        switched="good",
    ),
}  # fmt: skip


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

    def rows(self) -> str:
        """Of the sick unit's errors, while it was given work."""
        return " ".join(r.rig.row for r in self.records[self.sick] if r.rig is not None and r.rig.whose == "unit")


def cases(folder: Path) -> list[Case]:
    """The digits by two networks in turn, so that each case has to be flashed."""
    text = (shipped("testplans") / "digits.yaml").read_text(encoding="utf-8")
    text = text.replace("models: [digits_cnn_int8]", "models: [digits_cnn_int8, digits_cnn_f32]")
    text = text.partition("gates:")[0] + "gates:\n  - accuracy >= 0.9\n  - lost_samples == 0\n"
    path = folder / "digits.yaml"
    path.write_text(text, encoding="utf-8")
    return list(expand(read_plan(path), boards=names(), only_boards=[BOARD], samples=SAMPLES))


def night(folder: Path, fault: Fault, *, n_units: int = 3, rounds: int = ROUNDS, switch: bool = False) -> Night:
    """Play one. The caller gives it a state folder of its own. ``switch``: the units' power can be switched."""
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

                places = [replace(one, power=one.power if switch else None, hub=None) for one in rack.places()]
                options = RunOptions(backend="probe", places=tuple(places), uid=uid)
                result = run_case(both[n % 2], options, watch=watch)
                found.records[uid].append(result.record)
                found.told += aftercare.after_case(result.record, board=board, options=options)
        found.states = {uid: rackstate.state_of(uid) for uid in rack.uids}
    return found


def main(wanted: list[str]) -> None:
    """Play those of the command line, or all, and print the table."""
    switch = "--switch" in wanted
    for name in [name for name in wanted if name != "--switch"] or EXPECTED:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HIL_STATE_DIR"] = f"{folder}/state"
            seen = night(Path(folder), EXPECTED[name], switch=switch)
            state = seen.states[seen.sick]
            others = {
                uid: seen.verdicts(uid) + " " + seen.states[uid].state for uid in seen.records if uid != seen.sick
            }
            print(
                f"| {name} | {seen.verdicts(seen.sick)} | {seen.rows()} | {state.state} | {state.reason} |",
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
