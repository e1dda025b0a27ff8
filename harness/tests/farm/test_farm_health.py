"""When a unit counts as broken: only its own faults, in a row, make it suspect; only its health plan or a person brings it back."""

from dataclasses import replace

from farm_records import NOW, error, record
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.rackstate import State, UnitState
from harness.farm import health
from harness.farm.health import Saw
from harness.plans.bench import BenchHealth
from harness.records import Verdict

RULES = BenchHealth()
GOOD = UnitState("u1", State.GOOD, "", "", NOW)
JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)


def standing(unit, change):
    return unit if change is None else replace(unit, state=change.to, beneath=change.to, rig_faults=change.rig_faults)


def after(records, unit=GOOD, rules=RULES):
    """How a unit stands after cases, and after how many it became suspect (None: never)."""
    for n, one in enumerate(records, 1):
        unit = standing(unit, health.after_case(unit, health.seen(one), rules))
        if unit.state is State.SUSPECT:
            return unit, n
    return unit, None


verdicts = st.sampled_from([*map(record, JUDGED), error("host"), error("nobody")])
cases = st.lists(st.sampled_from([*map(record, JUDGED), error(), error("host"), error("nobody")]), max_size=30)


@given(st.lists(verdicts, max_size=50))
def test_no_verdict_about_the_product_and_no_fault_of_host_or_nobody_ever_counts_against_a_unit(records):
    assert after(records) == (GOOD, None)


@given(cases, st.integers(1, 5))
def test_a_unit_is_suspect_at_the_nth_of_its_own_faults_in_a_row_and_never_before(records, most):
    in_a_row, expected = 0, None
    for n, one in enumerate(records, 1):
        whose = one.rig.whose if one.rig else None
        in_a_row = in_a_row + 1 if whose == "unit" else in_a_row if whose else 0
        if in_a_row == most:
            expected = n
            break
    unit, found = after(records, rules=BenchHealth(faults_in_a_row=most))
    assert found == expected
    assert unit.rig_faults == in_a_row


def test_a_deadline_that_was_passed_makes_it_suspect_at_once():
    unit, n = after([error(wedged=True)])
    assert (unit.state, n) == (State.SUSPECT, 1)


@given(cases, st.sampled_from([State.MAINTENANCE, State.QUARANTINED]))
def test_cases_on_a_held_or_quarantined_unit_change_nothing(records, state):
    unit = replace(GOOD, state=state, rig_faults=1)
    assert all(health.after_case(unit, health.seen(one), RULES) is None for one in records)


def test_a_clean_case_does_not_acquit_a_suspect_unit():
    suspect = replace(GOOD, state=State.SUSPECT, beneath=State.SUSPECT, rig_faults=3)
    change = health.after_case(suspect, Saw.CLEAN, RULES)
    assert (change.to, change.rig_faults) == (State.SUSPECT, 0)


@given(st.sampled_from(State), st.booleans(), st.booleans(), st.integers(0, 5))
def test_quarantine_is_left_only_by_a_passed_plan_that_was_asked_for(state, ok, asked, faults):
    unit = replace(GOOD, state=state, beneath=State.GOOD if state is State.MAINTENANCE else state, rig_faults=faults)
    change = health.after_plan(unit, ok, "line", asked=asked)
    to = change.to if change is not None else unit.beneath
    if not ok:
        assert to is State.QUARANTINED
    elif unit.beneath is State.QUARANTINED:
        assert to is (State.GOOD if asked else State.QUARANTINED)
    else:
        assert to is State.GOOD
    assert health.after_plan(unit, None, "in use", asked=asked) is None


def test_what_disagrees_or_lost_its_worker_is_suspect_unless_it_is_out_of_work_anyway():
    assert health.doubted(GOOD, "its worker died").to is State.SUSPECT
    for state in (State.SUSPECT, State.QUARANTINED, State.MAINTENANCE):
        assert health.doubted(replace(GOOD, state=state, beneath=state), "its worker died") is None


def test_only_units_that_were_reached_as_units_have_a_health():
    assert health.unit_of(record(Verdict.FAIL, backend="virtual")) == ""
    assert health.unit_of(record(Verdict.FAIL)) == "u1"
    assert health.unit_of(error(opened=False)) == "u1"
    assert health.unit_of(error("host", unit="")) == ""
