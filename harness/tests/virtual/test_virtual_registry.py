import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import asdict

import pytest

from harness.disk.folders import runtime_folder
from harness.errors import BenchError, MisuseError
from harness.virtual.debug import registry


def entry(uid: str, pid: int, born: str) -> registry.UnitEntry:
    return registry.UnitEntry(uid, pid, born, "stm32f446re", "b", "stm32f446re", "/dev/null", "/nowhere")


@pytest.fixture
def alive():
    return entry("alive", os.getpid(), registry.born(os.getpid()))


def test_the_runtime_directory_is_private(runtime_dir):
    assert runtime_folder() == runtime_dir
    assert stat.S_IMODE(runtime_dir.stat().st_mode) == 0o700


def test_a_directory_that_others_may_read_is_closed(runtime_dir):
    runtime_dir.mkdir(mode=0o755)
    runtime_folder()
    assert stat.S_IMODE(runtime_dir.stat().st_mode) == 0o700


def test_a_published_unit_is_found(runtime_dir, alive):
    registry.publish(alive)
    assert registry.running() == [alive]
    assert registry.find("alive") == alive
    assert registry.find("other") is None


def test_entries_of_dead_processes_are_removed(runtime_dir, alive):
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    registry.publish(entry("dead", gone.pid, "1"))
    registry.publish(alive)
    (runtime_dir / "dead.sock").touch()
    assert registry.running() == [alive]
    assert sorted(path.name for path in runtime_dir.iterdir()) == ["alive.json"]


def test_a_process_id_that_was_given_to_another_process_does_not_count(runtime_dir, alive):
    registry.publish(entry("impostor", os.getpid(), "12345"))
    assert registry.running() == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"uid": "x"})])
def test_a_damaged_entry_is_removed(runtime_dir, content):
    runtime_folder()
    (runtime_dir / "odd.json").write_text(content)
    assert registry.running() == []
    assert list(runtime_dir.iterdir()) == []


def test_an_entry_of_another_version_is_ignored(runtime_dir, alive):
    runtime_folder()
    (runtime_dir / "later.json").write_text(json.dumps(asdict(alive) | {"colour": "red"}))
    assert registry.running() == []


@pytest.mark.parametrize("uid", ["", "../x", "a b", "x" * 41, ".hidden", "a/b"])
def test_an_id_that_cannot_name_a_file_is_refused(uid):
    with pytest.raises(MisuseError):
        registry.check_uid(uid)


def test_a_path_too_long_for_a_socket_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / ("d" * 120)))
    with pytest.raises(BenchError, match="HIL_RUNTIME_DIR"):
        registry.socket_path("x")


def test_a_socket_that_nobody_serves_is_removed_once_its_unit_cannot_be_coming_up_any_more(runtime_dir):
    runtime_folder()
    served, killed, young = (runtime_dir / f"{name}.sock" for name in ("served", "killed", "young"))
    draft = runtime_dir / ".killed.json.x1y2"
    draft.touch()
    listeners = []
    for path in (served, killed, young):
        listeners.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        listeners[-1].bind(str(path))
    listeners[0].listen(1)
    for path in (served, killed, draft):
        os.utime(path, (1, 1))
    assert registry.running() == []
    assert {path.name for path in runtime_dir.iterdir()} == {"served.sock", "young.sock"}
    for listener in listeners:
        listener.close()
