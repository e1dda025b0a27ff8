"""A unit that breaks in a run of pytest: told, examined, refused at once from then on, and no verdict about the product."""

import json

from plugin_runs import cases_folder, digits_plan, pytest_in

from harness.bench import rackstate
from harness.bench.rackstate import State
from harness.testing.rack import VirtualRack

TEST = """
import pytest

@pytest.mark.board("nucleo_f446re")
def test_mine(dut, dataset):
    assert dut.classify(dataset("digits").test[:20]).lost == 0
"""


def bench(rack, place, **health):
    lines = [f"units:\n  - board: {rack.board(place)}\n    uid: {place}\n    port: {rack.port(place)}\nhealth:\n"]
    return "".join([*lines, *(f"  {key}: {value}\n" for key, value in health.items())])


def test_a_dead_unit_is_quarantined_by_the_first_case_and_the_next_test_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    plan = digits_plan(tmp_path)
    (tmp_path / "test_mine.py").write_text(TEST, encoding="utf-8")
    with VirtualRack({"nucleo_f446re": 1}, tmp_path / "rack.yaml") as rack:
        (uid,) = rack.uids
        (tmp_path / "one.yaml").write_text(bench(rack, uid, faults_in_a_row=1), encoding="utf-8")
        rack.kill(uid)
        run = pytest_in(
            tmp_path, plan, "test_mine.py", "--board", "nucleo_f446re", "--bench", "one.yaml", "--report-dir", "out",
            "--samples", "20",
        )  # fmt: skip
        assert rackstate.state_of(uid).state is State.QUARANTINED
    assert run.returncode == 1, run.stdout
    assert f"unit {uid} is suspect: a fault of the rig: there is no such serial port" in run.stdout
    assert (
        f"unit {uid} is quarantined: it has failed its health plan: probe: there is no such serial port" in run.stdout
    )
    record = json.loads((cases_folder(tmp_path) / "record.json").read_text(encoding="utf-8"))
    assert record["rig"] == {"whose": "unit", "unit": uid, "row": "rig", "wedged": False}
    (mine,) = (tmp_path / "out" / "tests").rglob("record.json")
    record = json.loads(mine.read_text(encoding="utf-8"))
    assert record["reasons"][0].startswith(f"unit {uid} is quarantined")
    assert record["rig"]["whose"] == "nobody"
    states = [move.state for move in rackstate.moves()]
    assert (states[0], states[-1], states.count(State.QUARANTINED)) == (State.SUSPECT, State.QUARANTINED, 1)
