"""The recovery ladder: what brings a unit back that does not answer, from the gentlest means to the hardest.

    reconnect      a new connection to the probe, the port opened anew
    reset          the chip reset through the probe
    under_reset    the probe connected while it holds the chip's reset, for firmware that takes the debug pins
    reenumerate    the probe made to leave the bus and come back, without its power
    power_port     the unit's own power switched off and on
    hub            the power of the hub that it hangs on

One file a rung. Every rung is bounded, and its end is proved before the next one is climbed: hello must come from the chip that
the probe reads, which must be the one that the bench file names. A rung that cuts the power has that proved too: the probe left
the bus and came back, **and** the firmware says that its last reset was a power-on. A hub that says "off" and keeps its power is
told as such. It needs no case, and no more of the unit's firmware than that it says hello.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast

from harness.bench import lease, rackstate
from harness.bench.boards import Board
from harness.bench.places import Place
from harness.bench.remote.connection import Connection
from harness.clock import Clock, Deadline, SystemClock
from harness.errors import BenchError, HilError
from harness.farm.recovery._patient import OtherUnitError, Patient, Proof, Tell
from harness.text import printable

LADDER: Final = ("reconnect", "reset", "under_reset", "reenumerate", "power_port", "hub")
#: All rungs of a unit on which none helps take about two minutes (a hung probe costs each of them its deadline).
BUDGET_S: Final = 300.0


@dataclass(frozen=True)
class Step:
    """What became of one rung. ``proof`` is how it is known that it helped, or what spoke against it.

    ``done``: it was climbed; else ``proof`` says why not. ``power_cut`` is whether the power was proved to be cut; None where that
    was not tried, or cannot be seen. ``reached``: the probe has read the right chip.
    """

    rung: str
    ok: bool
    proof: str
    done: bool = True
    power_cut: bool | None = None
    reached: bool = False
    seconds: float = 0.0

    def told(self) -> str:
        """One line."""
        how = "helped" if self.ok else "did not help" if self.done else "not tried"
        return f"{self.rung} {how}: {self.proof}"


@dataclass(frozen=True)
class Recovery:
    """``helped`` is the rung after which the unit answered; None when none did. ``ok`` says the same shorter."""

    ok: bool
    helped: str | None
    steps: tuple[Step, ...]

    @property
    def reached(self) -> bool:
        """Whether the probe has read the right chip in the last step that was climbed: such a unit can be flashed."""
        return next((step.reached for step in reversed(self.steps) if step.done), False)

    def told(self) -> str:
        """One line."""
        tried = [step for step in self.steps if step.done]
        if self.ok:
            return f"answers again after `{self.helped}`: {self.steps[-1].proof}"
        last = tried[-1].proof if tried else "nothing could be tried"
        rest = "; its probe reaches the chip, so a firmware that says hello may be all it lacks" if self.reached else ""
        return f"answers no more, after {', '.join(step.rung for step in tried) or 'nothing'}: {last}{rest}"


class Rung(Protocol):
    """What a rung's file has."""

    def unfit(self, patient: Patient) -> str:
        """Why it cannot be climbed here; "" when it can."""
        ...

    def climb(self, patient: Patient) -> Proof:
        """Do it, and prove that the unit answers. ``HilError`` says what spoke against it."""
        ...


def recover(
    place: Place,
    board: Board,
    *,
    clock: Clock | None = None,
    budget_s: float = BUDGET_S,
    tell: Tell | None = None,
    near: Sequence[Place] = (),
    held: bool = False,
    ladder: Sequence[str] = LADDER,
) -> Recovery:
    """Climb until the unit answers, or nothing is left, or ``budget_s`` is over; which rung helped goes into the rack's journal.

    Takes the unit's lease for the time, for care: quarantined units are recovered too. ``held``: the caller has it. ``near`` are
    the units of the bench file: the hub is switched only when all that hang on it are free. ``tell`` is told each step.

    ``lease.InUse`` when somebody else has it, ``OtherUnitError`` when the unit that answers is another: no rung puts that right.
    A unit of another host is recovered there, with that host's own bench file: its bus and its switches are there.
    ``held`` is not for those; an ``OtherUnitError`` of there is a ``BenchError`` here, and ``HostError`` says that it is lost.
    """
    if place.via:
        return _there(place, board, budget_s, tell or _silent, ladder)
    clock = clock or SystemClock()
    if held:
        return _climb(place, board, clock, budget_s, tell or _silent, near, ladder)
    with lease.acquire(place.uid, what="recovery", clock=clock, named=True, care=True):
        return _climb(place, board, clock, budget_s, tell or _silent, near, ladder)


def _there(place: Place, board: Board, budget_s: float, tell: Tell, ladder: Sequence[str]) -> Recovery:
    with Connection(place.via, place.uid) as connection:
        call = connection.calls.begin("rack.recover", board=board.name, budget_s=budget_s, ladder=list(ladder))
        told, _ = call.finish(lambda note, blob: tell(printable(str(note.get("tell", "")))))
    steps = tuple(Step(**{**step, "proof": printable(str(step["proof"]))}) for step in told["steps"])
    return _found(steps)


def _found(steps: tuple[Step, ...]) -> Recovery:
    helped = next((step.rung for step in steps[-1:] if step.ok), None)
    return Recovery(helped is not None, helped, steps)


def _climb(
    place: Place, board: Board, clock: Clock, budget_s: float, tell: Tell, near: Sequence[Place], ladder: Sequence[str]
) -> Recovery:
    steps: list[Step] = []
    deadline = Deadline.after(clock, budget_s)
    with Patient(place, board, clock, deadline, near) as patient:
        for name in ladder:
            began_s = clock.monotonic_s()
            step = replace(_one(name, patient), seconds=clock.monotonic_s() - began_s)
            steps.append(step)
            tell(step.told())
            if step.ok:
                break
    found = _found(tuple(steps))
    _write_down(place, found, clock)
    return found


def _one(name: str, patient: Patient) -> Step:
    rung = cast(Rung, importlib.import_module(f"{__name__}.{name}"))
    if patient.deadline.passed:
        return Step(name, False, "the time for recovery is over", done=False)
    if why_not := rung.unfit(patient):
        return Step(name, False, why_not, done=False)
    patient.power_cut, patient.reached = None, False
    try:
        proof = rung.climb(patient)
    except OtherUnitError:
        raise
    except HilError as error:
        found = f", found {str(error.found).partition(';')[0]}" if error.found else ""
        words = " ".join(f"{error.what}{found}{patient.core()}".split())
        return Step(name, False, words, power_cut=patient.power_cut, reached=patient.reached)
    return Step(name, True, proof.words, power_cut=patient.power_cut, reached=patient.reached)


def _write_down(place: Place, found: Recovery, clock: Clock) -> None:
    """Into the rack's journal: the state stays what it is, moving it is for who asked."""
    before = rackstate.state_of(place.uid, clock)
    try:
        rackstate.move(
            place.uid, before.beneath, reason=found.told(), by="recovery", rig_faults=before.rig_faults, clock=clock
        )
    except BenchError:
        pass  # a full disk does not undo what was recovered


def _silent(_line: str) -> None:
    pass


__all__ = ["BUDGET_S", "LADDER", "OtherUnitError", "Recovery", "Step", "recover"]
