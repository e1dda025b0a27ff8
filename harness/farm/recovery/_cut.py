"""Power off and on, with the proof that it went: what ``power_port`` and ``hub`` have in common.

The proof has two halves. The probe must have left the bus while the switch says "off" and be back when it says "on": many hubs
say that a port is off and keep its power (uhubctl's README, "How do I check if my USB hub is supported", and field notes), and
some probes turn themselves back on. And the firmware must say that its last reset was a power-on: a board with a supply of its
own loses its probe and keeps running. A chip that does not tell a power-on from its reset pin (PSoC 6) leaves the second half open.
"""

from __future__ import annotations

from typing import Final

from harness.bench import onbus
from harness.bench.power import PowerSwitch
from harness.errors import BenchError, HilError
from harness.farm.recovery._patient import HELLO_S, OtherUnitError, Patient, Proof
from harness.wire.codes import ResetCause

#: So long a probe may take to leave the bus: the kernel notices a dead port within a second.
LEAVES_S: Final = 5.0
#: So long it stays off: what charges the board's capacitors hold is gone by then. It is what ``uhubctl -a cycle`` waits.
OFF_S: Final = 2.0
#: So long it may take to be enumerated again behind several hubs.
BACK_S: Final = 30.0
_LOOK_EVERY_S = 0.1


def cycle(patient: Patient, switch: PowerSwitch) -> Proof:
    """Off, on, and who answers then. ``patient.power_cut`` is what was proved of the power, whatever happens afterwards."""
    patient.let_go()
    patient.power_cut = None
    before = onbus.mark(patient.place.uid)
    left = _off(patient, switch, before)
    switch.on()
    after = _back(patient, BACK_S) if left else _back(patient, LEAVES_S, other_than=before)
    if not left and after != before:
        left = (
            True  # Linux before 6.0 keeps a device that lost its power until it is enumerated anew (uhubctl's README)
        )
    if after is None and (before is not None or left):
        raise BenchError(
            "the probe left the bus with its power and does not come back",
            where=switch.title,
            expected=f"unit {patient.place.uid} on the bus within {BACK_S:g} s",
            next_step="look at its cable and at the switch: is the power really on?",
        )
    patient.power_cut = left and after is not None
    return _answers(patient, switch, seen=after is not None, left=left)


def _off(patient: Patient, switch: PowerSwitch, before: str | None) -> bool:
    """Switch it off and keep it so for a while; whether the probe was off the bus meanwhile. It is on again after an error."""
    try:
        switch.off()
        deadline = patient.deadline.sooner(LEAVES_S)
        while (now := onbus.mark(patient.place.uid)) is not None and now == before and not deadline.passed:
            patient.clock.sleep_s(_LOOK_EVERY_S)
        patient.clock.sleep_s(OFF_S)
        return onbus.mark(patient.place.uid) is None
    except BaseException:
        switch.on()
        raise


def _back(patient: Patient, within_s: float, *, other_than: str | None = None) -> str | None:
    """Its mark on the bus once it has one, and ``other_than`` no more; what it is when the time is over."""
    deadline = patient.deadline.sooner(within_s)
    while (mark := onbus.mark(patient.place.uid)) in (None, other_than) and not deadline.passed:
        patient.clock.sleep_s(_LOOK_EVERY_S)
    return mark


def _answers(patient: Patient, switch: PowerSwitch, *, seen: bool, left: bool) -> Proof:
    if not left:
        bus = f"{switch.title} said off, and the probe never left the bus: its power was not cut"
    elif not seen:
        bus = "the probe cannot be seen on the bus, with power as without"
    else:
        bus = "the probe left the bus and came back"
    try:
        _, chip_id = patient.connect(("attach",))  # which resets nothing: the firmware is to say what did
        hello = patient.session().hello(HELLO_S)
        proof = patient.proved(hello, chip_id)
    except OtherUnitError:
        raise
    except HilError as error:
        patient.had_no_power = left and seen
        raise BenchError(
            f"{bus}; {error.what}",
            where=error.where,
            expected=error.expected,
            found=error.found,
            next_step=error.next_step,
        ) from error
    if left:
        told = {ResetCause.POWER: True, ResetCause.UNKNOWN: None}
        patient.power_cut = told.get(proof.reset_cause, False)
        if patient.power_cut is None:
            bus += ", and the chip does not tell a power-on from its reset pin"
        elif seen and not patient.power_cut:
            bus = "the probe lost its power and the chip did not: it has another supply"
    return Proof(f"{bus}; {proof.words}", proof.reset_cause)
