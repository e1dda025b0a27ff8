"""Which cases a rack plan names, in which order, and what is said of one that names none."""

from pathlib import Path

import pytest

from harness.bench import boards
from harness.errors import PlanError
from harness.farm.nightly.begin import find, read
from harness.farm.nightly.cases import MARGIN_S, available
from harness.paths import shipped

PLAN = """name: {name}
boards: [nucleo_f446re, nucleo_l476rg, cy8cproto_062_4343w]
models: [digits_cnn_int8, smart_lock_int8]
dataset: digits
"""


@pytest.fixture
def racked(tmp_path):
    """Write plans and a rack plan; its cases."""
    folder = tmp_path / "testplans"

    def expanded(run, *plans):
        for name in plans or ("kws", "kws_far", "digits", "long/kws_long"):
            path = folder / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PLAN.format(name=path.stem))
        (folder / "racks").mkdir(exist_ok=True)
        (folder / "racks" / "night.yaml").write_text(f"name: night\nrun: {run}\n")
        return read(folder / "racks" / "night.yaml")[1]

    return expanded


def ids(found):
    return [case.id for case in found.cases]


def plans_of(found):
    return list(dict.fromkeys(case.plan for case in found.cases))


def test_all_means_the_plans_that_pytest_would_run_and_no_others(racked):
    assert plans_of(racked("all")) == ["digits", "kws", "kws_far"]


def test_a_pattern_stays_in_its_folder(racked):
    assert plans_of(racked("['kws*']")) == ["kws", "kws_far"]
    assert plans_of(racked("['*']")) == ["digits", "kws", "kws_far"]
    assert plans_of(racked("['long/*']")) == ["kws_long"]


def test_a_plan_elsewhere_is_named_by_its_path(racked, tmp_path):
    (tmp_path / "other.yaml").write_text(PLAN.format(name="other"))
    assert plans_of(racked("[../other.yaml]")) == ["other"]


def test_boards_and_models_keep_what_they_name(racked):
    found = racked("[{plans: kws, boards: 'nucleo*', models: digits_cnn_int8}]")
    assert ids(found) == ["kws/nucleo_f446re/digits_cnn_int8", "kws/nucleo_l476rg/digits_cnn_int8"]


def test_a_case_that_two_entries_name_is_the_first_ones(racked):
    found = racked("[{plans: kws, boards: nucleo_f446re, samples: 5, priority: 9}, {plans: kws, priority: 1}]")
    assert [case.priority for case in found.cases] == [9, 9, 1, 1, 1, 1]
    assert [case.samples for case in found.cases] == [5, 5, None, None, None, None]


def test_a_deadline_is_what_the_plan_allows_and_a_margin(racked):
    assert {case.deadline_s for case in racked("[kws]").cases} == {300 + 180 + 10 + 10 + 3600 + MARGIN_S}


@pytest.mark.parametrize(
    ("run", "what", "near"),
    [
        ("[kwz]", "names a plan", "did you mean 'kws'?"),
        ("['x*']", "names a plan", "name one of these"),
        ("[{plans: kws, boards: nucleo_f446}]", "names a board", "did you mean 'nucleo_f446re'?"),
        ("[{plans: kws, models: digits_cnn_int}]", "names a model", "did you mean 'digits_cnn_int8'?"),
        # Beside entries that are right too: the night would be shorter, and look as if all had passed.
        ("[kws, {plans: digits, models: nosuch}]", "names a model", "name one of these"),
        ("[kws, {plans: kws, boards: steval_stwinkt1}]", "names a board", "name one of these"),
    ],
)
def test_what_is_not_there_is_told_with_what_is_near(racked, run, what, near):
    with pytest.raises(PlanError, match=what) as error:
        racked(run)
    assert near in str(error.value.next_step)


def test_an_entry_whose_boards_and_models_no_plan_has_together_is_told(racked, tmp_path):
    racked("[kws]")
    (tmp_path / "testplans" / "one.yaml").write_text(
        "name: one\nboards: [steval_stwinkt1]\nmodels: [smart_lock_int8]\ndataset: digits\n"
    )
    with pytest.raises(PlanError, match="an entry of the rack plan names no case") as error:
        racked("[kws, {plans: [kws, one], boards: steval_stwinkt1, models: digits_cnn_int8}]", "kws")
    assert "run[1]" in str(error.value.where)


def test_a_plan_that_cannot_be_read_is_not_taken_for_one_without_the_model(racked, tmp_path):
    racked("[kws]")
    (tmp_path / "testplans" / "bad.yaml").write_text("name: bad\n")
    found = racked("[{plans: [kws, bad], models: smart_lock_int8}, {plans: bad, models: nosuch}]", "kws")
    assert len(found.refused) == 1
    assert {case.model for case in found.cases} == {"smart_lock_int8"}


def test_two_plans_of_one_name_are_told(racked, tmp_path):
    racked("[kws]")
    (tmp_path / "testplans" / "twin.yaml").write_text(PLAN.format(name="kws"))
    with pytest.raises(PlanError, match="two plans are called 'kws'"):
        racked("all", "kws")


def test_a_plan_that_is_wrong_is_told_and_the_others_are_run(racked, tmp_path):
    racked("all")
    (tmp_path / "testplans" / "bad.yaml").write_text("name: bad\n")
    found = racked("all")
    assert [Path(name).name for name, _ in found.refused] == ["bad.yaml"]
    assert plans_of(found) == ["digits", "kws", "kws_far"]


def test_the_shipped_night_is_every_shipped_plan_on_every_board_that_it_names():
    _, found = read(shipped("testplans") / "racks" / "nightly.yaml")
    assert found.refused == ()
    assert {case.board for case in found.cases} == {
        "nucleo_f446re", "nucleo_l476rg", "steval_stwinkt1", "cy8cproto_062_4343w",
    }  # fmt: skip
    assert {case.plan for case in found.cases} == {name for name in available(shipped("testplans")) if "/" not in name}
    assert {case.board for case in found.cases} <= set(boards.names())


def test_a_rack_plan_is_found_by_its_name_and_a_wrong_name_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find("nightly") == shipped("testplans") / "racks" / "nightly.yaml"
    (tmp_path / "testplans" / "racks").mkdir(parents=True)
    (tmp_path / "testplans" / "racks" / "nightly.yaml").write_text("name: mine\n")
    assert find("nightly") == Path("testplans/racks/nightly.yaml")
    with pytest.raises(PlanError) as error:
        find("nigthly")
    assert error.value.next_step == "did you mean 'nightly'?"
