"""A bad image, a bad test or a bad night may not take the rack out of service; what is refused is kept, and ends."""

from datetime import timedelta

from farm_records import NOW
from hypothesis import given
from hypothesis import strategies as st

from harness.bench import rackstate
from harness.bench.rackstate import State, UnitState
from harness.farm import valve
from harness.farm.valve import Cause
from harness.testing.clock import ManualClock


def suspect(uid, cause, clock):
    rackstate.move(uid, State.SUSPECT, reason="3 faults", by="hil", evidence=cause.text(), clock=clock)


texts = st.text(max_size=30)


@given(texts, texts, texts, texts, texts, texts)
def test_a_cause_is_read_back_as_it_was_written(run, test, image, night, board, report):
    cause = Cause(run, test, image, night, board, report)
    assert Cause.read(cause.text()) == cause


@given(st.text(max_size=60))
def test_what_a_person_wrote_is_no_cause_and_harms_nothing(text):
    if '="' not in text:
        assert Cause.read(text) == Cause()


@given(
    st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from("ABC"), st.sampled_from(["t1", "t2"]), st.integers(0, 30)),
        max_size=60,
    ),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.sampled_from([0.1, 0.25, 0.5, 1.0]),
)
def test_no_image_no_test_and_no_night_moves_more_units_than_the_share(asked, n_units, share):
    moves: list[UnitState] = []
    for unit, image, test, hours in sorted(asked, key=lambda one: one[3]):
        now = NOW + timedelta(hours=hours)
        uid, cause = f"u{unit % n_units}", Cause(run="r", test=test, image=image)
        if valve.judged(moves, uid, cause, of_kind=n_units, rack_size=n_units, share=share, now=now) is None:
            moves.append(UnitState(uid, State.SUSPECT, "", "hil", now, evidence=cause.text()))
    for one in moves:
        same_night = [move for move in moves if timedelta(0) <= one.since - move.since < valve.NIGHT]
        assert len({move.uid for move in same_night}) <= valve.limit(share, n_units)


def test_the_third_unit_of_eight_by_one_image_is_refused_and_the_image_is_stopped_with_its_tests():
    clock = ManualClock()
    cause = Cause(run="r1", test="digits/b/m", image="bad")
    for uid in ("u1", "u2"):
        assert valve.allows(uid, test=cause.test, image="bad", rack_size=8, clock=clock) is None
        suspect(uid, cause, clock)
    why = valve.allows("u3", test="other/b/m", image="bad", rack_size=8, clock=clock)
    assert why.startswith("image bad: 3 of 8 units would be suspect by it (u1, u2, u3)")
    assert "u3 stays as it was" in why
    assert valve.stopped(image="bad", clock=clock)
    assert valve.stopped(test="digits/b/m", clock=clock)
    assert valve.stopped(test="digits/b/m", image="built anew", clock=clock) is None
    assert valve.stopped(test="mnist/b/m", clock=clock) is None
    clock.advance_s(valve.NIGHT.total_seconds() + 1)
    assert valve.stopped(image="bad", clock=clock) is None


def test_a_unit_that_is_moved_again_is_no_further_unit_and_one_is_always_allowed():
    clock = ManualClock()
    suspect("u1", Cause(run="r", image="x", test="t"), clock)
    assert valve.allows("u1", test="t", image="x", rack_size=2, clock=clock) is None
    assert valve.allows("u1", rack_size=1, share=0.01, clock=clock) is None


def test_a_night_counts_over_the_whole_rack_and_only_one_with_a_name_is_stopped():
    clock = ManualClock()
    suspect("u1", Cause(run="r", test="t1", image="x", night="n7"), clock)
    assert "this night" in valve.allows("u2", test="t2", image="y", rack_size=4, of_kind=2, clock=clock)
    assert valve.stops(clock.now()) == ()
    assert "night n7" in valve.allows("u2", test="t2", image="y", night="n7", rack_size=4, of_kind=2, clock=clock)
    assert "night n7 is stopped" in valve.stopped(night="n7", clock=clock)
    assert valve.stopped(night="n8", clock=clock) is None


def test_what_a_person_did_is_nobodys_fault():
    clock = ManualClock()
    for uid in ("u1", "u2", "u3"):
        rackstate.move(uid, State.QUARANTINED, reason="smokes", by="ann", evidence="seen on the desk", clock=clock)
    assert valve.allows("u4", test="t", image="x", rack_size=8, clock=clock) is None


def test_a_damaged_file_of_stops_stops_nothing_and_what_is_whole_in_it_counts(tmp_path):
    clock = ManualClock()
    suspect("u1", Cause(run="r", image="x"), clock)
    valve.allows("u2", image="x", rack_size=2, clock=clock)
    path = tmp_path / "state" / "rack" / "stops.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b'{"what": 1}\n{"what": \nnull\n"x"\n' + whole)
    assert valve.stopped(image="x", clock=clock)
    path.write_bytes(b"\xff\xfe\n" + whole)
    assert valve.stopped(image="x", clock=clock) is None


def test_a_person_lets_it_go_on():
    suspect("u1", Cause(run="r", image="x"), None)
    valve.allows("u2", image="x", rack_size=2)
    assert valve.stopped(image="x")
    assert valve.forget() == 1
    assert valve.stopped(image="x") is None
