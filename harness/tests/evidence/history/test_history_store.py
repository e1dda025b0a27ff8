"""What the store promises, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta

import numpy as np
import pytest
from history_runs import FIRST, a_record, some_samples

from harness.errors import MisuseError
from harness.evidence.history import History, StoreError, Wanted
from harness.records import Beside, Measurement, Verdict
from harness.testing.clock import ManualClock


def filled(history, n=6, **changed):
    for i in range(n):
        history.add(a_record(i, **changed), some_samples(seed=i), session=f"session-{i // 2}")


def test_a_run_comes_back_as_it_was_written(history):
    record, samples = a_record(), some_samples()
    assert history.add(record, samples, session="s", folder="s/digits/b1/small")
    found = history.load(record.run_id)
    assert found.record == record
    assert found.row.folder == "s/digits/b1/small"
    for field in fields(samples):
        before, after = getattr(samples, field.name), getattr(found.samples, field.name)
        if before is None:
            assert after is None
        else:
            assert after.dtype == before.dtype
            np.testing.assert_array_equal(after, before)


def test_what_no_comparison_needs_is_left_out_and_the_rest_is_kept(history):
    side = np.zeros((5, 2), np.float32)
    samples = replace(some_samples(), origin=side, beside={"other": Beside(side, side)})
    history.add(a_record(), samples, session="s")
    found = history.load(a_record().run_id).samples
    assert (found.origin, found.beside) == (None, None)
    np.testing.assert_array_equal(found.groups, samples.groups)


def test_a_run_without_samples_is_kept_too(history):
    record = a_record(verdict=Verdict.ERROR, unit=None, firmware=None, dataset=None, measurements=(), gates=())
    assert history.add(record, None, session="s")
    found = history.load(record.run_id)
    assert (found.record, found.samples, found.row.headline) == (record, None, None)


def test_the_same_run_twice_is_one(history):
    record, samples = a_record(), some_samples()
    assert history.add(record, samples, session="s")
    assert not history.add(record, samples, session="s")
    assert history.count() == 1
    assert history.runs()[0].attempts == 1


@pytest.mark.parametrize("later_first", [False, True])
def test_a_run_that_was_gone_on_with_keeps_both_records_and_shows_the_one_that_ended_last(history, later_first):
    broken = a_record(verdict=Verdict.ERROR, measurements=(), gates=(), reasons=("the port vanished",))
    ended = a_record().model_copy(update={"finished": broken.finished + timedelta(minutes=5)})
    for record in (ended, broken) if later_first else (broken, ended):
        assert history.add(record, None, session="s")
    row = history.runs()[0]
    assert (history.count(), row.attempts, row.verdict, row.accuracy.value) == (1, 2, "pass", 0.95)
    assert history.load(row.run_id).record == ended
    numbers = (2, 1) if later_first else (1, 2)
    assert [history.load(row.run_id, n).record.verdict for n in numbers] == ["error", "pass"]
    assert len(history.trend("accuracy")) == 1
    for record in (broken, ended):
        assert not history.add(record, None, session="s")


def test_lists_are_newest_first_filtered_and_paged(history):
    filled(history, plan="digits")
    history.add(a_record(9, plan="words", verdict=Verdict.FAIL, unit=None), None, session="other")
    ids = [row.run_id for row in history.runs()]
    assert ids == [a_record(i).run_id for i in (9, 5, 4, 3, 2, 1, 0)]
    assert [row.run_id for row in history.runs(limit=2, offset=1)] == ids[1:3]

    def numbers(**want):
        found = history.runs(Wanted(**want))
        assert len(found) == history.count(Wanted(**want))
        return [int(row.run_id[:6], 16) for row in found]

    assert numbers(plan="words") == numbers(verdict="fail") == numbers(session="other") == [9]
    assert numbers(plan="digits", unit="unit-a", board="b1", model="small", evidence="hardware") == [5, 4, 3, 2, 1, 0]
    assert numbers(since=FIRST + timedelta(hours=4)) == [9, 5, 4]
    assert numbers(since=FIRST + timedelta(hours=4), until=FIRST + timedelta(hours=5)) == [4]
    assert numbers(text="WORDS/b1") == [9]
    assert numbers(text="%") == numbers(board="nothing") == []


def test_sessions_are_told_with_what_their_cases_came_to(history):
    filled(history, 4)
    history.add(a_record(7, verdict=Verdict.FAIL, hours=3.5), None, session="session-1")
    newest, oldest = history.sessions()
    assert (newest.name, newest.verdicts, newest.n) == ("session-1", {"pass": 2, "fail": 1}, 3)
    assert (oldest.name, oldest.started) == ("session-0", FIRST)
    assert [row.name for row in history.sessions(1, offset=1)] == ["session-0"]


def test_a_trend_is_oldest_first_with_its_intervals(history):
    filled(history)
    points = history.trend("accuracy", Wanted(plan="digits"))
    assert [point.started for point in points] == sorted(point.started for point in points)
    assert (points[0].value, points[0].low, points[0].n, points[0].measured_in) == (0.95, 0.95 - 0.02, 5, "ratio")
    assert [point.value for point in history.trend("flash_bytes", limit=2)] == [1004, 1005]
    assert history.trend("nothing") == []
    assert history.metrics() == ["accuracy", "flash_bytes"]
    assert [(line.model, line.op, line.limit) for line in history.gate_lines("accuracy")] == [("small", ">=", 0.9)]


def test_infinite_values_are_kept_and_those_that_are_no_numbers_are_no_points(history):
    for i, value in enumerate((math.inf, math.nan)):
        history.add(
            a_record(i, measurements=(Measurement(name="rmse", value=value, unit="1", n=1),)), None, session="s"
        )
    assert [point.value for point in history.trend("rmse")] == [math.inf]
    assert [row.headline.value for row in history.runs()][1] == math.inf
    assert math.isnan(history.runs()[0].headline.value)


def test_the_matrix_has_the_newest_run_of_each_cell_and_the_values_before_it(history):
    for i in range(25):
        history.add(a_record(i, accuracy=i / 100), None, session="s")
    history.add(a_record(50, board="b2"), None, session="s")
    first, second = history.cells()
    assert (first.board, second.board) == ("b1", "b2")
    assert first.latest.run_id == a_record(24).run_id
    assert first.values == tuple(i / 100 for i in range(5, 25))
    assert (second.values, second.verdicts) == ((0.95,), ("pass",))


def test_references_are_tags_sessions_ids_and_their_begin(history):
    filled(history)

    def numbers(reference):
        return [int(row.run_id[:6], 16) for row in history.resolve(reference)]

    history.tag("release-1.4", [a_record(0).run_id, a_record(3).run_id], by="me")
    assert numbers("release-1.4") == [0, 3]
    assert numbers(a_record(2).run_id) == numbers("000002") == [2]
    # One case ran twice in it: what it came to last.
    assert numbers("session-0") == [1]
    assert numbers("latest") == [5]
    with pytest.raises(MisuseError, match="several runs"):
        history.resolve("0000")
    with pytest.raises(MisuseError, match=r"did you mean 'release-1\.4'") as error:
        history.resolve("release-1.5")
    assert "tag, a session, a run's id" in str(error.value)
    with pytest.raises(MisuseError):
        history.resolve("00")


def test_a_tag_moves_only_when_it_is_forced_and_every_move_is_kept(history):
    filled(history, 3)
    one, two, _ = (a_record(i).run_id for i in range(3))
    history.tag("good", [one], by="ann")
    history.tag("good", [one])  # the same again is no move
    with pytest.raises(MisuseError, match="names other runs already"):
        history.tag("good", [two])
    assert history.resolve("good")[0].run_id == one
    history.tag("good", [two], force=True, by="bob")
    (tag,) = history.tags()
    assert (tag.run_ids, tag.by) == ((two,), "bob")
    assert [(move.run_ids, move.by) for move in tag.moves] == [((one,), "ann"), ((two,), "bob")]
    history.untag("good")
    assert history.tags() == []
    history.tag("good", [one])
    assert [move.run_ids for move in history.tags()[0].moves] == [(one,), (two,), (), (one,)]
    assert history.runs(Wanted(text=one))[0].tags == ("good",)


def test_a_tag_cannot_be_taken_for_anything_else(history):
    filled(history, 1)
    for name in ("latest", "", "a/b", "../x", "-x", "x" * 101, "session-0", "000000abcdef", "0000"):
        with pytest.raises(MisuseError):
            history.tag(name, [a_record(0).run_id])
    assert history.tags() == []


def test_a_tag_of_runs_that_are_not_there_is_refused(history):
    filled(history, 1)
    for run_ids in ([], ["unknown"], [a_record(0).run_id, "unknown"]):
        with pytest.raises(MisuseError):
            history.tag("good", run_ids)
    with pytest.raises(MisuseError, match="no such tag"):
        history.untag("good")


def test_notes_stay_with_their_run(history):
    filled(history, 1)
    run_id = a_record(0).run_id
    history.note(run_id, "the board was \x1b[31mhot", by="ann")
    history.note(run_id, "cold now")
    (row,) = history.runs()
    assert [(note.text, note.by) for note in row.notes] == [("the board was \\x1b[31mhot", "ann"), ("cold now", "")]
    for bad in ("", "  ", "x" * 10_001):
        with pytest.raises(MisuseError):
            history.note(run_id, bad)
    with pytest.raises(MisuseError, match="no such run"):
        history.note("unknown", "x")


def test_old_runs_go_and_tagged_ones_stay(url):
    clock = ManualClock()
    clock.advance_s((FIRST + timedelta(days=100) - clock.now()).total_seconds())
    with History.open(url, clock=clock) as history:
        for i in range(6):
            history.add(a_record(i, hours=24 * i * 15), some_samples(), session="s")
        history.note(a_record(0).run_id, "old")
        history.tag("kept", [a_record(1).run_id])
        keep = timedelta(days=60)
        assert [row.run_id for row in history.old(keep)] == [a_record(i).run_id for i in (0, 2)]
        assert history.count() == 6
        assert history.prune(keep) == 2
        assert history.prune(keep) == 0
        assert [int(row.run_id[:6], 16) for row in history.runs()] == [5, 4, 3, 1]
        assert len(history.trend("accuracy")) == 4
        with pytest.raises(MisuseError, match="no such run"):
            history.load(a_record(0).run_id)


def test_what_is_pruned_is_given_back_to_the_disk(tmp_path):
    file = tmp_path / "history.db"
    with History.open(f"sqlite:///{file}") as history:
        for i in range(20):
            history.add(a_record(i), some_samples(2000, seed=i), session="s")
        history.tag("kept", [a_record(0).run_id])
        history.prune(timedelta(days=0))
        assert history.count() == 1
        after = file.stat().st_size
        history.add(a_record(1), some_samples(2000), session="s")
    assert after < 400_000 < 20 * 2000 * 20  # twenty of them took more than 20 bytes a sample


def test_names_from_outside_are_data_and_nothing_else(history):
    evil = "'; DROP TABLE hil_runs; --"
    history.add(a_record(plan=evil, reasons=("a\x00b\ud800",)), None, session=evil, folder="\x1b[2J\ud800")
    (row,) = history.runs(Wanted(plan=evil, session=evil))
    assert (row.reasons, row.folder) == (("a\\x00b\\ud800",), "\\x1b[2J\\ud800")
    assert history.resolve(evil) == (row,)


def test_what_goes_wrong_in_the_middle_leaves_nothing(history, monkeypatch):
    from harness.evidence.history import adding

    def broken(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr(adding, "_write_figures", broken)
    with pytest.raises(RuntimeError):
        history.add(a_record(), some_samples(), session="s")
    monkeypatch.undo()
    assert history.count() == 0
    assert history.add(a_record(), some_samples(), session="s")


def test_one_open_store_serves_many_threads(history):
    def add_and_look(number):
        history.add(a_record(number), some_samples(), session="s")
        return history.load(a_record(number).run_id).record.run_id, history.count(Wanted(plan="digits")) > 0

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(add_and_look, range(24)))
    assert found == [(a_record(i).run_id, True) for i in range(24)]
    assert history.count() == 24


def test_an_unknown_run_is_a_mistake_and_a_closed_server_a_store_error(history):
    with pytest.raises(MisuseError, match="no such run"):
        history.load("unknown")
    with pytest.raises(StoreError, match="cannot be used"):
        History.open("postgresql://hil@/x?host=/nonexistent")


def test_how_long_a_case_takes_is_told_by_its_newest_runs_that_were_judged(history):
    for i, seconds in enumerate([900, 7, 5, 6, 8, 6]):  # the first is too old to count
        began = FIRST + timedelta(hours=i)
        history.add(a_record(i, started=began, finished=began + timedelta(seconds=seconds)), None, session="s")
    broken = a_record(
        7, verdict=Verdict.ERROR, started=FIRST + timedelta(hours=9), finished=FIRST + timedelta(hours=99)
    )
    history.add(broken, None, session="s")
    assert history.seconds([broken.case_id, "digits/b1/other"]) == {broken.case_id: 6.0}
