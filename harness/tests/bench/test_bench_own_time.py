"""Waiting by the unit's own seconds."""

import subprocess
import sys

import pytest

from harness.bench.own_time import STANDSTILL_S, UnitClock
from harness.errors import BenchError
from harness.testing.clock import ManualClock
from harness.virtual.debug.lifetime import Lifetime, LivedWall, read


class SlowUnit:
    """Lives ``speed`` seconds in each of the host's."""

    def __init__(self, host, speed=1.0):
        self.host, self.speed, self.lived_s, self._at_s = host, speed, 0.0, host.monotonic_s()

    def own_time_s(self):
        now_s = self.host.monotonic_s()
        self.lived_s += (now_s - self._at_s) * self.speed
        self._at_s = now_s
        return self.lived_s


def waited(clock, host, seconds, step_s=0.05):
    began_s = clock.monotonic_s()
    for _ in range(round(seconds / step_s)):
        host.advance_s(step_s)
        clock.monotonic_s()
    return clock.monotonic_s() - began_s


@pytest.mark.parametrize("speed", [1.0, 0.5, 0.01])
def test_a_slow_unit_is_given_its_time_in_its_own_seconds(speed):
    host = ManualClock()
    clock = UnitClock(host, SlowUnit(host, speed).own_time_s, where="unit 1")
    assert waited(clock, host, 20.0) == pytest.approx(20.0 * speed)


def test_a_unit_that_is_faster_than_the_host_shortens_no_patience():
    host = ManualClock()
    clock = UnitClock(host, SlowUnit(host, 30.0).own_time_s, where="unit 1")
    assert waited(clock, host, 20.0) == pytest.approx(20.0)


def test_a_unit_that_tells_in_large_steps_loses_nothing():
    host = ManualClock()
    unit = SlowUnit(host)
    told = [0.0]
    clock = UnitClock(host, lambda: told[0], where="unit 1")
    total = 0.0
    for _ in range(5):
        total += waited(clock, host, 2.0)
        told[0] = unit.own_time_s()
    assert total + waited(clock, host, 0.05) == pytest.approx(10.0)


def test_a_stopped_unit_is_waited_for_and_then_called_stuck_and_that_is_the_rigs():
    host = ManualClock()
    unit = SlowUnit(host, 0.0)
    clock = UnitClock(host, unit.own_time_s, where="unit 1")
    assert waited(clock, host, STANDSTILL_S - 1.0) == 0.0
    unit.speed = 1.0
    assert waited(clock, host, 3.0) == pytest.approx(3.0)
    unit.speed = 0.0
    with pytest.raises(BenchError, match="its process does not run"):
        waited(clock, host, STANDSTILL_S + 1.0)


def test_a_real_unit_is_waited_for_by_the_hosts_clock_to_the_last_digit():
    host = ManualClock()
    clock = UnitClock(host, lambda: None, where="unit 1")
    began_s = clock.monotonic_s()
    host.advance_s(0.0123)
    assert clock.monotonic_s() - began_s == pytest.approx(0.0123)


def test_a_host_that_was_stopped_has_not_waited():
    host = ManualClock()
    clock = UnitClock(host, lambda: None, where="unit 1")
    began_s = clock.monotonic_s()
    host.advance_s(3600.0)
    assert clock.monotonic_s() - began_s <= 5.0


def test_a_host_that_was_stopped_has_not_waited_what_a_slow_unit_lived_meanwhile():
    host = ManualClock()
    unit = SlowUnit(host, 0.5)
    clock = UnitClock(host, unit.own_time_s, where="unit 1")
    assert waited(clock, host, 60.0) == pytest.approx(30.0)  # the unit is half a minute behind by now
    began_s = clock.monotonic_s()
    host.advance_s(3600.0)
    assert clock.monotonic_s() - began_s <= 5.0


def test_a_unit_that_tells_nonsense_for_once_has_not_lived_all_its_life_anew():
    host = ManualClock()
    unit = SlowUnit(host, 0.5)
    told: list[float] = []
    clock = UnitClock(host, lambda: told.pop() if told else unit.own_time_s(), where="unit 1")
    assert waited(clock, host, 60.0) == pytest.approx(30.0)
    told.append(0.0)
    assert waited(clock, host, 0.2) < 0.2


def test_the_clock_never_goes_back_whatever_the_unit_tells():
    host = ManualClock()
    own = iter([5.0, 1.0, None, 7.0, 0.5, 9.0, None, 2.0])
    clock = UnitClock(host, lambda: next(own), where="unit 1")
    seen = []
    for _ in range(8):
        host.advance_s(0.02)
        seen.append(clock.monotonic_s())
    assert seen == sorted(seen)


def test_a_lifetime_is_read_by_others_and_nothing_is_read_where_none_is(tmp_path):
    path = tmp_path / "unit.time"
    assert read(path) is None
    lifetime = Lifetime(path)
    assert read(path) == 0.0
    lifetime.add(1.5)
    lifetime.add(0.25)
    assert read(path) == 1.75
    lifetime.close()
    path.write_bytes(b"torn")
    assert read(path) is None


WRITER = """
import sys
from pathlib import Path
from harness.virtual.debug.lifetime import Lifetime
lifetime = Lifetime(Path(sys.argv[1]))
lifetime.add(500.0)
print(flush=True)
for _ in range(1_000_000):
    lifetime.add(1e-6)
"""


def test_a_lifetime_is_never_read_half_written(tmp_path):
    path = tmp_path / "unit.time"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        seen = []
        while writer.poll() is None:
            seen.append(read(path))
    assert all(lived_s is not None and 500.0 <= lived_s <= 501.0 for lived_s in seen)
    assert seen == sorted(seen)


def test_idle_time_does_not_pass_for_a_program_whose_process_was_stopped():
    host = ManualClock()
    wall = LivedWall(host.monotonic_s)
    began_s = wall()
    for _ in range(20):
        host.advance_s(0.1)
        wall()
    assert wall() - began_s == pytest.approx(2.0)
    host.advance_s(600.0)
    assert wall() - began_s < 2.2
