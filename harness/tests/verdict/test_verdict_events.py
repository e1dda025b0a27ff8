"""Detections against what was to be detected: counted by hand, and the interval held against SciPy's and against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.data.dataset import Event
from harness.errors import MisuseError
from harness.verdict.events import Detection, match, poisson_rate


def events(*parts):
    return [Event(0, start, end, name) for start, end, name in parts]


def heard(*parts):
    return [Detection(0, time, name) for time, name in parts]


def test_a_detection_belongs_to_its_event_from_its_start_until_the_tolerance_behind_its_end():
    truth = events((1.0, 2.0, "yes"))
    for time, hit in ((0.999, False), (1.0, True), (2.5, True), (2.501, False)):
        found = match(truth, heard((time, "yes")), 0.5)
        assert (found.hits, found.false_alarms) == ((1, ()) if hit else (0, (0,))), time


def test_a_detection_of_another_class_or_recording_is_a_false_alarm_and_the_event_a_miss():
    assert match(events((1, 2, "yes")), heard((1.5, "no")), 1).false_alarms == (0,)
    other = match([Event(1, 1, 2, "yes")], heard((1.5, "yes")), 1)
    assert (other.hits, other.false_alarms) == (0, (0,))


def test_a_second_detection_of_an_event_is_a_repeat_unless_the_next_event_has_none():
    truth = events((1, 2, "yes"), (2.5, 3, "yes"))
    found = match(truth, heard((1.2, "yes"), (2.6, "yes"), (2.7, "yes")), 1.0)
    assert found.of_event == (0, 1)
    assert found.repeats == {2}
    assert found.false_alarms == ()


def test_detections_are_taken_in_the_order_of_time_whatever_their_order():
    truth = events((1, 2, "yes"))
    found = match(truth, heard((1.9, "yes"), (1.1, "yes")), 0)
    assert found.of_event == (1,)
    assert found.repeats == {0}


def test_what_can_only_belong_to_an_event_that_was_cut_off_is_neither_a_hit_nor_a_false_alarm():
    cut = events((4, 9, "yes"))
    found = match(events((1, 2, "yes")), heard((1.5, "yes"), (4.5, "yes"), (4.6, "yes"), (4.7, "no")), 0.5, cut)
    assert (found.hits, found.undecided, found.false_alarms) == (1, {1, 2}, (3,))
    # Where it may belong to a whole one too, it does.
    found = match(events((1, 4.5, "yes")), heard((4.2, "yes"), (4.3, "yes")), 0.5, cut)
    assert (found.hits, found.repeats, found.undecided) == (1, {1}, set())


times = st.floats(0, 20, allow_nan=False).map(lambda t: round(t, 2))
names = st.sampled_from(["a", "b"])


@given(
    st.lists(st.tuples(times, st.floats(0, 3), names), max_size=8),
    st.lists(st.tuples(times, names), max_size=12),
    st.floats(0, 2),
)
def test_every_detection_is_of_one_kind_and_no_event_has_two(spans, found, tolerance):
    truth = events(*((start, start + length, name) for start, length, name in spans))
    matched = match(truth, heard(*found), tolerance)
    hits = {index for index in matched.of_event if index is not None}
    assert len(hits) == matched.hits
    assert sorted([*hits, *matched.repeats, *matched.false_alarms]) == list(range(len(found)))
    for at, index in enumerate(matched.of_event):
        if index is not None:
            assert matched.of_detection[index] == at


@pytest.mark.parametrize("count", [0, 1, 3, 50, 2000])
def test_the_interval_of_a_rate_is_that_of_the_chi_squared_distribution(count):
    low, high = poisson_rate(count, 2.0)
    expected = (stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, stats.chi2.ppf(0.975, 2 * count + 2) / 2)
    assert (low, high) == pytest.approx((expected[0] / 2, expected[1] / 2), rel=1e-9)


@pytest.mark.parametrize("rate", [0.5, 3.0, 20.0])
def test_the_interval_covers_the_true_rate_at_least_as_often_as_it_says(rate):
    counts = np.random.default_rng(5).poisson(rate * 1.5, 2000)
    bounds = {int(count): poisson_rate(int(count), 1.5) for count in set(counts.tolist())}
    covered = np.mean([bounds[int(count)][0] <= rate <= bounds[int(count)][1] for count in counts])
    assert covered >= 0.95 - 0.01


@pytest.mark.parametrize(("count", "exposure"), [(-1, 1.0), (0, 0.0), (1, float("nan"))])
def test_no_rate_of_what_cannot_be(count, exposure):
    with pytest.raises(MisuseError):
        poisson_rate(count, exposure)
