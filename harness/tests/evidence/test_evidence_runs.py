"""The folder of runs: ``latest``, names, and that nobody commits it."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.evidence import layout, runs


@pytest.fixture
def base(tmp_path):
    return tmp_path / layout.BASE


def test_the_last_run_to_begin_is_pointed_to_by_a_link_that_can_be_moved_with_its_folder(base, tmp_path):
    for name in ("a", "b"):
        runs.begin(base / name)
        assert runs.latest(base) == base / name
    assert (base / "latest").readlink() == Path("b")
    base.rename(tmp_path / "moved")
    assert runs.latest(tmp_path / "moved") == tmp_path / "moved" / "b"


def test_where_no_link_can_be_made_a_text_file_says_the_name(base, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no links here")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    for name in ("a", "b"):
        runs.begin(base / name)
    assert (base / "latest").read_text() == "b\n"
    assert runs.latest(base) == base / "b"


@pytest.mark.parametrize("text", ["", "gone", "../..", "/etc", "a/b", "\0", "\ud800"])
def test_a_text_file_leads_only_to_a_run_that_is_there(base, text):
    runs.begin(base / "a")
    (base / "latest").unlink()
    (base / "latest").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert runs.latest(base) is None


def test_a_link_to_a_run_that_was_removed_is_none(base):
    runs.begin(base / "a")
    (base / "a").rmdir()
    assert runs.latest(base) is None


def test_a_run_that_was_told_to_write_elsewhere_is_not_pointed_to(tmp_path):
    runs.begin(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_the_users_called_latest_stays_what_it_is(base):
    (base / "latest").mkdir(parents=True)
    runs.begin(base / "a")
    runs.begin(base / "latest")
    assert (base / "latest").is_dir()
    assert not (base / "latest").is_symlink()
    assert sorted(path.name for path in base.iterdir()) == ["a", "latest"]


def test_git_takes_nothing_of_it_and_who_wants_it_to_is_not_overruled(base, tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    runs.begin(base / "a")
    (base / "a" / "record.json").write_text("{}")
    status = ["git", "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, cwd=tmp_path, check=True, capture_output=True).stdout == b""
    (base / ".gitignore").unlink()
    runs.begin(base / "b")
    assert not (base / ".gitignore").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a file in the way is told otherwise there")
def test_a_place_that_cannot_be_written_is_the_rigs_error_with_the_way_out(base):
    base.write_text("a file")
    with pytest.raises(BenchError, match="--report-dir"):
        runs.begin(base / "a")


BEGIN = """
import sys
from pathlib import Path
from harness.evidence import runs
for i in range(40):
    runs.begin(Path(sys.argv[1]) / f"{sys.argv[2]}{i}")
"""


def test_at_every_moment_of_two_that_begin_at_once_latest_is_a_run(base):
    runs.begin(base / "first")
    others = [subprocess.Popen([sys.executable, "-c", BEGIN, base, name]) for name in "ab"]
    while any(other.poll() is None for other in others):
        assert runs.latest(base) is not None
    assert {other.returncode for other in others} == {0}
    assert runs.latest(base).name in ("a39", "b39")
    assert not list(base.glob(".latest*"))
