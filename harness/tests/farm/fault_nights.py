"""A night on a small rack of virtual units, one of which is given a fault in the middle of its first case.

Each kind of fault that a virtual board can be given has a line in ``EXPECTED``: what its cases come to, how the unit stands in the
morning, and what proves it. ``python fault_nights.py`` plays them all and prints the guide's table; with
names of faults those, with ``--board=B`` on another kind of board, with ``--switch`` where the power can be switched.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.bench import rackstate
from harness.bench.boards import load_board, names
from harness.farm import aftercare, healthplan, valve
from harness.paths import shipped
from harness.plans.expand import Case, expand
from harness.records import Record
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.run.watch import Step
from harness.testing.rack import VirtualRack
from harness.virtual.host.control import Control, Direction

ROUNDS = 5  # the fault comes in the first; three in a row make a unit suspect; the last is refused
ITS_NEIGHBOUR = (1, 4)  # the rounds in which the healthy one works too, with one network and with the other
SAMPLES = 40


def _sparks(how: Callable[[Control, Direction, int], None]) -> Callable[[Control], None]:
    """Five bytes each way, a few hundred bytes apart."""

    def inject(control: Control) -> None:
        for n in range(5):
            how(control, "to_board", 300 * n + 50)
            how(control, "to_host", 100 * n + 20)

    return inject


@dataclass(frozen=True)
class Fault:
    """One that stays, unless ``sparks``. ``verdicts`` of the sick unit's cases, the one under way first: P pass, E error.

    ``proof``: what stands in the reason of its last move; ``why``: for people, why that is right. ``switched``: how it stands where
    its power can be switched. ``board``: the kind that it is played on, each of the four in turn where it can be given the fault.
    """

    board: str
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


F446, L476, L4R9, PSOC6 = "nucleo_f446re", "nucleo_l476rg", "steval_stwinkt1", "cy8cproto_062_4343w"
_REPAIRED = "damage is found by checksums and sent again; the health plan was not even asked for"
EXPECTED = {
    "corrupt_byte": Fault(L476, _sparks(_corrupt), "PPPPP", "good", _REPAIRED, sparks=True),
    "drop_byte": Fault(L4R9, _sparks(_drop), "PPPPP", "good", _REPAIRED, sparks=True),
    "insert_byte": Fault(PSOC6, _sparks(_insert), "PPPPP", "good", _REPAIRED, sparks=True),
    "cut_line": Fault(
        F446, lambda c: c.cut_line(), "EEEEE", "quarantined", "the core waits for bytes, and none come: the line",
        "hello: the board is silent",
        "line-broken line-mute line-mute",
    ),
    "spoil_line to_host": Fault(
        L476, lambda c: c.spoil_line("to_host"), "EEEEE", "quarantined", "what it says right arrives as garbage: the line",
        "hello: only garbage comes", "line-damage line-damage line-damage",
    ),
    "spoil_line to_board": Fault(
        L4R9, lambda c: c.spoil_line("to_board"), "EEEEE", "quarantined", "it answers what it cannot read with silence: the line",
        "hello: the board is silent", "line-broken line-mute line-mute",
    ),
    "freeze": Fault(
        PSOC6, lambda c: c.freeze(), "EEEEE", "quarantined",
        "the core stays before its first instruction, of an image that was read back: a chip without a clock, no firmware",
        "hello: the board is silent", "line-broken never-began never-began", switched="good",
    ),
    "power": Fault(
        F446, lambda c: c.power(on=False), "EEEEE", "quarantined", "the debug port is dead",
        "probe: the chip does not answer the probe",
        "rig rig rig", switched="good",
    ),
    "protect": Fault(
        L476, lambda c: c.protect(), "PEEEE", "quarantined", "the flash must not be read; only a person may erase it",
        "flash: the chip's flash is protected", "rig rig rig",
    ),
    "hang_probe": Fault(
        L4R9, lambda c: c.hang_probe(), "PEEEE", "quarantined", "it let a deadline pass, and once more when it was brought back",
        "probe: ", "rig", switched="good",
    ),
    "take_debug_pins": Fault(
        PSOC6, lambda c: c.take_debug_pins(), "PPPPP", "good", "the probe connects while it holds the reset", ""
    ),
    "refuse_programming": Fault(
        F446, lambda c: c.refuse_programming(), "PEEEE", "quarantined",
        "the flash takes no image; only a person may erase all of it",
        "flash: the flash cannot be programmed", "rig rig rig",
    ),
    "cut_clock": Fault(
        F446, lambda c: c.cut_clock(), "PPPPP", "good", "the chip runs from its own oscillator, and each record warns of it", ""
    ),
    "kill": Fault(
        L476, lambda c: c.kill(), "EEEEE", "quarantined", "its probe is not there any more",
        "probe: (no probe has the id|there is no such serial port)", "rig rig rig",
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


def cases(folder: Path, board: str) -> list[Case]:
    """The digits by two networks in turn, so that each case has to be flashed."""
    text = (shipped("testplans") / "digits.yaml").read_text(encoding="utf-8")
    text = re.sub("(?m)^boards: .*", f"boards: [{board}]", text)
    text = text.replace("models: [digits_cnn_int8]", "models: [digits_cnn_int8, digits_cnn_f32]")
    text = text.partition("gates:")[0] + "gates: [accuracy >= 0.85, lost_samples == 0]\nstream: {quiet: 8}\n"
    path = folder / "digits.yaml"
    path.write_text(text, encoding="utf-8")
    return list(expand(read_plan(path), boards=names(), samples=SAMPLES))


def night(folder: Path, fault: Fault, *, switch: bool = False) -> Night:
    """Play one. The caller gives it a state folder of its own. ``switch``: the units' power can be switched."""
    board, both = load_board(fault.board), cases(folder, fault.board)
    with VirtualRack({board.name: 2}, folder / "bench.yaml") as rack:
        neighbour, sick = rack.uids
        found = Night({uid: [] for uid in rack.uids}, [], {}, sick)
        given = False
        for n in range(ROUNDS):
            for uid in (neighbour, sick) if n in ITS_NEIGHBOUR else (sick,):

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


def hold(seen: Night, fault: Fault) -> None:
    """The right verdicts, state and proof; its neighbour untouched."""
    assert seen.verdicts(seen.sick) == fault.verdicts
    assert seen.rows() == fault.rows
    assert seen.states[seen.sick].state == fault.state
    for uid in set(seen.records) - {seen.sick}:
        assert seen.verdicts(uid) == "P" * len(ITS_NEIGHBOUR)
        assert seen.states[uid].state is rackstate.State.GOOD
        assert rackstate.moves(uid) == ()
    damaged = seen.records[seen.sick][0].link
    if fault.sparks:
        assert damaged.frames_bad > 0
    if fault.state != "good":
        last = rackstate.moves(seen.sick)[-1]
        assert re.search(fault.proof, last.reason)
        assert valve.Cause.read(last.evidence).report == str(healthplan.report_path(seen.sick))
        refused = seen.records[seen.sick][-1]
        assert (refused.rig.whose, refused.firmware is not None) == ("nobody", True)
        assert (refused.finished - refused.started).total_seconds() < 10


def hold_switched(seen: Night, fault: Fault) -> None:
    """The right state where the power can be switched, with the proof that this is what has helped."""
    assert seen.states[seen.sick].state == fault.switched, seen.states[seen.sick]
    if fault.switched == "good":
        assert seen.verdicts(seen.sick).endswith("PPP"), seen.verdicts(seen.sick)
        assert any("answers again after `power_port`" in line for line in seen.told), seen.told


def main(wanted: list[str]) -> None:
    """Play those of the command line, or all, and print the table."""
    switch = "--switch" in wanted
    boards = [word.removeprefix("--board=") for word in wanted if word.startswith("--board=")]
    for name in [name for name in wanted if not name.startswith("--")] or EXPECTED:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HIL_STATE_DIR"] = f"{folder}/state"
            fault = replace(EXPECTED[name], board=boards[0]) if boards else EXPECTED[name]
            began = time.monotonic()
            seen = night(Path(folder), fault, switch=switch)
            state = seen.states[seen.sick]
            others = {
                uid: seen.verdicts(uid) + " " + seen.states[uid].state for uid in seen.records if uid != seen.sick
            }
            print(
                f"| {name} | {seen.verdicts(seen.sick)} | {seen.rows()} | {state.state} | {state.reason} |",
                flush=True,
            )
            print("   others:", others, f"{fault.board}, {time.monotonic() - began:.0f} s")
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
            (hold_switched if switch else hold)(seen, fault)


if __name__ == "__main__":
    main(sys.argv[1:])
