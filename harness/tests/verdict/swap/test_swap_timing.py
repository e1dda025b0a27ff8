from dataclasses import replace

import numpy as np
import pytest
from swap_sides import about, side

from harness.errors import MisuseError
from harness.records import UnitFacts
from harness.verdict.swap import Limit, Margins, compare_sides
from harness.verdict.swap.pairing import pair
from harness.verdict.swap.timing import over_boots, timing

EMULATED = {"backend": "virtual", "evidence": "emulated", "unit": None}


def timed(name, cycles, **about_):
    n = len(cycles)
    return side(name, [0] * n, [0] * n, cycles=np.array(cycles, dtype=np.uint64), about=about_)


def boards(draw, n, rise=0.0, noise=0.0016, name="run", unit="u1"):
    """As noisy as the noisiest of the public logs: CV 0.16 % (STM32H7 with its cache on)."""
    return timed(name, 8_348_200 * (1 + rise) * (1 + noise * draw.standard_normal(n)), unit=UnitFacts(uid=unit))


def median(before, after):
    return next(shift for shift in timing(before, after, pair(before, after), 0.95).shifts if shift.quantile == 0.5)


def test_a_rise_of_half_a_percent_is_found_with_20_samples_and_none_is_not():
    draw, found, alarms, runs = np.random.default_rng(5), 0, 0, 300
    for _ in range(runs):
        before = boards(draw, 20)
        shift = median(before, boards(draw, 20, 0.005))
        found += shift.low > 0
        shift = median(before, boards(draw, 20))
        alarms += not shift.low <= 0 <= shift.high
    assert found == runs
    assert alarms / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_samples_that_differ_among_themselves_are_held_against_themselves():
    # The input decides on the work: from 1 to 2 million cycles. Unpaired, a rise of 0.5 % would drown in that.
    work = np.linspace(1e6, 2e6, 20)
    shift = median(timed("old", work), timed("new", work * 1.005))
    assert (shift.low, shift.high) == (pytest.approx(0.005, abs=1e-5), pytest.approx(0.005, abs=1e-5))


def test_the_tail_has_an_interval_only_where_there_are_samples_enough():
    draw = np.random.default_rng(6)
    few = compare_sides(boards(draw, 100), boards(draw, 100)).timing.shifts[1]
    many = compare_sides(boards(draw, 2000), boards(draw, 2000, 0.01)).timing.shifts[1]
    assert (few.quantile, few.low, few.high) == (0.99, None, None)
    assert 0 < many.low <= 0.01 <= many.high


def test_samples_that_were_disturbed_or_not_sound_are_not_timed():
    old, new = timed("old", [100] * 10), timed("new", [100] * 8 + [999, 999])
    quiet = np.array([True] * 9 + [False])
    status = np.array([0] * 8 + [1, 0], dtype=np.uint8)
    new = replace(new, samples=replace(new.samples, quiet=quiet, status=status))
    found = compare_sides(old, new).timing
    assert (found.n, found.shifts[0].rise) == (8, 0)


def test_instructions_of_an_emulator_are_exact():
    found = compare_sides(timed("old", [1000] * 3, **EMULATED), timed("new", [1001] * 3, **EMULATED)).timing
    assert (found.unit, found.how) == ("instructions", "exact")
    assert [(s.low, s.rise, s.high) for s in found.shifts] == [(pytest.approx(0.001),) * 3] * 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"unit": UnitFacts(uid="u2")}, "two units (u1, u2)"),
        ({"board": "other"}, "do not count alike"),
        (EMULATED, "two things"),
    ],
)
def test_what_does_not_count_alike_gets_no_interval_and_the_reason(changed, why):
    found = compare_sides(timed("old", [1000] * 50), about(timed("new", [1000] * 50), **changed)).timing
    assert found.how == "none"
    assert why in found.why_not
    assert all(shift.low is None for shift in found.shifts)


def test_a_board_that_counts_nothing_has_no_timing():
    assert compare_sides(timed("old", [0] * 5), timed("new", [0] * 5)).timing is None


def boots(draw, effects, rise=0.0, unit="u1", name="run"):
    """Runs of one unit; each boot shifts all its samples alike."""
    return [boards(draw, 30, (1 + rise) * (1 + e) - 1, 0.0001, f"{name}{i}", unit) for i, e in enumerate(effects)]


def test_what_changes_from_boot_to_boot_is_in_the_interval_over_boots_alone():
    draw, alarms, single, runs = np.random.default_rng(7), 0, 0, 60
    for _ in range(runs):
        before, after = (boots(draw, 0.002 * draw.standard_normal(5)) for _ in range(2))
        shift = over_boots(before, after, 0.95).shifts[0]
        alarms += not shift.low <= 0 <= shift.high
        shift = median(before[0], after[0])
        single += not shift.low <= 0 <= shift.high
    assert alarms / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert single / runs > 0.5


def test_units_are_each_held_against_themselves_and_one_that_ran_once_is_left_out():
    draw = np.random.default_rng(8)
    # u2 is 1 % slower than u1, whatever runs on it.
    before = [*boots(draw, [0.0], unit="u1"), *boots(draw, [0.01], unit="u2"), *boots(draw, [0.3], unit="u3")]
    after = [*boots(draw, [0.0], 0.005, unit="u1"), *boots(draw, [0.01], 0.005, unit="u2")]
    shift = over_boots(before, after, 0.95).shifts[0]
    assert shift.low < 0.005 < shift.high
    assert shift.rise == pytest.approx(0.005, abs=2e-4)


def test_repeats_are_used_and_must_be_of_the_same_firmware():
    draw = np.random.default_rng(9)
    before, after = boots(draw, [0, 0.001, -0.001], name="old"), boots(draw, [0, 0.001, -0.001], 0.01, name="new")
    for run in (*before, *after):
        about_ = run.record.firmware.model_copy(update={"elf_sha256": run.name[:3]})
        object.__setattr__(run, "record", run.record.model_copy(update={"firmware": about_}))
    found = compare_sides(before[0], after[0], repeats=(before[1:], after[1:])).timing
    assert (found.how, found.n) == ("boots", 30)
    assert 0 < found.shifts[0].low < 0.01 < found.shifts[0].high
    with pytest.raises(MisuseError, match="another firmware"):
        compare_sides(before[0], after[0], repeats=(after[1:], ()))


@pytest.mark.parametrize(
    ("metric", "limit", "percent", "passed"),
    [
        ("cycles.p50", 0.5, True, True),
        ("cycles.p50", 0.05, True, False),
        ("cycles.p50", 1500, False, True),
        ("cycles.p50", 500, False, False),
        ("cycles.p99", 0.5, True, None),
    ],
)
def test_a_limit_on_the_rise_is_judged_by_its_interval(metric, limit, percent, passed):
    old, new = timed("old", np.linspace(1e6, 1.1e6, 50)), timed("new", np.linspace(1e6, 1.1e6, 50) * 1.001)
    margins = Margins(accuracy=0.1, more=(Limit(metric, "rise", limit, percent),))
    found = compare_sides(old, new, margins=margins)
    assert found.checks[-1].passed is passed
    assert ("bound it on neither side" in found.checks[-1].reason) == (passed is None)
