"""The hub that the unit hangs on with others (``hub`` of the bench file): all of them lose their power, so all must be free."""

from __future__ import annotations

from contextlib import ExitStack

from harness.bench import lease, onbus
from harness.errors import BenchError
from harness.farm.recovery import _cut
from harness.farm.recovery._patient import Patient, Proof

_LOOK_EVERY_S = 0.1


def unfit(patient: Patient) -> str:
    """See Rung."""
    if patient.place.hub is None:
        return "the bench file names no switch for its hub"
    if not patient.near:
        return "it is not known here who else hangs on its hub"
    if patient.had_no_power:
        return "the unit had no power already, and was seen to have none"
    return ""


def climb(patient: Patient) -> Proof:
    """See Rung. The neighbours are leased meanwhile, and must be back on the bus after it."""
    assert patient.place.hub is not None
    neighbours = [
        place.uid for place in patient.near if place.hub == patient.place.hub and place.uid != patient.place.uid
    ]
    with ExitStack() as held:
        for uid in neighbours:
            try:
                # Not named: nobody has asked for this one, and a person who holds it may have it in hand, be it the same one.
                held.enter_context(lease.acquire(uid, what="its hub is switched", care=True))
            except BenchError as error:
                raise BenchError(
                    "a unit on the same hub is not free, so the hub was left alone",
                    where=f"unit {uid}",
                    found=error.found or error.what,
                    next_step="recover again when it is free",
                ) from error
        there = [uid for uid in neighbours if onbus.mark(uid) is not None]
        try:
            return _cut.cycle(patient, patient.place.hub)
        finally:
            deadline = patient.deadline.sooner(_cut.BACK_S)
            while any(onbus.mark(uid) is None for uid in there) and not deadline.passed:
                patient.clock.sleep_s(_LOOK_EVERY_S)
