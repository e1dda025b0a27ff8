"""The commit of a plan's repository is what git says of it, and nothing where git says nothing."""

import subprocess

import pytest

from harness.run import source
from harness.run.source import source_of


@pytest.fixture(autouse=True)
def forgotten():
    yield
    source._asked.cache_clear()


def git(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "testplans").mkdir()
    (tmp_path / "testplans" / "a.yaml").write_text("name: a\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "a")
    return tmp_path


def test_a_clean_tree_is_its_commit(project):
    found = source_of(project / "testplans")
    assert found is not None
    assert (found.commit, found.dirty) == (git(project, "rev-parse", "HEAD"), False)


def test_an_edit_of_what_git_follows_is_told_and_a_new_file_is_not(project):
    (project / "new").write_text("")
    assert source_of(project) is not None
    assert source_of(project).dirty is False
    source._asked.cache_clear()
    (project / "testplans" / "a.yaml").write_text("name: b\n")
    assert source_of(project).dirty is True


def test_an_edit_in_the_middle_of_a_run_is_not_in_what_ran(project):
    before = source_of(project)
    (project / "testplans" / "a.yaml").write_text("name: b\n")
    assert source_of(project) == before


def test_without_a_repository_or_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert source_of(tmp_path) is None
    source._asked.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert source_of(tmp_path) is None


def test_a_repository_without_a_commit_has_none(tmp_path):
    git(tmp_path, "init", "-q")
    assert source_of(tmp_path) is None
