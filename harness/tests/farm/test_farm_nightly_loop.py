"""A night gives each case to a unit that fits, tries again what the rig has spoilt, and comes to its end whatever happens."""

import json
import os
import signal
import threading

import pytest
from night_stage import MODEL, NUCLEO, PSOC, Stage

from harness.bench import lease, loans, rackstate
from harness.bench.rackstate import State
from harness.clock import Deadline
from harness.errors import MisuseError
from harness.evidence.history import History
from harness.farm import valve
from harness.records import Verdict


@pytest.fixture(autouse=True)
def _own_host(tmp_path, monkeypatch):
    for name in ("RUNTIME", "STATE"):
        monkeypatch.setenv(f"HIL_{name}_DIR", str(tmp_path / name.lower()))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("HIL_DB", raising=False)


@pytest.fixture
def stage(tmp_path):
    return lambda **more: Stage(tmp_path / "project", **more)


def free(*uids):
    return [uid for uid in uids if lease.holder(uid) is None]


def test_each_case_runs_once_on_a_unit_of_its_kind_and_everything_is_free_afterwards(stage):
    night = stage()
    told = night.run()
    assert told.status == 0
    assert set(night.runs().values()) == {1}
    assert len(night.runs()) == 4
    for case, unit in night.starts():
        assert unit[0] == {NUCLEO: "n", PSOC: "p"}[case.split("/")[1]]
    assert free("n1", "n2", "p1", "p2") == ["n1", "n2", "p1", "p2"]
    assert not (night.root / ".running").exists()
    assert sum(line.startswith("[") for line in night.said) == 4, night.said


def test_an_error_is_tried_again_on_another_unit_and_its_first_try_is_kept_beside(stage):
    night = stage(a_nucleo=["error", "pass"])
    assert night.run().status == 0
    case = night.case("a_nucleo")
    first, second = case.tries
    assert (first.verdict, second.verdict, case.verdict) == (Verdict.ERROR, Verdict.PASS, Verdict.PASS)
    assert first.unit != second.unit
    assert case.flaky
    folder = night.root / "a" / NUCLEO / MODEL
    verdicts = [json.loads((folder / name).read_text())["verdict"] for name in ("record.json", "try1/record.json")]
    assert verdicts == ["pass", "error"]


def test_a_second_try_goes_to_a_unit_without_faults_and_not_to_one_that_is_as_good_as_dead(stage):
    night = stage(
        units={"n1": NUCLEO, "n2": NUCLEO, "n3": NUCLEO, "p1": PSOC}, plans=("a",), a_nucleo=["error", "pass"]
    )
    rackstate.move("n2", State.GOOD, reason="there is no such serial port", by="hil", rig_faults=1)
    assert night.run().status == 0
    assert [one.unit for one in night.case("a_nucleo").tries] == ["n1", "n3"]


def test_two_errors_are_an_error_and_there_is_no_third_unit(stage):
    night = stage(units={"n1": NUCLEO, "n2": NUCLEO, "n3": NUCLEO, "p1": PSOC}, a_nucleo="error")
    assert night.run().status == 2
    assert len({one.unit for one in night.case("a_nucleo").tries}) == 2
    assert night.case("a_nucleo").verdict is Verdict.ERROR


def test_a_wrong_product_is_never_tried_again(stage):
    night = stage(a_nucleo=["fail", "pass"])
    assert night.run().status == 1
    assert night.runs()[f"a/{NUCLEO}/{MODEL}"] == 1


def test_an_error_stands_where_no_other_unit_is(stage):
    night = stage(units={"n1": NUCLEO, "p1": PSOC}, a_nucleo=["error", "pass"])
    assert night.run().status == 2
    assert len(night.case("a_nucleo").tries) == 1
    assert (night.root / "a" / NUCLEO / MODEL / "record.json").is_file()


def test_without_retries_an_error_stands(stage):
    night = stage(rack="retries: 0\nrun: [all]\n", a_nucleo=["error", "pass"])
    assert night.run().status == 2
    assert night.runs()[f"a/{NUCLEO}/{MODEL}"] == 1


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("die", "ended with status 137"),
        ("nothing", "ended with status 5 and left no record; it said last: a last word"),
    ],
)
def test_a_process_that_leaves_no_record_gets_one_and_is_tried_again(stage, does, words):
    night = stage(a_nucleo=[does, "pass"])
    assert night.run().status == 0
    first = night.case("a_nucleo").tries[0]
    assert first.verdict is Verdict.ERROR
    assert words in " ".join(first.reasons)
    assert (night.root / "a" / NUCLEO / MODEL / "try1" / "record.json").is_file()


def test_a_case_that_is_late_is_ended_with_its_group_and_is_the_rigs_error(stage, monkeypatch):
    from harness.farm.nightly import cases, child

    monkeypatch.setattr(cases, "MARGIN_S", -4100.0 + 0.1)  # of the 4100 s that a plan allows by itself
    monkeypatch.setattr(child, "GRACE_S", 0.1)
    night = stage(plans=("a",), units={"n1": NUCLEO}, rack="retries: 0\nrun: [all]\n", a_nucleo="stubborn")

    class OnceStubborn(Deadline):
        """Before it has begun in earnest it would heed what it is told."""

        @property
        def passed(self):
            return bool(night.ready()) and super().passed

    monkeypatch.setattr(child, "Deadline", OnceStubborn)
    assert night.run().status == 2
    only = night.case("a_nucleo").tries[0]
    assert only.late
    assert "took longer than its deadline" in only.reasons[0]
    for line in night.starts_file.read_text().splitlines():
        with pytest.raises(ProcessLookupError):
            os.kill(int(line.split()[3]), 0)


def test_a_case_that_cannot_begin_is_told_with_the_processs_own_words(stage):
    night = stage(a_nucleo="mistake")
    assert night.run().status == 3
    case = night.case("a_nucleo")
    assert (case.state, case.lack, case.why.splitlines()[0]) == ("left", "plan", "the plan is wrong")


def test_a_plan_that_is_wrong_spoils_no_other(stage):
    night = stage()
    (night.folder / "testplans" / "c.yaml").write_text("name: c\n")
    assert night.run().status == 3
    assert len(night.runs()) == 4
    assert "c.yaml" in night.night.refused[0].id


def test_a_board_that_the_rack_does_not_have_is_told(stage):
    night = stage(units={"n1": NUCLEO})
    assert night.run().status == 2
    case = night.case("a_psoc")
    assert (case.state, case.lack) == ("left", "unit")
    assert PSOC in case.why


def test_what_the_safety_valve_has_stopped_is_not_run(stage):
    night = stage()
    for uid in ("n1", "n2"):  # by one image: two of two would be suspect
        cause = valve.Cause(test=f"a/{NUCLEO}/{MODEL}", image="3f" * 32, board=NUCLEO)
        rackstate.move(uid, State.SUSPECT, reason="three faults", by="hil", evidence=cause.text())
        rackstate.move(uid, State.GOOD, reason="checked", by="ada")
    assert valve.allows("n2", test=f"a/{NUCLEO}/{MODEL}", image="3f" * 32, rack_size=4, of_kind=2) is not None
    assert night.run().status == 2
    case = night.case("a_nucleo")
    assert (case.state, case.lack) == ("left", "valve")
    assert f"a/{NUCLEO}/{MODEL}" not in night.runs()
    assert len(night.runs()) == 3


def test_a_unit_whose_process_died_is_doubted_and_proves_itself(stage):
    night = stage(units={"n1": NUCLEO, "n2": NUCLEO, "p1": PSOC}, a_nucleo=["die", "pass"])
    night.run()
    (doubted,) = (uid for uid, stands in rackstate.states().items() if stands.state is State.SUSPECT)
    assert doubted == night.case("a_nucleo").tries[0].unit
    assert ("check", doubted) in night.starts()
    assert [move.uid for move in night.night.moves] == [doubted]
    assert night.case("a_nucleo").tries[0].killed


def test_units_out_of_service_get_no_work_and_say_why(stage):
    night = stage()
    rackstate.move("n1", State.QUARANTINED, reason="its line is noisy", by="health")
    rackstate.move("p1", State.MAINTENANCE, reason="on a desk", by="ada")
    assert night.run().status == 0
    assert {unit for _, unit in night.starts()} == {"n2", "p2"}
    assert "noisy" in next(unit for unit in night.night.units if unit.uid == "n1").reason


def test_a_suspect_unit_proves_itself_before_it_gets_work_and_without_that_gets_none(stage):
    night = stage(units={"n1": NUCLEO, "p1": PSOC})
    rackstate.move("n1", State.SUSPECT, reason="three faults", by="health")
    assert night.run().status == 2
    assert night.starts().count(("check", "n1")) == 1
    assert {unit for case, unit in night.starts() if case != "check"} == {"p1"}


def test_quarantined_units_prove_themselves_where_the_rack_plan_says_so(stage):
    night = stage(rack="quarantined: check\nrun: [all]\n")
    rackstate.move("n1", State.QUARANTINED, reason="bad", by="health")
    night.run()
    assert ("check", "n1") in night.starts()


def test_a_unit_that_somebody_else_uses_is_left_to_them(stage):
    night = stage()
    with lease.acquire("n1", what="a person's"):
        assert night.run().status == 0
    assert "n1" not in {unit for _, unit in night.starts()}


def test_a_unit_that_somebody_else_has_is_waited_for_and_the_night_says_so(stage, monkeypatch):
    from harness.farm.nightly import rack

    monkeypatch.setattr(rack, "_AGAIN_S", 0.3)
    monkeypatch.setattr(rack, "PATIENCE_S", 0.0)  # a budget is patience enough
    night = stage(units={"n1": NUCLEO, "p1": PSOC}, plans=("a",), rack="budget: 8h\nrun: [all]\n")
    held = lease.acquire("n1", what="a person's")

    def give_back():
        pause = threading.Event()
        for _ in range(3000):  # else the night shall end all the same, and the test fail
            if any("waits for" in line for line in night.said):
                break
            pause.wait(0.01)
        held.release()

    thread = threading.Thread(target=give_back)
    thread.start()
    assert night.run().status == 0
    thread.join()
    (told,) = (line for line in night.said if "waits for" in line)
    assert "a person's" in told
    assert "p1" not in told


def test_a_night_without_a_budget_gives_up_a_unit_that_stays_taken_and_says_who_has_it(stage, monkeypatch):
    from harness.farm.nightly import night as whole_night
    from harness.farm.nightly import rack

    monkeypatch.setattr(rack, "_AGAIN_S", 0.3)
    monkeypatch.setattr(whole_night, "PATIENCE_S", 0.05)
    night = stage(units={"n1": NUCLEO, "p1": PSOC}, plans=("a",))
    with lease.acquire("n1", what="a person's"):
        assert night.run().status == 2
    case = night.case("a_nucleo")
    assert case.lack == "unit"
    assert "a person's" in case.why


def test_what_others_had_all_night_was_short_of_a_unit_and_not_of_time(stage, monkeypatch):
    from harness.farm.nightly import rack

    monkeypatch.setattr(rack, "_AGAIN_S", 0.3)
    night = stage(units={"n1": NUCLEO, "p1": PSOC}, plans=("a",))
    with lease.acquire("n1", what="a person's"):
        assert night.run(budget_s=1.5).status == 2
    assert night.case("a_nucleo").lack == "unit"
    assert "a person's" in night.case("a_nucleo").why


def test_a_unit_that_goes_from_hand_to_hand_is_waited_for_anew():
    from harness.bench.places import Place
    from harness.farm.nightly.rack import Units
    from harness.testing.clock import ManualClock

    class Taken:
        who = "ada"

        def list(self):
            return (Place(NUCLEO, "n1", "/dev/n1"),)

        def acquire(self, place, *, what):
            raise lease.InUse("in use", found=self.who)

    clock, source = ManualClock(), Taken()
    rack = Units("bench.yaml", source, clock, 1, "night", patience_s=100.0)
    coming = []
    for who, later_s in (("ada", 60), ("bob", 60), ("bob", 60)):
        (bay,) = rack.look()
        source.who = who
        with pytest.raises(lease.InUse):
            rack.claim(bay.worker, "a case")
        clock.sleep_s(later_s)
        coming.append(rack.look()[0].coming)
    assert coming == [True, True, False]


def test_priority_comes_before_everything(stage):
    night = stage(
        plans=("a", "b", "c"),
        units={"n1": NUCLEO},
        rack="run: [{plans: b, boards: nucleo*, priority: 5}, {plans: all, boards: nucleo*}]\n",
    )
    night.run()
    assert [case[0] for case, _ in night.starts()] == ["b", "a", "c"]


def test_so_many_at_once_as_was_asked_for(stage):
    night = stage(gate=True)

    def watch():
        pause = threading.Event()
        while not night.starts():
            pause.wait(0.01)
        pause.wait(0.5)  # had a second one been begun, it would be there by now
        counts.append(len(night.starts()))
        night.gate.touch()

    counts: list[int] = []
    opened = threading.Thread(target=watch)
    opened.start()
    night.run(jobs=1)
    opened.join()
    assert counts == [1]


def test_virtual_boards_are_tried_again_on_a_new_one(stage):
    night = stage(units={}, a_nucleo=["error", "pass"])
    assert night.run(jobs=1).status == 0
    assert [one.verdict for one in night.case("a_nucleo").tries] == [Verdict.ERROR, Verdict.PASS]
    assert {unit for _, unit in night.starts()} == {"-"}


def test_a_case_that_spreads_its_samples_is_lent_the_idle_units_of_its_kind_until_it_ends(stage):
    night = stage(
        units={"n1": NUCLEO, "n2": NUCLEO, "n3": NUCLEO, "p1": PSOC},
        rack="run: [{plans: a, shards: auto, priority: 1}, {plans: b, boards: nucleo*}]\n",
        gate=True,
    )
    seen = []

    def watch():
        pause = threading.Event()
        while len(night.starts()) < 2:
            pause.wait(0.01)
        seen.append((list(night.starts()), [lease.holder(uid) is not None for uid in ("n1", "n2", "n3")]))
        night.gate.touch()

    thread = threading.Thread(target=watch)
    thread.start()
    assert night.run().status == 0
    thread.join()
    starts, held = seen[0]
    assert {case.split("/")[0] for case, _ in starts} == {"a"}, "the other plan waits for its units"
    assert held == [True, True, True]
    (only,) = night.case("a_nucleo").tries
    assert {only.unit, *only.lent} == {"n1", "n2", "n3"}
    assert night.case("a_psoc").tries[0].lent == ()
    assert free("n1", "n2", "n3") == ["n1", "n2", "n3"]
    assert loans.lent(night.root / ".running" / "a" / NUCLEO / MODEL, f"a/{NUCLEO}/{MODEL}") == ()


def test_nothing_more_begins_after_as_many_failures_as_the_rack_plan_allows(stage):
    night = stage(
        units={"n1": NUCLEO, "p1": PSOC},
        rack="stop_on: {fails: 1}\nrun: [{plans: all, boards: nucleo*}]\n",
        others="fail",
    )
    assert night.run().status == 1
    assert sum(night.runs().values()) == 1
    assert [case.lack for case in night.night.of_state("left")] == ["stopped"]


def test_what_the_budget_has_no_room_for_is_told_by_name_and_spare_cases_do_not_count(stage):
    night = stage(rack="budget: 1m\nrun: [{plans: a, priority: 1}, {plans: b, spare: true}]\n")
    history(night, a=1.0, b=3600.0)
    assert night.run().status == 0
    assert {case[0] for case, _ in night.starts()} == {"a"}
    left = night.night.of_state("left")
    assert {(case.id[0], case.lack) for case in left} == {("b", "budget")}
    assert "takes about 60 min" in left[0].why
    night.file.write_text("name: night\nbudget: 1m\nrun: [{plans: a, priority: 1}, b]\n")
    assert night.run().status == 4


def history(night, **seconds):
    """Runs of the past: how long the cases of a plan took."""
    from datetime import timedelta

    from harness.records import Record

    text = (night.script).read_text()
    with History.open(base=night.folder / "hil-reports") as store:
        for plan, took in seconds.items():
            for board in (NUCLEO, PSOC):
                record = json.loads(text)["record"]
                for name, value in {
                    "RUN_ID": f"{plan}-{board[:4]}", "CASE_ID": f"{plan}/{board}/{MODEL}", "PLAN": plan, "BOARD": board,
                    "MODEL": MODEL, "VERDICT": "pass",
                }.items():  # fmt: skip
                    record = record.replace(f"@{name}@", value)
                found = Record.model_validate_json(record)
                store.add(
                    found.model_copy(update={"started": found.finished - timedelta(seconds=took)}), None, session="s"
                )


def test_everything_is_in_the_history_as_one_session_and_the_next_night_is_compared_with_it(stage):
    night = stage(a_nucleo=["error", "fail", "pass"], b_psoc=["pass", "fail"])
    night.run(history=True)
    with History.open(base=night.folder / "hil-reports") as store:
        rows = store.runs()
        assert {row.session for row in rows} == {night.root.name}
        assert len(rows) == 5  # the spoilt try too
        first = next(row for row in rows if row.verdict == "error")
        assert first.folder.endswith("/try1")
        assert len(store.resolve("night-night")) == 4
    before = night.root.name
    night.run(history=True)
    assert night.case("b_psoc").before.verdict is Verdict.PASS
    assert night.case("a_nucleo").before.verdict is Verdict.FAIL
    assert night.night.compared == before
    summary = (night.root / "summary.md").read_text()
    assert summary.index("New failures") < summary.index("Fixed")


def test_the_next_night_is_compared_with_what_a_case_came_to_last_and_not_with_what_the_rig_has_spoilt(stage):
    night = stage(plans=("a", "b"), a_nucleo=["fail", "error", "error", "fail", "fail"], b_nucleo="fail")
    night.run(history=True)
    first = night.root.name
    plan = night.folder / "testplans" / "b.yaml"
    text = plan.read_text()
    plan.write_text("name: b\n")  # nothing can be made of it in the second night
    night.run(history=True)
    assert night.case("a_nucleo").verdict is Verdict.ERROR
    plan.write_text(text)
    night.run(history=True)
    for name in ("a_nucleo", "b_nucleo"):
        assert night.case(name).verdict is Verdict.FAIL
        assert night.case(name).before.session == first
    summary = (night.root / "summary.md").read_text()
    assert "Still failing" in summary
    assert "New failures" not in summary


def test_an_old_night_that_is_gone_on_with_does_not_take_the_place_of_the_one_after_it(stage):
    night = stage(units={"n1": NUCLEO}, plans=("a",), rack="run: [{plans: a, boards: nucleo*}]\n")
    night.run(history=True)
    old = night.root
    night.write(a_nucleo="fail")  # of a later moment
    night.run(history=True)
    night.root, newer = old, night.root
    night.resume(history=True)
    with History.open(base=night.folder / "hil-reports") as store:
        assert [row.session for row in store.resolve("night-night")] == [newer.name]


def test_what_the_history_did_not_take_at_first_is_there_before_the_tag_is_to_name_it(stage, monkeypatch):
    from harness.errors import BenchError
    from harness.run.keeping import Keeping

    calls, opened = [], Keeping._opened

    def busy_at_first(self):
        calls.append(1)
        if len(calls) == 1:
            raise BenchError("the database is locked", next_step="wait")
        return opened(self)

    night = stage()
    monkeypatch.setattr(Keeping, "_opened", busy_at_first)
    assert night.run(history=True).unwritten == ""
    with History.open(base=night.folder / "hil-reports") as store:
        assert len(store.resolve("night-night")) == 4


def interrupt_when(night, ready, by=signal.SIGTERM):
    """A thread that ends this process's night once ``ready``."""

    def wait():
        pause = threading.Event()
        while not ready():
            pause.wait(0.01)
        os.kill(os.getpid(), by)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_stop_ends_what_runs_sums_up_what_is_done_and_resume_runs_the_rest_and_nothing_twice(stage, by):
    night = stage(a_nucleo=["hang", "pass"], b_psoc=["hang", "pass"])
    thread = interrupt_when(
        night, lambda: len(night.ready()) == 2 and sum("pass" in line for line in night.said) == 2, by
    )
    told = night.run()
    thread.join()
    assert (told.status, told.stopped_by) == (128 + by, by.name)
    assert free("n1", "n2", "p1", "p2") == ["n1", "n2", "p1", "p2"]
    done = {case for case in night.runs() if night_case(night, case).state == "ended"}
    assert len(done) == 2
    assert [case.state for case in night.night.cases].count("interrupted") == 2
    assert "2 pass, 2 not run" in (night.root / "summary.md").read_text()
    assert night.night.parts[0].exit_status == 128 + by
    unit_before = dict(night.starts())
    told = night.resume()
    assert told.status == 0
    runs = night.runs()
    assert {case: runs[case] for case in done} == dict.fromkeys(done, 1)
    assert all(case.verdict is Verdict.PASS for case in night.night.cases)
    again = [line.split() for line in night.starts_file.read_text().splitlines()][4:]
    assert len(again) == 2
    for line in again:  # gone on with from its journal where it runs on the same unit, else begun anew
        resumed = line[4:] != []
        assert resumed == (line[2] == unit_before[line[1]])
    junit = (night.root / "junit.xml").read_text()
    assert junit.count('name="run"') == 4


@pytest.mark.parametrize(
    ("then", "status", "state"), [("pass", 0, "ended"), ("mistake", 3, "left")], ids=["changed", "wrong"]
)
def test_a_case_whose_journal_nothing_can_go_on_from_begins_anew(stage, then, status, state):
    """Firmware, data or plan are others than before the stop: `hil run --resume` refuses, which is no lack of the plan."""
    night = stage(units={"n1": NUCLEO, "p1": PSOC}, plans=("a",), a_nucleo=["hang", "mistake", then])
    thread = interrupt_when(night, lambda: len(night.starts()) == 2 and any("pass" in line for line in night.said))
    assert night.run().status == 143
    thread.join()
    assert night.resume().status == status
    case = night.case("a_nucleo")
    assert case.state == state
    assert len(case.tries) == (state == "ended")
    calls = [line.split() for line in night.starts_file.read_text().splitlines() if f"a/{NUCLEO}" in line]
    assert [len(words) > 4 for words in calls] == [False, True, False], "begun, gone on with, begun anew"
    assert any("anew" in line and "the plan is wrong" in line for line in night.said)
    assert list((night.root / "a" / NUCLEO / MODEL).glob("journal-*.jsonl")), "what was answered is kept"


def night_case(night, case_id):
    return next(case for case in night.night.cases if case.id == case_id)


def test_a_night_that_was_killed_is_gone_on_with_and_what_came_to_its_end_by_itself_is_not_run_again(stage, tmp_path):
    """The state that a kill leaves: cases that run by the record, one of which has left its record meanwhile."""
    night = stage(units={"n1": NUCLEO, "n2": NUCLEO, "p1": PSOC}, a_nucleo=["error", "pass"])
    night.run()
    from harness.farm.nightly.book import Book

    book = Book(night.root, night.night)
    for name in ("a_nucleo", "b_nucleo"):
        case = night.case(name)
        *before, last = case.tries
        book.change(
            case.id,
            state="running",
            tries=(*before, last.model_copy(update={"ended": None, "verdict": None, "run_id": ""})),
        )
    running = night.root / ".running" / "b" / NUCLEO / MODEL / "b" / NUCLEO / MODEL
    running.mkdir(parents=True)
    kept = night.root / "b" / NUCLEO / MODEL
    for path in kept.iterdir():  # its reports lie where its process has put them
        if path.name != "output.log":
            path.rename(running / path.name)
    told = night.resume()
    assert told.status == 0
    assert set(night.runs().values()) == {1, 2}
    assert night.runs()[f"b/{NUCLEO}/{MODEL}"] == 1
    assert len(night.case("a_nucleo").tries) == 2
    assert (kept / "record.json").is_file()


def test_a_second_try_that_a_stop_came_before_is_had_when_the_night_is_gone_on_with(stage):
    night = stage(
        units={"n1": NUCLEO, "n2": NUCLEO, "p1": PSOC}, a_nucleo=["error", "pass"], b_nucleo="hang", a_psoc="hang"
    )
    # Its other unit is taken, so it waits; then the night is ended.
    thread = interrupt_when(night, lambda: len(night.ready()) == 2 and any("again" in line for line in night.said))
    assert night.run().status == 143
    thread.join()
    assert night.case("a_nucleo").state in ("left", "interrupted")
    assert [str(one.verdict) for one in night.case("a_nucleo").tries][:1] == ["error"]
    night.write(others="pass")
    assert night.resume().status == 0
    first, second = night.case("a_nucleo").tries
    assert (first.verdict, second.verdict) == (Verdict.ERROR, Verdict.PASS)
    assert first.unit != second.unit


def test_a_verdict_whose_record_is_damaged_is_told_in_every_summary(stage):
    night = stage(a_nucleo="fail")
    night.run()
    record = night.root / "a" / NUCLEO / MODEL / "record.json"
    record.write_bytes(record.read_bytes()[:200])
    told = night.resume()
    assert told.status == 1
    assert set(night.runs().values()) == {1}
    junit = (night.root / "junit.xml").read_text()
    assert junit.count("<testcase") == 4
    for text in (junit, (night.root / "summary.md").read_text(), (night.root / "index.html").read_text()):
        assert "came to fail, and its record cannot be read" in text
    night.resume()
    assert len(night.night.warnings) == 1


def test_a_rack_plan_that_was_changed_meanwhile_is_told(stage):
    night = stage()
    night.run()
    night.file.write_text("name: night\nrun: [a]\n")
    night.resume()
    assert len(night.night.cases) == 4
    assert "was changed since the night began" in (night.root / "summary.md").read_text()


def test_a_signal_after_the_last_case_ends_nothing(stage, monkeypatch):
    from harness.farm.nightly.loop import Night

    whole = Night.run

    def run(self):
        whole(self)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Night, "run", run)
    night = stage()
    told = night.run()
    assert (told.status, told.stopped_by) == (0, "")
    assert "ended by" not in (night.root / "summary.md").read_text()


def test_what_a_kill_kept_out_of_the_history_comes_in_with_the_next_command(stage):
    night = stage(a_nucleo=["error", "pass"])
    night.run()
    with History.open(base=night.folder / "hil-reports") as store:
        assert store.count() == 0
    night.resume(history=True)
    with History.open(base=night.folder / "hil-reports") as store:
        rows = store.runs()
    assert len(rows) == 5
    assert {row.session for row in rows} == {night.root.name}
    assert sum(row.folder.endswith("try1") for row in rows) == 1


def test_a_second_signal_kills_what_does_not_end_and_the_night_is_summed_up_all_the_same(stage):
    night = stage(plans=("a",), a_nucleo="stubborn", a_psoc="pass")
    first = interrupt_when(night, lambda: night.ready() and any("pass" in line for line in night.said))
    second = interrupt_when(night, lambda: not first.is_alive(), signal.SIGINT)
    told = night.run()
    second.join()
    # On a busy machine both are met at once, and then the kernel says which was first.
    assert (told.stopped_by, told.status) in {("SIGTERM", 143), ("SIGINT", 130)}
    assert night.case("a_nucleo").state == "interrupted"
    assert (night.root / "summary.md").is_file()
    for line in night.starts_file.read_text().splitlines():
        with pytest.raises(ProcessLookupError):
            os.kill(int(line.split()[3]), 0)


def test_two_commands_never_run_the_same_night(stage):
    night = stage()
    night.run()
    with lease.acquire(_key(night.root), what="another hil nightly"), pytest.raises(MisuseError, match="another run"):
        night.resume()


def _key(root):
    from harness.run import claim

    return claim._key(root)


def test_a_report_directory_with_a_night_in_it_is_refused(stage):
    from harness.farm.nightly import night as whole_night

    night = stage()
    night.run()
    with pytest.raises(MisuseError, match="lies in this report directory already") as caught:
        whole_night.planned(night.file, night.root, night.command(), whole_night.Wishes(bench=str(night.bench)))
    assert "--resume" in str(caught.value.next_step)
