"""A unit's power is switched by the commands of the bench file; a unit without a switch says how to name one."""

import os
import shlex
import sys

import pytest

from harness.bench.boards import load_board
from harness.bench.power import _program
from harness.bench.power.command import CommandSwitch
from harness.bench.unit import open_unit
from harness.clock import SystemClock
from harness.errors import BenchError, PlanError
from harness.plans.bench import Bench, BenchUnit, dump_bench, load_bench, merged
from harness.plans.power import CommandPower
from harness.run.options import RunOptions

BENCH = """units:
  - board: nucleo_f446re
    uid: "1"
    port: /dev/ttyACM0
    power:
      on: "switch 3 'the lab' on"
      off: "switch 3 'the lab' off"
"""


def test_the_commands_of_a_bench_file_reach_the_unit(tmp_path):
    path = tmp_path / "rack.yaml"
    path.write_text(BENCH)
    (place,) = RunOptions.make(backend="probe", bench=path, uid=None).places
    assert place.power == CommandSwitch("switch 3 'the lab' on", "switch 3 'the lab' off")


def test_half_a_switch_is_refused_with_its_line(tmp_path):
    path = tmp_path / "rack.yaml"
    path.write_text(BENCH.replace("      off: \"switch 3 'the lab' off\"\n", ""))
    with pytest.raises(PlanError, match=r"rack.yaml:5"):
        load_bench(path)


def test_a_search_for_units_keeps_their_switches(tmp_path):
    power = CommandPower(on="a", off='b "c"')
    old = Bench(units=(BenchUnit(board="b", uid="1", port="/dev/ttyACM0", power=power),))
    found = BenchUnit(board="b", uid="1", port="/dev/ttyACM7")
    new = merged(old, [found])
    assert new.units == (BenchUnit(board="b", uid="1", port="/dev/ttyACM7", power=power),)
    (tmp_path / "rack.yaml").write_text(dump_bench(new, "found"))
    assert load_bench(tmp_path / "rack.yaml") == new


def test_commands_are_run_without_a_shell_and_must_end_well(tmp_path):
    def python(code):
        return shlex.join([sys.executable, "-c", code])

    mark = tmp_path / "a b; c"
    switch = CommandSwitch(
        python(f"open({str(mark)!r}, 'w')"), python("import sys; print('no such plug'); sys.exit(3)")
    )
    switch.on()
    assert mark.exists()
    with pytest.raises(BenchError) as caught:
        switch.off()
    assert "exit status 3, no such plug" in str(caught.value)
    for nonsense in ("/nowhere/switch on", "'unended"):
        with pytest.raises(BenchError, match="could not be switched"):
            CommandSwitch(nonsense, nonsense).on()


def test_a_command_that_does_not_end_is_ended_with_what_it_has_started(tmp_path, monkeypatch):
    """What is left of it would switch the unit when nobody expects it."""
    monkeypatch.setattr(_program, "DEADLINE_S", 1.0)
    line, held = tmp_path / "line", "sleep 1000 >{0} & echo $! >{0}; wait"
    os.mkfifo(line)
    reader = os.open(line, os.O_RDONLY | os.O_NONBLOCK)  # at its end when nobody has the other one any more
    try:
        command = shlex.join(["sh", "-c", held.format(shlex.quote(str(line)))])
        with pytest.raises(BenchError, match="power could not be switched"):
            CommandSwitch("true", command).off()
        os.set_blocking(reader, True)
        while os.read(reader, 100):
            pass  # hangs, and so fails, where the sleep is alive
    finally:
        os.close(reader)


def test_a_virtual_unit_without_power_is_dead_to_its_probe_until_it_is_back():
    board = load_board("nucleo_f446re")
    with open_unit(board, backend="virtual", what="a test", clock=SystemClock()) as unit:
        unit.core()
        unit.power_switch().off()
        with pytest.raises(BenchError):
            unit.probe.chip_id()
        unit.power_switch().off()
        unit.power_switch().on()
        unit.reconnect_probe()
        assert unit.core()
        assert unit.probe.chip_id()


def test_a_unit_without_a_switch_says_how_to_name_one():
    board = load_board("nucleo_f446re")
    with open_unit(board, backend="virtual", what="a test", clock=SystemClock()) as unit:
        unit.power = None
        with pytest.raises(BenchError) as caught:
            unit.power_switch()
    text = str(caught.value)
    assert "power: {on:" in text
    assert unit.uid in text
    assert "--bench" in text
