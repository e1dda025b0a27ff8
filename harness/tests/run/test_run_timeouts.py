"""Each bound that a plan may set is the one that holds."""

import dataclasses

from run_cases import digits_case

from harness.plans import Timeouts
from harness.records import Verdict


def bounded(**timeouts):
    case = digits_case(60)
    return dataclasses.replace(case, plan=case.plan.model_copy(update={"timeouts": Timeouts(**timeouts)}))


def test_a_build_is_stopped_when_the_plans_time_is_over(run, monkeypatch, tmp_path):
    monkeypatch.setattr("harness.disk.folders.cache_path", lambda name: tmp_path / name)
    record = run(case=bounded(build_s=0.01)).record
    assert record.verdict is Verdict.ERROR
    assert "at most 0.01 s" in record.reasons[0]
    assert "timeouts.build_s" in record.reasons[0]


def test_an_image_that_was_built_before_takes_none_of_that_time(run):
    run(60)
    assert run(case=bounded(build_s=0.01)).record.verdict is Verdict.PASS


def test_flashing_is_stopped_when_the_plans_time_is_over(run, image):
    record = run(firmware=image, case=bounded(flash_s=0.01)).record
    assert record.verdict is Verdict.ERROR
    assert "did not finish `flash` in time" in record.reasons[0]
    assert "within 0.01 s" in record.reasons[0]
