"""A unit's health plan on a running virtual unit: what a good one shows, where a bad one fails, and what is not its fault."""

import json
import os
from dataclasses import replace

import pytest

from harness.bench import lease
from harness.bench.boards import load_board
from harness.errors import PlanError
from harness.farm import healthplan
from harness.plans.bench import BenchHealth
from harness.virtual.host.control import Control

BOARD = load_board("nucleo_f446re")


def test_a_good_unit_passes_every_step_with_its_figures_and_is_free_again(places):
    told = []
    report = healthplan.check(places[0], BOARD, tell=told.append)
    assert report.ok is True, report.why
    assert [part.name for part in report.parts] == ["probe", "ram", "flash", "hello", "line", "samples"]
    by_name = {part.name: part.figures for part in report.parts}
    assert by_name["ram"]["bytes"] == BOARD.memory.ram_bytes
    assert by_name["flash"]["programmed"] == by_name["flash"]["bytes"] > 0
    assert by_name["hello"]["chip"] == by_name["probe"]["chip"]
    assert [rate["baud"] for rate in by_name["line"]["rates"]] == list(BOARD.uart.bauds)
    assert (by_name["samples"]["right"], by_name["samples"]["of"]) == (200, 200)
    assert told == list(report.lines)
    assert "samples 200 of 200" in report.title
    assert lease.holder(places[0].uid) is None
    kept = json.loads(healthplan.report_path(places[0].uid).read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(report.as_json()))


@pytest.mark.skipif(
    os.environ.get("HIL_FULL") != "1", reason="the nights of test_farm_fault_nights have it; with HIL_FULL=1"
)
def test_a_line_that_spoils_every_byte_fails_at_hello_and_the_unit_is_free_again(places):
    with Control(places[0].uid) as control:
        control.spoil_line("to_host")
        try:
            report = healthplan.check(places[0], BOARD, quick=True)
        finally:
            control.spoil_line("to_host", 0)
    assert report.ok is False
    assert report.parts[-1].name == "hello"
    assert report.why.startswith("hello: ")
    assert [part.ok for part in report.parts] == [True, True, True, False]
    assert lease.holder(places[0].uid) is None


@pytest.mark.skipif(
    os.environ.get("HIL_FULL") != "1", reason="the nights of test_farm_fault_nights have it; with HIL_FULL=1"
)
def test_sparks_on_the_line_are_counted_and_condemn_nobody(places):
    with Control(places[0].uid) as control:
        for n in range(3):
            control.corrupt_byte("to_board", after=6000 * (n + 1))
    report = healthplan.check(places[0], BOARD)
    assert report.ok is True, report.why
    line = next(part for part in report.parts if part.name == "line")
    assert 1 <= line.figures["lost"] <= 3


def test_a_unit_that_somebody_uses_is_not_checked_and_nothing_is_known_of_it(places):
    with lease.acquire(places[0].uid, what="a case"):
        report = healthplan.check(places[0], BOARD)
    assert report.ok is None
    assert report.parts == ()
    assert "is in use" in report.why


def test_a_host_without_what_the_plan_needs_says_nothing_of_a_unit(places, monkeypatch, tmp_path):
    from harness.farm import knowngood

    knowngood.known_good.cache_clear()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path / "file"))
    report = healthplan.check(places[0], BOARD)
    assert report.ok is None
    assert report.why.startswith("the cache folder cannot be used")


def test_a_health_plan_that_is_none_is_the_mistake_of_the_bench_file(places):
    place = replace(places[0], health=BenchHealth(plan="digit"))
    with pytest.raises(PlanError) as caught:
        healthplan.check(place, BOARD)
    assert "did you mean" in caught.value.next_step or "digits" in caught.value.next_step


def test_a_check_that_is_stopped_ends_before_its_next_step_and_is_no_verdict(places):
    seen = []
    report = healthplan.check(places[0], BOARD, tell=seen.append, stop=lambda: len(seen) >= 1)
    assert report.ok is None
    assert [part.name for part in report.parts] == ["probe"]
    assert report.why == "it was stopped before `ram`"
    assert lease.holder(places[0].uid) is None
