import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from harness.models.codegen import fixedpoint as fp

int32 = st.integers(-(2**31), 2**31 - 1)


@given(st.floats(2.0**-30, 2.0**20))
def test_a_multiplier_is_within_a_relative_2_to_the_minus_31_of_the_real_number(real):
    multiplier, shift = fp.multiplier_and_shift(real)
    assert 2**30 <= multiplier < 2**31
    assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2.0**-31)


def test_a_multiplier_that_rounds_up_to_a_power_of_two_stays_in_range():
    multiplier, shift = fp.multiplier_and_shift(1 - 2.0**-40)
    assert (multiplier, shift) == (2**30, 1)
    assert fp.multiplier_and_shift(0.0) == (0, 0)
    assert fp.multiplier_and_shift(2.0**-40) == (0, 0)


@given(int32, int32)
def test_high_mul_rounds_to_nearest(x, y):
    exact = Fraction(x * y, 2**31)
    if exact < 2**31 - 1:
        assert abs(fp.high_mul(x, y) - exact) <= Fraction(1, 2)


@given(int32, st.integers(0, 31))
def test_shift_right_rounds_halves_away_from_zero(x, exponent):
    exact = Fraction(x, 2**exponent)
    magnitude = (abs(x) + (1 << exponent) // 2) >> exponent
    assert fp.shift_right(x, exponent) == (magnitude if exact >= 0 else -magnitude)


@given(st.floats(0.001, 0.3), st.integers(-128, 127))
def test_the_logistic_table_is_within_one_step_of_the_function_and_rises(scale, zero_point):
    table = fp.logistic_table(scale, zero_point)
    assert list(table) == sorted(table)
    for raw, found in zip(range(-128, 128), table, strict=True):
        exact = 256 / (1 + math.exp(-scale * (raw - zero_point))) - 128
        assert abs(found - min(exact, 127)) <= 1


@given(st.floats(0.001, 0.3), st.integers(-128, 127))
def test_rescaling_to_the_same_scale_changes_nothing(scale, zero_point):
    assert fp.rescaling_table(scale, zero_point, scale, zero_point, -128, 127) == tuple(range(-128, 128))
