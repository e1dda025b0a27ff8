"""``hil rack check``: a line and a status for the people, JSON for the rest, and what it makes of each unit's state."""

import json
import os
import subprocess
import sys

import pytest

from harness.bench import rackstate
from harness.bench.rackstate import State
from harness.testing.rack import VirtualRack
from harness.virtual.host.control import Control


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({"nucleo_f446re": 2}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
        yield rack


@pytest.fixture
def hil(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))

    def run(*words):
        command = [sys.executable, "-m", "harness", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, env=os.environ | {"COLUMNS": "200"})

    return run


def test_every_unit_is_told_in_a_line_and_one_that_fails_is_quarantined(rack, hil):
    good, bad = rack.uids
    with Control(bad) as control:
        control.spoil_line("to_host")
        done = hil("rack", "check", "--quick", "--bench", rack.bench)
        control.spoil_line("to_host", 0)
    assert done.returncode == 2, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith(f"ok   {good}  nucleo_f446re  good  ") and "samples 20 of 20" in line for line in lines)
    assert any(line.startswith(f"FAIL {bad}  nucleo_f446re  quarantined  failed at hello: ") for line in lines)
    assert lines[-1] == "1 of 2 units are good"
    assert rackstate.state_of(bad).state is State.QUARANTINED
    named = hil("rack", "check", bad, "--bench", rack.bench, "--json")
    assert named.returncode == 0, named.stdout + named.stderr
    (found,) = json.loads(named.stdout)
    assert (found["uid"], found["ok"], found["state"]) == (bad, True, "good")
    assert [part["name"] for part in found["parts"]] == ["probe", "ram", "flash", "hello", "line", "samples"]
    assert rackstate.state_of(bad).state is State.GOOD


def test_a_unit_that_is_not_there_is_a_mistake_of_who_named_it(rack, hil):
    done = hil("rack", "check", rack.uids[0][:-1], "--bench", rack.bench)
    assert done.returncode == 3
    assert f"did you mean {rack.uids[0]!r}?" in done.stderr or rack.uids[0] in done.stderr


def test_what_the_valve_has_stopped_can_be_let_go_on(hil):
    done = hil("rack", "check", "--forget-stops")
    assert (done.returncode, done.stdout) == (0, "0 stops of the safety valve are forgotten\n")
