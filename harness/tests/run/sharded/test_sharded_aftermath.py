"""Whose fault it is that one unit of several does not come up."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.records import FaultReport, Verdict
from harness.run.blame import Blame
from harness.run.sharded.aftermath import excused

CRASH = FaultReport(pc=1, lr=2, sp=3, psr=4, cfsr=5, hfsr=6, bfar=7, mmfar=8)


def seat(name, *, joined, verdict=None, fault=None):
    found = None if verdict is None else Blame("violation", verdict, ("it did not come back to its safe speed",), fault)
    return SimpleNamespace(name=name, joined=joined, fault=found)


def test_one_that_does_not_come_up_where_others_with_its_image_did_is_a_broken_unit():
    odd = seat("a", joined=False, verdict=Verdict.FAIL)
    excused([odd, seat("b", joined=True), seat("c", joined=True, verdict=Verdict.ERROR)])
    assert odd.fault.verdict is Verdict.ERROR
    assert (odd.fault.rig.whose, odd.fault.rig.unit, odd.fault.rig.row) == ("unit", "a", "violation")
    assert "came up on 2 other units" in odd.fault.reasons[-1]


@pytest.mark.parametrize(
    ("odd", "others"),
    [
        (seat("a", joined=False, verdict=Verdict.FAIL), [seat("b", joined=False, verdict=Verdict.FAIL)]),
        (seat("a", joined=False, verdict=Verdict.FAIL), [seat("b", joined=False, verdict=Verdict.ERROR)]),
        (seat("a", joined=False, verdict=Verdict.FAIL, fault=CRASH), [seat("b", joined=True)]),
        (seat("a", joined=True, verdict=Verdict.FAIL), [seat("b", joined=True)]),
        (seat("a", joined=False, verdict=Verdict.FAIL), [seat("b", joined=True, verdict=Verdict.FAIL)]),
    ],
    ids=["no other came up", "none could", "it tells of a crash", "it came up", "another one failed later"],
)
def test_else_it_stays_the_products(odd, others):
    excused([odd, *others])
    assert odd.fault.verdict is Verdict.FAIL
