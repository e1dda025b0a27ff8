"""Out of one store and into another, and what report folders give."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta

import pytest
from history_runs import a_record, some_samples

from harness.errors import MisuseError
from harness.evidence import write_reports
from harness.evidence.history import History, Wanted, folders, portable
from harness.evidence.history.importing import bring_in
from harness.records import Verdict


@pytest.fixture
def filled(history):
    """Three runs, one of them with two attempts and a note, and a tag that has moved."""
    broken = a_record(0, verdict=Verdict.ERROR)
    history.add(broken, None, session="s0", folder="s0/x")
    ended = broken.model_copy(update={"finished": broken.finished + timedelta(1), "verdict": Verdict.PASS})
    history.add(ended, some_samples(), session="s0")
    for i in (1, 2):
        history.add(a_record(i, plan="words"), some_samples(seed=i), session="s1")
    history.note(broken.run_id, "hot", by="ann")
    history.tag("good", [a_record(1).run_id], by="ann")
    history.tag("good", [a_record(2).run_id], force=True, by="bob")
    return history


def content(history):
    def key(part):
        session, folder, record, samples = part
        return session, folder, record, None if samples is None else samples.outputs.tolist()

    rows = history.runs(limit=None)
    return rows, [[key(part) for part in history.attempts(row.run_id)] for row in rows], history.tags()


@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_an_export_gives_another_store_everything(filled, tmp_path, name):
    assert portable.export(filled, tmp_path / name, Wanted()) == 3
    assert portable.is_export(tmp_path / name)
    with History.open(f"sqlite:///{tmp_path}/other.db") as other:
        found = bring_in(other, tmp_path / name, base=tmp_path)
        assert (found.added, found.known, found.tags, found.left_out) == (3, 0, 1, [])
        assert content(other) == content(filled)
        again = bring_in(other, tmp_path / name, base=tmp_path)
        assert (again.added, again.known, again.tags) == (0, 3, 0)
        assert content(other) == content(filled)
        # And back into a kind of store that has it all.
        portable.export(other, tmp_path / f"back-{name}", Wanted())
        assert bring_in(filled, tmp_path / f"back-{name}", base=tmp_path).known == 3


def test_a_file_that_is_no_record_is_told_as_no_record(history, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(MisuseError, match=r"there is no record\n  where: +.*notes\.txt"):
        bring_in(history, tmp_path / "notes.txt", base=tmp_path)


def test_what_was_exported_of_one_plan_goes_into_postgresql(filled, postgres, tmp_path):
    portable.export(filled, tmp_path / "out.zip", Wanted(plan="words"))
    with History.open(postgres.new_database()) as other:
        assert bring_in(other, tmp_path / "out.zip", base=tmp_path).added == 2
        assert [row.plan for row in other.runs()] == ["words", "words"]
        assert other.tags() == filled.tags()


def test_a_tag_that_means_others_here_is_left_as_it_is_and_told(tmp_path):
    with History.open(f"sqlite:///{tmp_path}/a.db") as one, History.open(f"sqlite:///{tmp_path}/b.db") as two:
        for i in (0, 1):
            for store in (one, two):
                store.add(a_record(i), None, session="s")
        one.tag("good", [a_record(0).run_id])
        two.tag("good", [a_record(1).run_id])
        portable.export(one, tmp_path / "out.zip", Wanted())
        found = bring_in(two, tmp_path / "out.zip", base=tmp_path)
        assert found.left_out == ["the tag 'good': the tag 'good' names other runs already"]
        assert two.resolve("good")[0].run_id == a_record(1).run_id


def test_nothing_is_overwritten_by_an_export(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out.zip").write_text("mine")
    with History.open(f"sqlite:///{tmp_path}/a.db") as history:
        for name in ("out", "out.zip"):
            with pytest.raises(MisuseError, match="lies there already"):
                portable.export(history, tmp_path / name, Wanted())
    assert (tmp_path / "out.zip").read_text() == "mine"


def test_an_archive_of_anybodys_is_read_without_harm(tmp_path):
    with History.open(f"sqlite:///{tmp_path}/a.db") as history:
        history.add(a_record(), some_samples(), session="s")
        portable.export(history, tmp_path / "good.zip", Wanted())
    with zipfile.ZipFile(tmp_path / "good.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])

    def changed(**attempt):
        (run,) = manifest["runs"]
        return json.dumps(manifest | {"runs": [run | {"attempts": [run["attempts"][0] | attempt]}]}).encode()

    (tmp_path / "secret.json").write_bytes(parts["runs/000001/1/record.json"])
    bad = {
        "no manifest": {},
        "none of ours": {"manifest.json": b"{}"},
        "no JSON": {"manifest.json": b"[" * 100_000},
        "missing part": {"manifest.json": parts["manifest.json"]},
        "damaged samples": parts | {"runs/000001/1/samples.npz": b"PK nothing"},
        "another schema": parts | {"runs/000001/1/record.json": b'{"schema": "hil.record/99"}'},
        "leads out": parts | {"manifest.json": changed(record="../secret.json")},
        "absolute": parts | {"manifest.json": changed(record=str(tmp_path / "secret.json"))},
    }
    with History.open(f"sqlite:///{tmp_path}/b.db") as history:
        for what, files in bad.items():
            with zipfile.ZipFile(tmp_path / f"{what}.zip", "w") as archive:
                for name, part in files.items():
                    archive.writestr(name, part)
            with pytest.raises(MisuseError):
                bring_in(history, tmp_path / f"{what}.zip", base=tmp_path)
            if "manifest.json" in files:
                folder = tmp_path / what
                for name, part in files.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(part)
                with pytest.raises(MisuseError):
                    bring_in(history, folder, base=tmp_path)
        (tmp_path / "noise.zip").write_bytes(b"no archive")
        with pytest.raises(MisuseError, match="damaged"):
            bring_in(history, tmp_path / "noise.zip", base=tmp_path)
        assert history.count() == 0


def test_a_folder_of_many_runs_comes_in_with_their_sessions_and_a_damaged_one_ends_nothing(tmp_path):
    base = tmp_path / "hil-reports"
    for i, session in ((0, "20260301T120000Z-1"), (1, "20260301T130000Z-2")):
        write_reports(a_record(i), some_samples(), base / session / "digits/b1/small")
    write_reports(a_record(2), None, tmp_path / "hil-reports" / "alone")
    (base / "20260301T120000Z-1" / "broken").mkdir()
    (base / "20260301T120000Z-1" / "broken" / "record.json").write_text("{")
    (base / "latest").symlink_to("20260301T130000Z-2")
    with History.open(base=base) as history:
        found = bring_in(history, base, base=base)
        assert (found.added, found.known) == (3, 0)
        assert [words.partition(": ")[2] for words in found.left_out] == ["the record is not readable JSON"]
        assert {row.run_id[:6]: (row.session, row.folder) for row in history.runs()} == {
            "000000": ("20260301T120000Z-1", "20260301T120000Z-1/digits/b1/small"),
            "000001": ("20260301T130000Z-2", "20260301T130000Z-2/digits/b1/small"),
            "000002": (f"20260301T140000Z-{a_record(2).run_id}", "alone"),
        }
        (tmp_path / "empty").mkdir()
        with pytest.raises(MisuseError, match="no record"):
            bring_in(history, tmp_path / "empty", base=base)
        with pytest.raises(MisuseError, match="no such folder"):
            bring_in(history, tmp_path / "nothing", base=base)


def test_where_a_report_lies_is_told_below_the_folder_of_runs_or_in_full(tmp_path):
    assert folders.place(tmp_path / "runs" / "a" / "b", tmp_path / "runs") == "a/b"
    assert folders.place(tmp_path / "out", tmp_path / "runs") == (tmp_path / "out").as_posix()
