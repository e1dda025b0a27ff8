"""The gentlest: nothing is done to the unit. What was broken was perhaps the connection, or who had it."""

from __future__ import annotations

from harness.farm.recovery._patient import HELLO_S, Patient, Proof


def unfit(_patient: Patient) -> str:
    """See Rung."""
    return ""


def climb(patient: Patient) -> Proof:
    """See Rung."""
    _, chip_id = patient.connect(("attach",))
    return patient.proved(patient.session().hello(HELLO_S), chip_id)
