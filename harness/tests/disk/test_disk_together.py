"""Several files are written, or none."""

import pytest

from harness.disk import together


def everything(folder):
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def within(act, *contents):
    with together.written(*contents):
        act()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_within_puts_everything_back(tmp_path, error):
    (tmp_path / "old").write_bytes(b"before")
    before = everything(tmp_path)
    new = tmp_path / "a" / "b" / "new"

    def fail():
        assert new.read_bytes() == b"x"
        raise error

    with pytest.raises(error):
        within(fail, (tmp_path / "old", b"after"), (new, b"x"))
    assert everything(tmp_path) == before


def test_a_file_that_cannot_be_written_takes_the_others_back(tmp_path):
    (tmp_path / "file").touch()
    before = everything(tmp_path)
    with pytest.raises(OSError, match="Not a directory"):
        together.write((tmp_path / "a" / "new", b"x"), (tmp_path / "file" / "new", b"x"))
    assert everything(tmp_path) == before


def test_what_another_has_put_there_meanwhile_stays(tmp_path):
    def fail():
        (tmp_path / "a" / "theirs").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        within(fail, (tmp_path / "a" / "new", b"x"))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


def test_all_are_written(tmp_path):
    together.write((tmp_path / "a", b"1"), (tmp_path / "b" / "c", b"2"))
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b" / "c").read_bytes()) == (b"1", b"2")
