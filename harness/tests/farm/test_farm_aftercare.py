"""After cases: counts move states, a suspect unit proves itself at once, the valve holds, and nothing ever raises."""

from dataclasses import replace

import pytest
from farm_records import error, record

from harness.bench import lease, rackstate
from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.farm import aftercare, healthplan, valve
from harness.records import Verdict
from harness.run.options import RunOptions

BOARD = load_board("nucleo_f446re")


def after(places, one, uid=None):
    uid = uid or places[0].uid
    rig = one.rig.model_copy(update={"unit": uid}) if one.rig else None
    one = one.model_copy(update={"unit": one.unit.model_copy(update={"uid": uid}), "rig": rig})
    return aftercare.after_case(one, board=BOARD, options=RunOptions(backend="probe", places=tuple(places)))


@pytest.fixture
def paper():
    """Eight units that exist on paper alone: nothing may be asked of them."""
    return tuple(Place(BOARD.name, f"paper-{n}", f"/nowhere/{n}") for n in range(8))


def test_three_faults_in_a_row_on_a_good_unit_are_told_and_end_in_its_passed_health_plan(places):
    uid = places[0].uid
    assert after(places, error()) == (f"unit {uid}: a fault of the rig: why; 2 more and it is suspect",)
    after(places, error())
    assert rackstate.state_of(uid).rig_faults == 2
    lines = after(places, error())
    assert [line.partition(":")[0] for line in lines] == [f"unit {uid} is suspect", f"unit {uid} is good"]
    now = rackstate.state_of(uid)
    assert (now.state, now.rig_faults) == (State.GOOD, 0)
    states = [move.state for move in rackstate.moves(uid)]
    assert states == [State.GOOD, State.GOOD, State.SUSPECT, State.GOOD]
    cause = valve.Cause.read(rackstate.moves(uid)[2].evidence)
    assert (cause.run, cause.test, cause.board) == ("r1", "digits/nucleo_f446re/m", BOARD.name)
    assert valve.Cause.read(now.evidence).report == str(healthplan.report_path(uid))


def test_a_unit_that_is_gone_is_quarantined_after_its_third_fault_and_refused_at_once(places):
    gone = replace(places[0], uid="gone-1")
    for _ in range(2):
        after([gone], error(), "gone-1")
    lines = after([gone], error(), "gone-1")
    assert lines[0].startswith("unit gone-1 is suspect: 3 faults of the rig in a row")
    assert lines[-1].startswith(
        "unit gone-1 is quarantined: it has failed its health plan: probe: no probe has the id gone-1"
    )
    assert rackstate.state_of("gone-1").state is State.QUARANTINED
    with pytest.raises(lease.OutOfService):
        lease.acquire("gone-1", what="a case", named=True)
    assert not aftercare.prove(gone)


def test_what_is_not_the_units_fault_leaves_no_trace(paper):
    for one in (record(Verdict.PASS), record(Verdict.FAIL), error("host"), error("nobody")):
        assert after(paper, one) == ()
    assert rackstate.moves() == ()


def test_a_clean_case_begins_the_count_anew(paper):
    after(paper, error())
    assert after(paper, record(Verdict.FAIL)) == ()
    assert rackstate.state_of("paper-0").rig_faults == 0


def test_an_emulator_that_was_started_for_its_case_has_no_health(paper):
    assert after(paper, error(backend="virtual")) == ()
    assert rackstate.moves() == ()


def test_a_worker_that_died_and_a_unit_that_disagrees_are_suspect_until_they_have_proved_themselves(places):
    one, other = (place.uid for place in places)
    assert "is suspect: the process that used it died" in aftercare.worker_died(one, "run 1", rack=places)[0]
    lines = aftercare.disagrees(other, "sample 17 differs", "run 2", rack=places)
    assert lines[0].startswith("SAFETY VALVE: this night")  # one of two is the most that a night may take
    assert [rackstate.state_of(uid).state for uid in (one, other)] == [State.SUSPECT, State.GOOD]
    told = []
    assert aftercare.prove(places[0], rack=places, tell=told.append)
    assert told == [f"unit {one} is good: it has passed its health plan"]
    assert aftercare.prove(places[1], rack=places, tell=told.append)
    assert len(told) == 1  # a good one is not asked


def test_one_image_makes_two_of_eight_suspect_and_is_then_stopped_itself(paper, monkeypatch):
    for place in paper[:2]:
        rackstate.move(place.uid, State.SUSPECT, reason="3", by="hil", evidence=valve.Cause(image="ab" * 32).text())
    after(paper, error(), "paper-2")
    after(paper, error(), "paper-2")
    lines = after(paper, error(), "paper-2")
    assert lines[0].startswith("SAFETY VALVE: image abababababab: 3 of 8 units would be suspect by it")
    assert rackstate.state_of("paper-2").state is State.GOOD
    assert valve.stopped(image="ab" * 32)
    assert valve.stopped(test="digits/nucleo_f446re/m")
    assert after(paper, record(Verdict.PASS), "paper-2") == ()


def test_a_persons_hold_stays_and_nothing_is_counted_below_it(paper):
    rackstate.move("paper-0", State.MAINTENANCE, reason="soldering", by="ann")
    assert after(paper, error(wedged=True)) == ()
    assert aftercare.worker_died("paper-0", "run 1") == ()
    now = rackstate.state_of("paper-0")
    assert (now.state, now.by, now.beneath) == (State.MAINTENANCE, "ann", State.GOOD)


def test_a_state_that_cannot_be_written_is_told_and_raises_nothing(paper, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "file"))
    lines = after(paper, error())
    assert lines == (
        f"the unit's health could not be looked after: the state folder cannot be used ({tmp_path}/file/rack)",
    )
