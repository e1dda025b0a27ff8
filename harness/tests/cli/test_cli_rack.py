"""`hil rack`: what people do with units, and what they are told."""

import json
import os

import pytest
from typer.testing import CliRunner

from harness.bench import lease, rackjournal, rackstate
from harness.bench.rackstate import State
from harness.cli import bench_commands, case_commands, rack_commands  # noqa: F401 - importing them adds their commands to `app`
from harness.cli.app import app
from harness.errors import BenchError, MisuseError
from harness.plans.bench import Bench, BenchUnit, dump_bench
from harness.run.options import RunOptions
from harness.testing.rack import VirtualRack

BOARD = "nucleo_f446re"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HIL_USER", "ann")
    monkeypatch.setenv("COLUMNS", "220")


@pytest.fixture
def bench(tmp_path):
    path = tmp_path / "rack.yaml"
    units = (
        BenchUnit(board=BOARD, uid="U1", port="loop://", name="left"),
        BenchUnit(board="nucleo_l476rg", uid="U2", port="loop://", skip="no cable"),
    )
    path.write_text(dump_bench(Bench(units=units), "a rack"), encoding="utf-8")
    return path


def hil(*arguments, raises=None):
    done = CliRunner().invoke(app, [str(word) for word in arguments])
    if raises is None:
        assert done.exception is None, done.output
    else:
        assert isinstance(done.exception, raises), done.output
        return str(done.exception)
    return done.output


def test_a_unit_is_held_by_its_name_seen_as_held_and_given_back(bench):
    said = hil("rack", "hold", "left", "--reason", "solder\x1b[31ming [x]", "--for", "2h", "--bench", bench)
    assert "U1: held by ann until" in said
    assert "\x1b" not in said
    seen = hil("rack", "status", "--bench", bench)
    (line,) = [line for line in seen.splitlines() if "left" in line]
    assert "maintenance" in line
    assert "ann until" in line
    assert "[x]" in line
    assert "\x1b" not in line
    (other,) = [line for line in seen.splitlines() if "U2" in line]
    assert "skipped by the bench file: no cable" in other
    assert "good" in hil("rack", "release", "left", "--bench", bench)
    assert rackstate.state_of("U1").state is State.GOOD


def test_a_hold_of_another_is_refused_and_taken_by_force(bench, monkeypatch):
    hil("rack", "hold", "left", "--reason", "soldering", "--bench", bench)
    monkeypatch.setenv("HIL_USER", "bob")
    assert "held by ann" in hil("rack", "hold", "U1", "--reason", "mine", raises=BenchError)
    assert "--force" in hil("rack", "release", "U1", raises=BenchError)
    hil("rack", "release", "U1", "--force")
    assert rackstate.moves("U1")[-1].reason == "taken from ann by force"


def test_a_unit_that_is_used_is_held_and_its_user_named(bench):
    with lease.acquire("U1", what="a run"):
        assert f"still used by process {os.getpid()}" in hil("rack", "hold", "left", "--reason", "x", "--bench", bench)


@pytest.mark.parametrize("length", ["0m", "15d", "2", "-2h", "1e9w", "99999w"])
def test_a_length_that_none_has_is_refused(length, bench):
    hil("rack", "hold", "left", f"--for={length}", "--reason", "x", "--bench", bench, raises=MisuseError)
    assert rackstate.moves() == ()


def test_quarantine_and_admission_name_who_and_why(bench):
    assert "U1: quarantined: dead" in hil("rack", "quarantine", "left", "--reason", "dead", "--bench", bench)
    (unit, _) = json.loads(hil("rack", "status", "--json", "--bench", bench))["units"]
    assert (unit["state"], unit["by"], unit["reason"], unit["takes_work"]) == ("quarantined", "ann", "dead", False)
    assert "U1: good: new cable" in hil("rack", "admit", "U1", "--reason", "new cable")


def test_what_is_not_known_is_refused(bench):
    assert "'right'" in hil("rack", "hold", "right", "--reason", "x", "--bench", bench, raises=MisuseError)
    assert "left, U2" in hil("rack", "quarantine", "U9", "--reason", "x", "--bench", bench, raises=MisuseError)


def test_a_journal_that_cannot_be_written_is_told_and_moves_nothing(bench):
    rackjournal.path().parent.parent.mkdir()
    rackjournal.path().parent.write_text("")
    assert "HIL_STATE_DIR" in hil("rack", "hold", "left", "--reason", "x", "--bench", bench, raises=BenchError)
    assert "left" in hil("rack", "status", "--bench", bench)


def test_a_journal_that_cannot_be_read_is_told_where_units_are_said_to_be_good(bench):
    rackjournal.path().mkdir(parents=True)
    assert "cannot be read (Is a directory)" in hil("rack", "status", "--bench", bench)
    assert "cannot be read" in json.loads(hil("rack", "status", "--bench", bench, "--json"))["journal"]
    rackjournal.path().rmdir()
    assert json.loads(hil("rack", "status", "--bench", bench, "--json"))["journal"] == ""
    rackjournal.path().write_text("{\n")
    assert "damaged lines, which were passed over (1)" in hil("rack", "status", "--bench", bench)


def test_a_reason_and_a_name_are_one_line(bench, monkeypatch):
    monkeypatch.setenv("HIL_USER", " ann\nb. ")
    assert "U1: good: new cable" in hil("rack", "admit", "left", "--reason", " new\n cable", "--bench", bench)
    assert rackstate.state_of("U1").by == "ann b."


def test_running_units_are_seen_without_a_bench_file_and_what_takes_no_work_is_refused_in_no_time(tmp_path):
    elf = tmp_path / "fw.elf"
    with VirtualRack({BOARD: 1}, tmp_path / "rack.yaml") as rack:
        (uid,) = rack.uids
        hil("rack", "quarantine", uid, "--reason", "it wears\tout")
        assert uid in hil("rack", "status")
        units = json.loads(hil("units", "--json"))
        assert [(one["state"], one["reason"]) for one in units if one["uid"] == uid] == [
            ("quarantined", "it wears out")
        ]
        assert "quarantined: it wears out" in hil("units")
        assert not elf.exists()
        places = RunOptions.make(backend="auto", bench=rack.bench, uid=None).places
        with pytest.raises(lease.OutOfService, match="it wears out"):
            lease.acquire_any([place.uid for place in places], what="a run", wait_s=600)
