"""What people do with units: hold, give back, take out of service, put back; and how a unit stands, in words and as JSON."""

import json
import os
import shlex
import sys
from datetime import timedelta

import pytest

from harness.bench import holds, lease, people, queue, rackstate, standing
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.errors import BenchError, MisuseError
from harness.testing.clock import ManualClock

PLACES = (Place("nucleo_f446re", "U1", "p1", name="left"), Place("nucleo_f446re", "U2", "p2", skip="no cable"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HIL_USER", "ann")


@pytest.fixture
def as_bob(monkeypatch):
    def become(name="bob"):
        monkeypatch.setenv("HIL_USER", name)

    return become


def test_a_person_is_who_the_variable_says_else_the_login(monkeypatch):
    assert people.me() == "ann"
    monkeypatch.setenv("HIL_USER", "  ")
    monkeypatch.setenv("LOGNAME", "bob")
    assert people.me() == "bob"
    monkeypatch.setattr("getpass.getuser", lambda: {}["nobody"])
    assert people.me() == f"user {os.getuid()}"


def test_a_hold_is_held_on_by_its_holder_and_refused_to_others(as_bob):
    clock = ManualClock()
    holds.hold("U1", reason=" solder\ning ", clock=clock)
    again = holds.hold("U1", reason="still", for_=timedelta(hours=1), clock=clock)
    assert (again.reason, again.until) == ("still", clock.now() + timedelta(hours=1))
    as_bob()
    with pytest.raises(BenchError, match=r"held by ann(.|\n)*still(.|\n)*release U1 --force"):
        holds.hold("U1", reason="mine", clock=clock)
    assert rackstate.state_of("U1", clock).by == "ann"
    clock.advance_s(3600)
    assert holds.hold("U1", reason="mine", clock=clock).by == "bob"


def test_another_s_hold_is_ended_by_force_alone_and_the_journal_says_who_did(as_bob):
    holds.hold("U1", reason="soldering")
    as_bob()
    with pytest.raises(BenchError, match=r"held by ann(.|\n)*--force"):
        holds.release("U1")
    assert holds.release("U1", force=True).state is State.GOOD
    last = rackstate.moves("U1")[-1]
    assert (last.by, last.reason) == ("bob", "taken from ann by force")
    with pytest.raises(BenchError, match="nobody holds unit U1"):
        holds.release("U1")


def test_quarantine_is_no_hold_and_ends_by_admission(as_bob):
    holds.quarantine("U1", reason="dead")
    with pytest.raises(BenchError, match=r"nobody holds(.|\n)*quarantined(.|\n)*admit U1"):
        holds.release("U1")
    as_bob()
    assert holds.admit("U1").state is State.GOOD
    assert rackstate.moves("U1")[-1].by == "bob"


@pytest.mark.parametrize("act", [holds.hold, holds.quarantine])
def test_who_takes_a_unit_from_others_says_why(act):
    with pytest.raises(MisuseError, match="needs a reason"):
        act("U1", reason=" \n")
    assert rackstate.moves() == ()


def test_a_standing_tells_people_who_has_it_why_and_what_moved_it_last():
    rackstate.move("U1", State.SUSPECT, reason="2 rig faults", by="hil", rig_faults=2)
    holds.hold("U1", reason="soldering")
    ticket = queue.enter(["U1"], lease.held.me("waits", lease.SystemClock()))
    with lease.acquire("U2", what="a run"):
        left, right = standing.standings(PLACES)
    ticket.leave()
    assert (left.title, left.why()) == ("left", "soldering (suspect beneath)")
    assert left.held().startswith("ann until ")
    assert left.held().endswith("UTC; 1 wait")
    assert left.moved().endswith("UTC ann: maintenance")
    assert (right.title, right.why(), right.moved()) == ("U2", "skipped by the bench file: no cable", "")
    assert f"process {os.getpid()} of ann" in right.held()


def test_as_json_it_says_the_same_and_whether_it_takes_work():
    holds.hold("U1", reason="soldering")
    with lease.reserve("U2", what="a night"):
        left, right = (json.loads(json.dumps(one.as_json())) for one in standing.standings(PLACES))
    assert (left["state"], left["beneath"], left["by"], left["takes_work"]) == ("maintenance", "good", "ann", False)
    assert left["until"] > left["since"] == left["last_move"]["at"]
    assert (right["state"], right["since"], right["last_move"], right["takes_work"]) == ("good", None, None, False)
    assert (right["holder"]["pid"], right["holder"]["reserved"]) == (os.getpid(), True)
    assert left.keys() == right.keys()


def test_without_a_bench_file_units_that_are_not_good_are_told_of_though_they_are_away():
    holds.quarantine("gone", reason="dead")
    rackstate.move("fine", State.GOOD, reason="", by="hil")
    assert [(one.uid, one.board) for one in standing.standings() if one.uid in ("gone", "fine")] == [("gone", "?")]


def test_a_unit_is_meant_by_its_id_or_its_name_and_what_is_not_known_is_refused_with_what_is():
    assert [standing.find(said, PLACES) for said in ("left", "U1", "U2")] == ["U1", "U1", "U2"]
    with pytest.raises(MisuseError, match=r"'lefd'(.|\n)*left, U2(.|\n)*left"):
        standing.find("lefd", PLACES)
    holds.quarantine("gone", reason="dead")
    assert standing.find("gone") == "gone"
    with pytest.raises(MisuseError, match=r"'U1'(.|\n)*--bench"):
        standing.find("U1")


def test_a_unit_of_another_host_is_asked_for_there_and_moved_there(monkeypatch):
    monkeypatch.setenv("HIL_SSH", f"{shlex.quote(sys.executable)} -m harness.testing.far_host")
    monkeypatch.setenv("HIL_UNIT_SERVER", f"{shlex.quote(sys.executable)} -m harness unit-server")
    holds.quarantine("F1", reason="dead")  # the other host is this one: what it says is seen
    places = [Place("nucleo_f446re", uid, "port", via="rack2") for uid in ("F1", "F2")]
    dead, fine = standing.standings(places)
    assert (dead.stands(), dead.takes_work, fine.stands(), fine.takes_work) == (
        "takes no work",
        False,
        "takes work",
        True,
    )
    assert dead.why().startswith("at rack2; unit F1 is quarantined")
    assert dead.as_json()["there"]["refusal"].startswith("unit F1 is quarantined")
    with pytest.raises(MisuseError, match=r"another host's(.|\n)*ssh rack2 hil rack ... F1"):
        standing.find("F1", places)
