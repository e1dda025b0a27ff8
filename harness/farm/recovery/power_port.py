"""The unit's own power, by the switch that its bench file names (``power``)."""

from __future__ import annotations

from harness.farm.recovery import _cut
from harness.farm.recovery._patient import Patient, Proof


def unfit(patient: Patient) -> str:
    """See Rung."""
    return "" if patient.place.power is not None else "the bench file names no switch for its power"


def climb(patient: Patient) -> Proof:
    """See Rung."""
    assert patient.place.power is not None
    return _cut.cycle(patient, patient.place.power)
