"""`hil reports`: what is listed, opened and removed, as a user types it."""

import json

import pytest

from harness.cli import main, report_commands
from harness.evidence import layout
from harness.run.journal import FILENAME, Journal
from harness.run.whole import Whole
from harness.testing.clock import ManualClock


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder; (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def made(base, name, *, end=True):
    run = Whole.new(base / name, ["hil", "run", name])
    run.begin()
    if end:
        run.end(0)
        run.release()
    return run


def test_without_a_run_it_says_so(says):
    assert says("reports", "list") == (0, "there is no run in hil-reports\n", "")
    assert json.loads(says("reports", "list", "--json")[1]) == []
    status, _, err = says("reports", "open")
    assert (status, "there is no such run" in err) == (3, True)


def test_runs_are_listed_for_people_and_for_programs(says, tmp_path):
    for name in ("one", "two"):
        made(tmp_path / layout.BASE, name)
    status, out, _ = says("reports", "list")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "two", "one"]
    assert lines[1].rstrip().endswith("ended, latest")
    told = json.loads(says("reports", "list", "--json")[1])
    assert [(run["path"], run["latest"], run["state"]) for run in told] == [
        (str(tmp_path / layout.BASE / name), name == "two", "ended") for name in ("two", "one")
    ]
    assert told[0]["command"]["words"] == ["hil", "run", "two"]


def test_open_says_the_path_and_starts_a_browser_on_a_desktop_only(says, tmp_path, monkeypatch):
    run = made(tmp_path / layout.BASE, "one")
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    page = run.root / "index.html"
    for name in ("latest", "one", run.root):
        status, out, err = says("reports", "open", name)
        assert (status, out) == (0, f"{page}\n")
        assert "no desktop" in err
    assert opened == []
    monkeypatch.setattr(report_commands, "_is_desktop", lambda: True)
    says("reports", "open", "--path")
    assert opened == []
    assert says("reports", "open") == (0, f"{page}\n", "")
    assert opened == [page.as_uri()]


def test_the_page_of_a_run_that_was_killed_is_made_and_of_one_that_runs_it_is_not(says, tmp_path):
    run = made(tmp_path / layout.BASE, "one", end=False)
    status, _, err = says("reports", "open")
    assert (status, "still running" in err) == (3, True)
    run.release()
    status, out, _ = says("reports", "open")
    assert (status, out) == (0, f"{run.root / 'index.html'}\n")


def test_an_old_run_of_one_case_is_opened_at_its_only_page(says, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "report.html").write_text("x")
    assert says("reports", "open", folder)[1] == f"{folder / 'report.html'}\n"


def test_prune_says_first_and_removes_then_and_keeps_what_can_be_gone_on_with(says, tmp_path):
    base = tmp_path / layout.BASE
    for name in ("one", "two", "three"):
        made(base, name)
    path = layout.case_folder(base / "one", "a/b/m") / FILENAME
    started = Whole.new(base, []).command.started
    Journal.begin(path, ManualClock(), run_id="x", started=started, bound={"case": "a/b/m"}).close()
    status, out, _ = says("reports", "prune", "--keep", "1", "--dry-run")
    assert status == 0
    assert "would remove hil-reports/two" in out
    assert "kept hil-reports/one: 1 of its cases can be gone on with" in out
    assert (base / "two").is_dir()
    assert says("reports", "prune", "--older-than", "1h")[1] == "nothing in hil-reports is to go\n"
    assert "removed hil-reports/two" in says("reports", "prune", "--keep", "1")[1]
    assert sorted(path.name for path in base.iterdir() if path.is_dir()) == ["latest", "one", "three"]
    assert "removed hil-reports/one" in says("reports", "prune", "--keep", "1", "--interrupted")[1]


@pytest.mark.parametrize("wrong", [(), ("--older-than", "a month"), ("--older-than", "-1d"), ("--keep", "-1")])
def test_a_prune_that_says_nothing_sensible_removes_nothing(says, tmp_path, wrong):
    made(tmp_path / layout.BASE, "one")
    status, _, err = says("reports", "prune", *wrong)
    assert status == 3
    assert err
    assert (tmp_path / layout.BASE / "one").is_dir()
