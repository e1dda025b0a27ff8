"""The chip's reset, through the probe: for firmware that hangs, and cores that somebody left halted."""

from __future__ import annotations

from harness.farm.recovery._patient import HELLO_S, Patient, Proof


def unfit(_patient: Patient) -> str:
    """See Rung."""
    return ""


def climb(patient: Patient) -> Proof:
    """See Rung. The answer is proved to come from what was reset: BOOT was said, or the number of boots is another."""
    probe, chip_id = patient.connect(("attach",))
    return patient.proved(patient.session().restart(probe.reset, HELLO_S), chip_id)
