"""The states of units, and the journal that they are folded from: against real processes that are killed while they write."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from harness.bench import rackjournal, rackstate
from harness.bench.rackstate import State
from harness.errors import BenchError, MisuseError
from harness.testing.clock import ManualClock

WRITE = textwrap.dedent(
    """
    import sys
    from harness.bench import rackstate
    from harness.bench.rackstate import State
    me, n = sys.argv[1], int(sys.argv[2])
    for number in range(n):
        rackstate.move(f"unit-{me}", State.SUSPECT, reason=f"{number}", by=me, rig_faults=number)
        print(number, flush=True)
    """
)


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def clock():
    return ManualClock()


def hold(uid, clock, **rest):
    return rackstate.move(uid, State.MAINTENANCE, reason="soldering", by="ann", clock=clock, **rest)


def quarantine(uid, clock=None, **rest):
    return rackstate.move(uid, State.QUARANTINED, reason="its port is dead", by="hil", clock=clock, **rest)


def test_a_unit_of_which_nothing_is_known_is_good(state_folder):
    found = rackstate.state_of("unit-1")
    assert (found.state, found.rig_faults, found.works, found.since) == (State.GOOD, 0, True, rackstate.NEVER)
    assert not state_folder.exists(), "who only reads makes nothing"


def test_a_move_is_read_back_with_who_why_and_when(clock):
    moved = rackstate.move(
        "unit-1", State.SUSPECT, reason="two rig faults", by="hil", evidence="run 7", rig_faults=2, clock=clock
    )
    assert rackstate.state_of("unit-1", clock) == moved
    assert (moved.reason, moved.by, moved.evidence, moved.rig_faults) == ("two rig faults", "hil", "run 7", 2)
    assert moved.since == clock.now()
    assert list(rackstate.states(clock)) == ["unit-1"]
    assert not quarantine("unit-1").works


def test_a_count_that_changes_does_not_change_since_when(clock):
    first = rackstate.move("u", State.SUSPECT, reason="a", by="hil", rig_faults=1, clock=clock)
    clock.sleep_s(60)
    then = rackstate.move("u", State.SUSPECT, reason="b", by="hil", rig_faults=2, clock=clock)
    assert (then.since, then.rig_faults, then.reason) == (first.since, 2, "b")
    assert rackstate.move("u", State.GOOD, reason="passed", by="hil", clock=clock).rig_faults == 0


def test_a_hold_ends_by_itself_and_what_stood_before_stands_again(clock):
    quarantine("u", clock)
    held = hold("u", clock, until=clock.now() + timedelta(hours=2))
    assert (held.state, held.beneath, held.by) == (State.MAINTENANCE, State.QUARANTINED, "ann")
    clock.sleep_s(2 * 3600 - 1)
    assert rackstate.state_of("u", clock).state is State.MAINTENANCE
    clock.sleep_s(1)
    assert rackstate.state_of("u", clock).reason == "its port is dead"


def test_what_the_rack_thinks_may_change_beneath_a_hold(clock):
    hold("u", clock)
    assert rackstate.move("u", State.SUSPECT, reason="x", by="hil", rig_faults=3, clock=clock).beneath is State.SUSPECT
    ended = rackstate.end_hold("u", reason="done", by="ann", clock=clock)
    assert (ended.state, ended.reason, ended.rig_faults) == (State.SUSPECT, "x", 3)
    n = len(rackstate.moves())
    rackstate.end_hold("u", reason="again", by="ann", clock=clock)
    assert len(rackstate.moves()) == n, "no hold, nothing to end"


def test_a_hold_has_an_end_whoever_forgets_it(clock):
    assert hold("u", clock).until == clock.now() + rackstate.HOLD
    for until in (clock.now() + rackstate.LONGEST_HOLD + timedelta(seconds=1), clock.now()):
        with pytest.raises(MisuseError, match="cannot be held"):
            hold("u", clock, until=until)


def test_a_move_from_a_state_that_it_is_no_longer_in_is_none(clock):
    quarantine("u", clock)
    found = rackstate.move("u", State.GOOD, reason="passed", by="hil", only_from=[State.SUSPECT], clock=clock)
    assert found.state is State.QUARANTINED
    assert len(rackstate.moves("u")) == 1


def written(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_many_that_write_at_once_lose_nothing():
    processes = [written(me, 20) for me in range(6)]
    for process in processes:
        assert process.communicate(timeout=200)[1] == ""
    for me in range(6):
        assert [move.reason for move in rackstate.moves(f"unit-{me}")] == [str(number) for number in range(20)]
    assert rackjournal.read().damaged == 0
    assert [path.name for path in rackjournal.path().parent.iterdir()] == ["moves.jsonl"], "no lock is left"


def test_a_writer_that_is_killed_loses_at_most_what_it_had_not_said_yet():
    chance = random.Random(13)
    told = {}
    for me in range(8):
        process = written(me, 10_000)
        for _ in range(chance.randrange(1, 40)):
            told[me] = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for me, last in told.items():
        reasons = [int(move.reason) for move in rackstate.moves(f"unit-{me}")]
        assert reasons == list(range(len(reasons)))
        assert len(reasons) > last
    quarantine("unit-0")  # and its lock is free
    assert [path.name for path in rackjournal.path().parent.iterdir()] == ["moves.jsonl"]


@pytest.mark.parametrize("cut", [1, 2, 40, 10_000])
def test_a_line_that_was_cut_short_costs_that_line_alone(cut):
    quarantine("one")
    whole = rackjournal.path().read_bytes()
    rackstate.move("two", State.SUSPECT, reason="r", by="b")
    content = rackjournal.path().read_bytes()
    rackjournal.path().write_bytes(content[: max(len(whole) + 3, len(content) - cut)])
    # A line without its end alone is whole; one without more of it is not there.
    assert rackstate.state_of("two").state is (State.SUSPECT if cut == 1 else State.GOOD)
    assert rackstate.state_of("one").state is State.QUARANTINED
    rackstate.move("three", State.SUSPECT, reason="r", by="b")
    assert rackstate.state_of("three").state is State.SUSPECT
    assert rackstate.state_of("one").state is State.QUARANTINED


def test_what_cannot_be_understood_is_passed_over_and_counted():
    quarantine("one")
    with rackjournal.path().open("ab") as file:
        file.write(b'\x00\xff\n{"uid": 3}\n[]\n' + b"[" * 100_000 + b"\n")
        file.write(b'{"uid": "one", "state": "glowing", "reason": "", "by": "", "at": "2026-01-01"}\n')
    assert rackstate.state_of("one").state is State.QUARANTINED
    assert rackjournal.read().damaged == 3
    quarantine("two")
    assert rackstate.state_of("two").state is State.QUARANTINED


def test_a_journal_that_grows_is_begun_anew_and_says_the_same(monkeypatch, clock):
    monkeypatch.setattr(rackjournal, "MOST_BYTES", 20_000)
    monkeypatch.setattr(rackstate, "_KEPT", 10)
    quarantine("dead", clock)
    clock.sleep_s(5)
    quarantine("dead", clock, evidence="night 2")
    hold("held", clock)
    hold("was held", clock)
    rackstate.end_hold("was held", reason="", by="ann", clock=clock)
    before = rackstate.states(clock)
    for number in range(300):
        rackstate.move("busy", State.GOOD, reason=str(number), by="hil", clock=clock)
    assert rackjournal.path().stat().st_size <= 20_000
    after = rackstate.states(clock)
    assert {uid: after[uid] for uid in ("dead", "held")} == {uid: before[uid] for uid in ("dead", "held")}
    assert after["was held"].state is State.GOOD
    assert (after["busy"].reason, after["busy"].since) == ("299", clock.now())
    kept = [json.loads(line) for line in rackjournal.path().with_suffix(".before.jsonl").read_text().splitlines()]
    assert len(kept) > len(rackjournal.read().lines) - 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rights are those of a POSIX system")
def test_a_folder_that_may_not_be_written_stops_only_who_writes(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="hil-") as name:  # below pytest's own folder only its owner may go
        monkeypatch.setenv("HIL_STATE_DIR", name)
        Path(name).chmod(0o755)
        quarantine("u")
        folder = rackjournal.path().parent
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if os.geteuid() == 0:  # root may write anywhere
                    os.setgid(65534)
                    os.setuid(65534)
                assert rackstate.state_of("u").state is State.QUARANTINED
                with pytest.raises(BenchError, match="state folder cannot be used"):
                    quarantine("v")
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        folder.chmod(0o700)
        assert list(rackstate.states()) == ["u"]


def test_a_file_where_the_folder_should_be_stops_only_who_writes(state_folder):
    state_folder.write_text("")
    assert rackstate.state_of("u").state is State.GOOD
    with pytest.raises(BenchError, match="state folder cannot be used"):
        quarantine("u")


def test_a_journal_that_is_no_file_stops_only_who_writes():
    rackjournal.path().mkdir(parents=True)
    assert rackstate.state_of("u").state is State.GOOD
    assert "directory" in rackjournal.read().why
    with pytest.raises(BenchError, match="state folder cannot be used"):
        quarantine("u")


def test_without_a_home_nothing_is_known_and_only_who_writes_is_told(monkeypatch):
    for name in ("HIL_STATE_DIR", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert rackstate.state_of("u").state is State.GOOD
    with pytest.raises(BenchError, match="no home"):
        quarantine("u")
