"""Connected while the chip's reset is held: the only way in when firmware switches the debug pins off, or sleeps too deep."""

from __future__ import annotations

from harness.farm.recovery._patient import HELLO_S, Patient, Proof


def unfit(_patient: Patient) -> str:
    """See Rung."""
    return ""


def climb(patient: Patient) -> Proof:
    """See Rung."""
    probe, chip_id = patient.connect(("under-reset",))
    return patient.proved(patient.session().restart(probe.reset, HELLO_S), chip_id)
