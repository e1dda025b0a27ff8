import signal
import subprocess
import sys

import pytest

from harness.disk.cache import cached_file
from harness.errors import BenchError


def _write(text):
    def make(scratch):
        (scratch / "made").write_text(text)
        return scratch / "made"

    return make


def test_a_file_is_made_once_for_a_key(tmp_path):
    first = cached_file(tmp_path, "k", "f", _write("one"))
    assert first.read_text() == "one"
    assert cached_file(tmp_path, "k", "f", _write("two")) == first
    assert first.read_text() == "one"
    assert cached_file(tmp_path, "other", "f", _write("two")).read_text() == "two"


def test_nothing_of_a_failure_is_kept(tmp_path):
    def fail(scratch):
        (scratch / "half").write_text("x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cached_file(tmp_path, "k", "f", fail)
    assert list(tmp_path.iterdir()) == []
    assert cached_file(tmp_path, "k", "f", _write("one")).read_text() == "one"


def test_of_several_processes_one_makes_the_file_and_all_get_it(tmp_path):
    """Each process that makes it leaves a mark."""
    program = """
import sys
from pathlib import Path
from harness.disk.cache import cached_file
folder = Path(sys.argv[1])
def make(scratch):
    with (folder / "marks").open("a") as marks:
        marks.write("made\\n")
    (scratch / "made").write_text("content")
    return scratch / "made"
sys.stdin.readline()
print(cached_file(folder / "cache", "k", "f", make).read_text())
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == ["content"] * 3
    assert (tmp_path / "marks").read_text() == "made\n"


def test_a_file_that_was_damaged_since_is_made_again(tmp_path):
    path = cached_file(tmp_path, "k", "f", _write("one"))
    path.write_text("onf")
    assert cached_file(tmp_path, "k", "f", _write("two")).read_text() == "two"


def test_a_folder_in_the_place_of_the_file_and_a_file_in_the_place_of_the_folder_give_way(tmp_path):
    (tmp_path / "k" / "f").mkdir(parents=True)
    assert cached_file(tmp_path, "k", "f", _write("one")).read_text() == "one"
    (tmp_path / "l").write_text("")
    assert cached_file(tmp_path, "l", "f", _write("one")).read_text() == "one"


def test_a_cache_that_cannot_be_used_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cache folder cannot be used") as caught:
        cached_file(tmp_path / "file" / "cache", "k", "f", _write("one"))
    assert "HIL_CACHE_DIR" in caught.value.next_step


def test_a_build_that_was_killed_leaves_nothing_for_long(tmp_path):
    program = """
import sys
from pathlib import Path
from harness.disk.cache import cached_file
def make(scratch):
    print("building", flush=True)
    sys.stdin.read()
cached_file(Path(sys.argv[1]), "k", "f", make)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "building\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert any(path.name.startswith("build-") for path in tmp_path.iterdir())
    cached_file(tmp_path, "other", "f", _write("one"))
    assert not any(path.name.startswith("build-") for path in tmp_path.iterdir())
