"""What a user types for a run, and what is found."""

from __future__ import annotations

import numpy as np
import pytest
from history_runs import a_record, some_samples

from harness.errors import MisuseError
from harness.evidence import write_reports
from harness.evidence.history import History, StoreError
from harness.evidence.history.references import find

SESSION = "20260301T120000Z-7"


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A project whose reports and history hold two cases of one session, and one older run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    base = tmp_path / "hil-reports"
    with History.open(base=base) as history:
        for i, model in ((0, "small"), (1, "small"), (2, "large")):
            record, samples = a_record(i, model=model), some_samples(seed=i)
            session = SESSION if i else "20260301T110000Z-6"
            write_reports(record, samples, base / session / record.case_id)
            history.add(record, samples, session=session)
        history.tag("release-1.4", [a_record(0).run_id])
    (base / "latest").symlink_to(SESSION)
    return base


def ids(reference, **how):
    return [int(found.run_id[:6], 16) for found in find(reference, **how)]


def test_every_kind_of_reference_is_understood(base):
    assert ids("release-1.4") == [0]
    assert ids("latest") == ids(SESSION) == [2, 1]
    assert ids("000001") == ids(a_record(1).run_id) == [1]
    assert ids(f"hil-reports/{SESSION}") == ids("hil-reports/latest") == [2, 1]
    assert ids(f"hil-reports/{SESSION}/digits/b1/small") == [1]
    assert ids(f"hil-reports/{SESSION}/digits/b1/small/record.json") == [1]
    # Of all the runs below a folder, each case's last.
    assert ids("./hil-reports") == [2, 1]


def test_samples_come_along_and_the_origin_is_said(base):
    (stored,), (filed,) = find("000001"), find(f"hil-reports/{SESSION}/digits/b1/small")
    assert stored.record == filed.record
    np.testing.assert_array_equal(stored.samples.outputs, filed.samples.outputs)
    assert SESSION in stored.origin
    assert filed.origin.endswith("digits/b1/small")


def test_without_a_history_the_folders_of_runs_answer_to_their_names(base, monkeypatch):
    monkeypatch.setenv("HIL_DB", "off")
    assert ids("latest") == ids(SESSION) == [2, 1]
    with pytest.raises(MisuseError, match="no such run"):
        find("release-1.4")


def test_asking_makes_no_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    for reference in ("latest", "release-1.4", "./nothing", "."):
        with pytest.raises(MisuseError):
            find(reference)
    assert list(tmp_path.iterdir()) == []


def test_a_tag_is_told_from_a_folder_of_its_name_by_a_separator(base, tmp_path):
    write_reports(a_record(5), None, tmp_path / "release-1.4")
    write_reports(a_record(6), None, tmp_path / "mine")
    assert ids("release-1.4") == [0]
    assert ids("./release-1.4") == [5]
    assert ids("mine") == [6]


def test_a_store_that_cannot_be_read_is_the_stores_fault(base):
    (base / "history.db").write_bytes(b"not a database, but long enough to look like one" * 40)
    with pytest.raises(StoreError, match="put it aside"):
        find("release-1.4")
