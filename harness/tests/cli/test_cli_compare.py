"""``hil compare``: what cannot be compared is said as it is."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli import compare_commands, main
from harness.errors import MisuseError


def test_runs_of_different_plans_are_not_called_one_run(monkeypatch):
    groups = {"net (12ab)": [SimpleNamespace(name="nucleo u1")], "kws (34cd)": [SimpleNamespace(name="nucleo u2")]}
    monkeypatch.setattr(compare_commands, "_runs", lambda reports: [])
    monkeypatch.setattr(compare_commands, "_by_subject", lambda runs: groups)
    with pytest.raises(MisuseError, match="no other run has the model and the data of net") as refused:
        compare_commands._compare_units([Path()], as_json=False)
    assert refused.value.found == "2 of 2 that stand alone"
    assert refused.value.next_step


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """(exit status, output, error) of ``hil compare`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["compare", *arguments])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


@pytest.mark.parametrize("references", [(), ("one",), ("one", "two", "three")])
def test_two_runs_are_asked_for(says, references):
    status, out, err = says(*references)
    assert (status, out) == (3, "")
    assert "hil compare BASELINE CANDIDATE" in err


def test_what_names_no_run_is_told_before_anything_is_written(says, tmp_path):
    status, _, err = says("release-1.4", "latest", "--out", "made")
    assert (status, "release-1.4" in err) == (3, True)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("options", [(), ("nowhere",)])
def test_units_need_folders_that_are_there(says, options):
    status, _, err = says("--units", *options)
    assert (status, "say which runs to compare" in err) == (3, True)


def test_the_schema_is_printed_without_any_run(says):
    status, out, _ = says("--schema")
    assert status == 0
    assert json.loads(out)["properties"]["schema"]["default"] == "hil.compared/1"


def test_a_place_that_cannot_be_written_is_told_before_the_work(says, tmp_path):
    (tmp_path / "file").touch()
    status, _, err = says("a", "b", "--out", "file/below")
    assert (status, "cannot be written there" in err) == (3, True)
