"""How much virtual time passes when, with a clock in the test's hand."""

from hypothesis import given
from hypothesis import strategies as st

from harness.renode.pace import BYTES_AT_ONCE, Pace


def test_bytes_arrive_no_faster_than_the_line_carries_them():
    duration_s, count = Pace(0.0).slice(0.0, 1000, 115_200)
    assert count == BYTES_AT_ONCE
    assert duration_s == BYTES_AT_ONCE * 10 / 115_200


def test_waiting_bytes_are_never_waited_for():
    pace = Pace(0.0)
    pace.passed(0.0, 1.0, busy=False)
    assert pace.wait_s(0.1, 0) > 0.8
    assert pace.wait_s(0.1, 1) == 0.0


def test_an_idle_board_keeps_to_the_wall_clock_in_long_slices():
    pace, now_s, virtual_s, slices = Pace(0.0), 0.0, 0.0, 0
    while now_s < 10.0:
        now_s += pace.wait_s(now_s, 0) + 1e-4
        duration_s, _ = pace.slice(now_s, 0, 115_200)
        pace.passed(now_s, duration_s, busy=False)
        virtual_s += duration_s
        slices += 1
    assert abs(virtual_s - now_s) < 0.01
    assert slices < 2100


def test_a_host_that_was_too_slow_is_not_made_up_for():
    pace = Pace(0.0)
    pace.passed(60.0, 0.001, busy=False)
    pace.passed(60.0, 0.001, busy=False)
    assert pace.wait_s(60.0, 0) > 0.0


@given(
    st.lists(st.tuples(st.floats(0, 0.01), st.integers(0, 300)), max_size=60), st.sampled_from([9600, 115_200, 921_600])
)
def test_every_byte_arrives_and_every_slice_has_a_length(steps, baud):
    pace, now_s, waiting, arrived, sent = Pace(0.0), 0.0, 0, 0, 0
    for pause_s, more in steps:
        now_s += pause_s
        waiting += more
        sent += more
        duration_s, count = pace.slice(now_s, waiting, baud)
        assert 0 < duration_s < 0.1
        waiting -= count
        arrived += count
        pace.passed(now_s, duration_s, busy=count > 0)
    assert arrived + waiting == sent
