import json
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.evidence import runs
from harness.run import journal
from harness.run.journal import FILENAME, Journal, read
from harness.run.resume import find, report_root
from harness.testing.clock import ManualClock
from harness.wire.events import ResultReceived

BOUND = {"case": "digits/b/m", "model": "aa", "firmware": "bb"}
STARTED = datetime(2026, 1, 2, tzinfo=UTC)


def answer(i):
    return ResultReceived(i, 0, 1000 + i, 7 * i, 7 * i, bytes([i % 256] * 10))


def written(path, n=5, clock=None, run_id="run1"):
    clock = clock or ManualClock()
    kept = Journal.begin(path, clock, run_id=run_id, started=STARTED, bound=BOUND)
    for i in range(n):
        clock.advance_s(0.5)
        kept.add(i, answer(i))
    kept.close()
    return path


def test_what_was_written_is_read_back(tmp_path):
    earlier = read(written(tmp_path / "r" / FILENAME))
    assert (earlier.run_id, earlier.started, earlier.bound, earlier.spent_s) == ("run1", STARTED, BOUND, 2.5)
    assert earlier.answered == {i: answer(i) for i in range(5)}


def test_which_samples_were_timed_is_kept_and_a_journal_that_does_not_say_timed_none(tmp_path):
    path = tmp_path / FILENAME
    kept = Journal.begin(path, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    for i in range(4):
        kept.add(i, answer(i), quiet=i % 2 == 0)
    kept.close()
    assert read(path).quiet == {0, 2}
    assert read(written(tmp_path / "old")).quiet == frozenset()


def test_of_a_run_on_several_units_it_is_known_whose_answer_each_is(tmp_path):
    path = tmp_path / FILENAME
    kept = Journal.begin(path, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    for uid in ("a", "b"):
        kept.on_unit(uid, "")
    for i, uid in enumerate("abba"):
        kept.add(i, answer(i), unit=uid)
    kept.close()
    earlier = read(path)
    assert (earlier.by, earlier.spread) == ({0: "a", 1: "b", 2: "b", 3: "a"}, True)
    earlier.check_chip("a", "01", "x")  # it was not known then
    alone = read(written(tmp_path / "old"))
    assert (alone.by, alone.spread) == ({}, False), "no unit is told of there"


def test_a_probe_that_is_on_another_chip_by_now_does_not_go_on_with_its_answers(tmp_path):
    path = tmp_path / FILENAME
    kept = Journal.begin(path, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    kept.on_unit("a", "01")
    kept.close()
    read(path).check_chip("a", "01", "x")
    read(path).check_chip("b", "02", "x")
    with pytest.raises(MisuseError, match="another chip"):
        read(path).check_chip("a", "02", "x")


def test_of_a_run_on_one_unit_its_answers_are_that_unit_s(tmp_path):
    path = tmp_path / FILENAME
    kept = Journal.begin(path, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    kept.on_unit("a", "")
    kept.add(0, answer(0))
    kept.close()
    assert (read(path).by, read(path).spread) == ({0: "a"}, False)


def test_a_run_is_gone_on_with_on_the_unit_that_it_was_begun_on_and_on_no_other(tmp_path):
    path = tmp_path / FILENAME
    kept = Journal.begin(path, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    kept.on_unit("UNIT-A", "0a" * 12)
    kept.add(3, answer(3))
    kept.close()
    earlier = read(path)
    assert list(earlier.answered) == [3]
    assert earlier.units == (("UNIT-A", "0a" * 12),)
    earlier.check_unit("UNIT-A", "0a" * 12, path)
    earlier.check_unit("UNIT-A", "", path)  # before its chip is known
    for uid, chip in (("UNIT-B", "0a" * 12), ("UNIT-A", "0b" * 12), ("UNIT-B", "")):
        with pytest.raises(MisuseError, match="another one") as caught:
            earlier.check_unit(uid, chip, path)
        assert "--device-serial UNIT-A" in str(caught.value)


def test_an_answer_is_in_the_file_before_the_next_one_is_awaited(tmp_path):
    kept = Journal.begin(tmp_path / FILENAME, ManualClock(), run_id="r", started=STARTED, bound=BOUND)
    kept.add(3, answer(3))
    assert list(read(tmp_path / FILENAME).answered) == [3]
    kept.close()
    kept.close()


@given(cut=st.integers(0, 600))
def test_a_journal_torn_at_any_byte_gives_whole_answers_and_is_gone_on_with(tmp_path_factory, cut):
    path = written(tmp_path_factory.mktemp("j") / FILENAME)
    whole = path.read_bytes()
    head = whole.index(b"\n")
    path.write_bytes(whole[: max(head + 1, len(whole) - cut)])
    earlier = read(path)
    assert earlier.answered == {i: answer(i) for i in range(len(earlier.answered))}
    again = Journal.go_on(path, ManualClock(), earlier)
    missing = [i for i in range(5) if i not in earlier.answered]
    for i in missing:
        again.add(i, answer(i))
    again.close()
    assert read(path).answered == {i: answer(i) for i in range(5)}


def test_a_damaged_line_counts_as_never_written(tmp_path):
    path = written(tmp_path / FILENAME)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"i":1', b'"i":9')
    path.write_bytes(b"".join(lines))
    assert sorted(read(path).answered) == [0, 2, 3, 4]


def test_of_two_answers_to_a_sample_the_first_counts(tmp_path):
    path = written(tmp_path / FILENAME, 1)
    kept = Journal.go_on(path, ManualClock(), read(path))
    kept.add(0, answer(77))
    kept.close()
    assert read(path).answered == {0: answer(0)}


def test_time_goes_on_where_the_earlier_part_left_it(tmp_path):
    path, clock = written(tmp_path / FILENAME), ManualClock(100.0)
    kept = Journal.go_on(path, clock, read(path))
    clock.advance_s(1.5)
    kept.add(5, answer(5))
    kept.close()
    assert read(path).spent_s == pytest.approx(4.0)


@pytest.mark.parametrize("name", list(BOUND))
def test_a_journal_of_another_run_is_refused_with_both_sides(tmp_path, name):
    path = written(tmp_path / FILENAME)
    with pytest.raises(MisuseError, match=name) as caught:
        read(path).check_bound({**BOUND, name: "other"}, path)
    assert (caught.value.expected, caught.value.found) == (f"{name} other", f"{name} {BOUND[name]}")


@pytest.mark.parametrize("content", [b"", b"garbage\n", b'00000000 {"schema": "hil.journal/1"}\n'])
def test_a_file_that_is_no_journal_is_refused(tmp_path, content):
    (tmp_path / FILENAME).write_bytes(content)
    with pytest.raises(MisuseError, match="no journal"):
        read(tmp_path / FILENAME)


def test_a_journal_of_another_schema_is_refused_naming_both(tmp_path):
    text = json.dumps({"schema": "hil.journal/9"}).encode()
    (tmp_path / FILENAME).write_bytes(b"%08x %s\n" % (zlib.crc32(text), text))
    with pytest.raises(MisuseError) as caught:
        read(tmp_path / FILENAME)
    assert (caught.value.expected, caught.value.found) == (journal.SCHEMA, "hil.journal/9")


def test_a_folder_that_merely_has_other_runs_somewhere_below_it_is_no_run(tmp_path):
    written(tmp_path / "somebody" / "hil-reports" / "run" / "digits" / "b" / "m" / FILENAME)
    with pytest.raises(MisuseError, match="no run"):
        find(str(tmp_path), "digits/b/m", tmp_path / "none")


def test_a_run_is_found_by_its_folder_its_file_or_its_id(tmp_path):
    path = written(tmp_path / "some" / "digits" / "b" / "m" / FILENAME, run_id="abc")
    case = "digits/b/m"
    assert find(str(tmp_path / "some"), case) == path
    assert find(str(path.parent), case) == path
    assert find(str(path), case) == path
    assert find("abc", case, tmp_path) == path
    assert find(str(tmp_path / "some"), "mnist/b/m") is None, "this case had not begun"
    for nothing in ("xyz", str(tmp_path / "elsewhere")):
        with pytest.raises(MisuseError, match="no run"):
            find(nothing, case, tmp_path)


def test_a_run_in_hil_reports_is_found_by_its_name_and_as_the_latest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base, case = tmp_path / "hil-reports", "digits/b/m"
    with pytest.raises(MisuseError, match="latest"):
        report_root(None, "latest")
    for name in ("one", "two"):
        runs.begin(base / name)
        written(base / name / "digits" / "b" / "m" / FILENAME, run_id=f"id-{name}")
    for named, run in (("latest", "two"), ("one", "one"), ("id-one", "one"), (f"hil-reports/one/{case}", "one")):
        assert find(named, case).samefile(base / run / case / FILENAME), named
        assert report_root(None, named) == base / run, named
        assert find(named, "mnist/b/m") is None, "that case had not begun"


def test_a_run_of_before_every_case_had_its_folder_is_gone_on_with_where_it_lies(tmp_path):
    path = written(tmp_path / "old" / FILENAME)
    assert find(str(tmp_path / "old"), "digits/b/m") == path
    assert report_root(None, str(tmp_path / "old")) == tmp_path / "old"


def test_who_says_where_reports_go_is_obeyed_also_when_a_run_is_gone_on_with(tmp_path):
    assert report_root(tmp_path / "there", str(tmp_path)) == tmp_path / "there"
