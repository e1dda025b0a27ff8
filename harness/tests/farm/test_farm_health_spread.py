"""What a case that was spread over several units says of each of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.farm import health
from harness.farm.health import Saw
from harness.findings import RigFault
from harness.records import LinkFacts, Record, UnitFacts, UnitShare, Verdict

LINE = LinkFacts(baud=921600, bytes_tx=1, bytes_rx=1, frames_bad=0, resent=0, line_use=None, lost=0, wall_s=1.0)


def record(verdict, *shares):
    now = datetime(2026, 11, 29, tzinfo=UTC)
    return Record(
        run_id="r",
        case_id="p/b/m",
        started=now,
        finished=now,
        verdict=verdict,
        reasons=("so it is",),
        plan="p",
        board="b",
        unit=shares[0].unit,
        backend="probe",
        evidence="emulated",
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
        units=shares,
    )


def share(uid, **known):
    return UnitShare(unit=UnitFacts(uid=uid), answered=9, **({"link": LINE} | known))


def seen(found):
    return {health.unit_of(part): health.seen(part) for part in health.parts(found)}


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_unit_that_was_lost_has_a_fault_and_the_others_did_their_work_whatever_the_product_is_worth(verdict):
    lost = share("b", fault="the line to the unit is gone", rig=RigFault(whose="unit", unit="b", row="rig"))
    found = record(verdict, share("a"), lost, share("c"))
    assert seen(found) == {"a": Saw.CLEAN, "b": Saw.FAULT, "c": Saw.CLEAN}
    assert health.parts(found)[1].reasons == ("the line to the unit is gone",)


def test_a_hosts_fault_in_one_part_is_nobodys():
    full = share("b", fault="no space left", rig=RigFault(whose="host"))
    assert seen(record(Verdict.PASS, share("a"), full)) == {"a": Saw.CLEAN, "b": Saw.NOTHING}


def test_a_run_that_broke_off_says_nothing_of_units_without_a_fault_of_their_own():
    odd = share("b", trusted=False)
    assert seen(record(Verdict.ERROR, share("a"), odd)) == {"a": Saw.NOTHING, "b": Saw.NOTHING}


def test_a_unit_of_an_earlier_part_of_the_run_is_not_counted_again():
    assert seen(record(Verdict.PASS, share("a"), share("b", link=None))) == {"a": Saw.CLEAN, "b": Saw.NOTHING}
