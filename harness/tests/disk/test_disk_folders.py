"""The user's folders: private where they must be, and every refusal names the variable that chooses another."""

import os
import pwd
import stat

import pytest

from harness.disk import folders
from harness.errors import BenchError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path / "runtime"


def test_the_runtime_folder_is_made_and_private(place):
    place.mkdir(mode=0o755)
    assert folders.runtime_folder() == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def a_file(path):
    path.write_text("")


def a_link_to_nothing(path):
    path.symlink_to(path.parent / "nothing")


def a_link_to_a_folder(path):
    path.symlink_to(path.parent)


@pytest.mark.parametrize("make", [a_file, a_link_to_nothing, a_link_to_a_folder])
def test_a_runtime_folder_that_is_none_names_the_variable(place, make):
    make(place)
    with pytest.raises(BenchError, match="the runtime folder cannot be used") as caught:
        folders.runtime_folder()
    assert "HIL_RUNTIME_DIR" in caught.value.next_step
    assert caught.value.where == str(place)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a user has one temporary folder")
def test_a_shell_and_a_service_of_one_user_meet_at_one_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("HIL_RUNTIME_DIR", raising=False)
    found = set()
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        for value in (None, str(tmp_path)):
            with monkeypatch.context() as patched:
                patched.setenv(name, value) if value else patched.delenv(name, raising=False)
                patched.setattr("tempfile.tempdir", None)
                found.add(folders.runtime_folder())
    assert found == {folders.runtime_folder()}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_runtime_folder_of_another_user_is_refused(place):
    place.mkdir()
    os.chown(place, 12345, 12345)
    with pytest.raises(BenchError, match="belongs to user 12345"):
        folders.runtime_folder()


def test_the_cache_goes_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path))
    assert folders.cache_path("twin") == tmp_path / "twin"
    assert folders.for_compilers()["ZIG_GLOBAL_CACHE_DIR"] == str(tmp_path / "zig")


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_a_user_without_a_home_is_told_and_nothing_is_made_in_the_working_folder(tmp_path, monkeypatch, home):
    for name in ("HIL_CACHE_DIR", "HIL_STATE_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if home:
        monkeypatch.setenv("HOME", home)
    # A numeric user of a container, whom no list of users knows.
    monkeypatch.setattr(os.path, "expanduser", lambda path: (home or "~") + path[1:])
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    monkeypatch.chdir(tmp_path)
    for path, variable in ((folders.cache_path, "HIL_CACHE_DIR"), (folders.state_path, "HIL_STATE_DIR")):
        with pytest.raises(BenchError, match="no home") as caught:
            path("x")
        assert variable in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    for ask in (folders.made, folders.usable):
        with pytest.raises(BenchError, match="the cache folder cannot be used") as caught:
            ask(tmp_path / "file" / "cache")
        assert "HIL_CACHE_DIR" in caught.value.next_step


def test_asking_whether_a_folder_is_usable_makes_none(tmp_path):
    assert folders.usable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []
