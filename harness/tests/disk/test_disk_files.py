"""Files that can be read to an end, and that are whole or absent."""

import errno
import os
import string
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.disk import files


def test_what_is_no_regular_file_is_refused_before_a_byte_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for a writer
    for path, says in (
        (tmp_path, "directory"),
        ("/dev/zero", "not a regular file"),
        (tmp_path / "pipe", "not a regular"),
    ):
        with pytest.raises(OSError, match=says):
            files.content(type(tmp_path)(path))
    with pytest.raises(OSError, match="not the name of a file"):
        files.content(tmp_path / "a\0b")


def test_a_file_that_is_too_large_is_refused_by_its_size(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(OSError, match="more than") as caught:
        files.content(path)
    assert caught.value.errno == errno.EFBIG
    (tmp_path / "small").write_bytes(b"12345")
    assert files.content(tmp_path / "small", 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        files.content(tmp_path / "small", 4)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc is mounted")  # noqa: PTH110
def test_a_file_that_says_it_is_empty_and_is_not_is_read(tmp_path):
    assert b"Name:" in files.content(type(tmp_path)("/proc/self/status"))


def test_a_failed_replacement_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    files.replace(tmp_path / "f", b"old")

    def full(fd):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.replace(tmp_path / "f", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"f": b"old"}


@pytest.mark.parametrize("what", ["replace", "move", "keep"])
def test_content_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch, what):
    """Seen by the order of the calls: a name that outlives a loss of power without its content is a file of zeros."""
    calls = []
    real_sync, real_rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("sync"), real_sync(fd)))
    monkeypatch.setattr(os, "replace", lambda *a, **k: (calls.append("rename"), real_rename(*a, **k)))
    monkeypatch.setattr(type(tmp_path), "replace", lambda self, to: (calls.append("rename"), real_rename(self, to)))
    (tmp_path / "fresh").write_bytes(b"x")
    if what == "replace":
        files.replace(tmp_path / "f", b"x")
    else:
        getattr(files, what)(tmp_path / "fresh", tmp_path / "f")
    # Content, name, folder; ``keep`` writes the digest in the same way after it.
    assert calls == ["sync", "rename", "sync"] * (2 if what == "keep" else 1)


def test_a_kept_file_is_known_again_only_as_it_was_put_there(tmp_path):
    (tmp_path / "fresh").write_bytes(b"some content")
    target = tmp_path / "kept"
    assert not files.intact(target)
    files.keep(tmp_path / "fresh", target)
    assert files.intact(target)
    for damaged in (b"Some content", b"some conten", b""):
        target.write_bytes(damaged)
        assert not files.intact(target)
    target.write_bytes(b"some content")
    assert files.intact(target)
    (tmp_path / "kept.sha256").unlink()
    assert not files.intact(target)


def test_a_folder_in_the_place_of_a_kept_file_gives_way(tmp_path):
    for name in ("kept", "kept.sha256"):
        (tmp_path / name / "inner").mkdir(parents=True)
    assert not files.intact(tmp_path / "kept")
    (tmp_path / "fresh").write_bytes(b"x")
    files.keep(tmp_path / "fresh", tmp_path / "kept")
    assert files.intact(tmp_path / "kept")


def test_a_reader_never_sees_half_a_file(tmp_path):
    path, seen, stop = tmp_path / "f", set(), threading.Event()
    files.replace(path, b"a" * 100_000)

    def read():
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        files.replace(path, b"b" * 100_000)
        files.replace(path, b"a" * 100_000)
    stop.set()
    reader.join()
    assert seen <= {b"a" * 100_000, b"b" * 100_000}


@given(ids=st.lists(st.text(max_size=300), min_size=2, unique=True))
def test_no_two_ids_have_the_same_file_and_every_system_takes_its_name(ids):
    names = [files.name_for(each) for each in ids]
    assert len(set(names)) == len(ids)
    assert all(len(each) <= 220 and set(each) <= set(string.ascii_letters + string.digits + "._-") for each in names)
    assert files.name_for("066DFF-35.1") == "066DFF-35.1"
