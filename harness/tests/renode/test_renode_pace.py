"""How much virtual time passes when, with a clock in the test's hand."""

from hypothesis import given
from hypothesis import strategies as st

from harness.renode.pace import Pace


def passed(pace, now_s, duration_s, *, moved=False, computed=False):
    pace.passed(now_s, duration_s, moved=moved, computed=computed)


def test_a_step_is_long_enough_for_its_bytes_and_for_an_answer():
    assert Pace(0.0).step_us(0.0, 64, 115_200) > 64 * 10 * 1_000_000 // 115_200
    assert Pace(0.0).step_us(0.0, 64, 921_600) < Pace(0.0).step_us(0.0, 64, 115_200)


def test_waiting_bytes_are_never_waited_for():
    pace = Pace(0.0)
    passed(pace, 0.0, 1.0)
    assert pace.wait_s(0.1, 0) > 0.8
    assert pace.wait_s(0.1, 1) == 0.0


def test_an_idle_board_keeps_to_the_wall_clock_in_long_steps():
    pace, now_s, virtual_s, steps = Pace(0.0), 0.0, 0.0, 0
    while now_s < 10.0:
        now_s += pace.wait_s(now_s, 0) + 1e-4
        duration_s = pace.step_us(now_s, 0, 115_200) / 1e6
        passed(pace, now_s, duration_s)
        virtual_s += duration_s
        steps += 1
    assert abs(virtual_s - now_s) < 0.02
    assert steps < 1100


def test_a_core_that_computes_is_not_held_back_and_one_that_sleeps_is():
    busy, idle = Pace(0.0), Pace(0.0)
    passed(busy, 0.0, 1.0, computed=True)
    passed(idle, 0.0, 1.0)
    assert busy.wait_s(0.0, 0) == 0.0
    assert idle.wait_s(0.0, 0) == 1.0


def test_a_host_that_was_too_slow_is_not_made_up_for():
    pace = Pace(0.0)
    passed(pace, 60.0, 0.001)
    passed(pace, 60.0, 0.001)
    assert pace.wait_s(60.0, 0) > 0.0


@given(
    st.lists(st.tuples(st.floats(0, 0.01), st.integers(0, 300)), max_size=60), st.sampled_from([9600, 115_200, 921_600])
)
def test_every_step_has_a_length_and_an_end(turns, baud):
    pace, now_s = Pace(0.0), 0.0
    for pause_s, waiting in turns:
        now_s += pause_s
        duration_us = pace.step_us(now_s, waiting, baud)
        assert 0 < duration_us <= 10_000
        passed(pace, now_s, duration_us / 1e6, moved=waiting > 0)
