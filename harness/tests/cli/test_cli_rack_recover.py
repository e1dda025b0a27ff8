"""A rack of virtual units as a command, and the ladder as one: what they say, how they end, and that nothing is left."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.plans.bench import load_bench
from harness.virtual.debug import registry

HIL = [sys.executable, "-m", "harness"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(folder / "run"))
    monkeypatch.setenv("HIL_STATE_DIR", str(folder / "state"))
    return folder / "run"


@contextmanager
def kept(*words):
    """A rack that somebody keeps."""
    with subprocess.Popen([*HIL, "virtual", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as rack:
        try:
            said = ""
            while "Ctrl-C ends them" not in said:
                line = rack.stdout.readline()
                assert line, rack.stderr.read()
                said += line
            yield rack
        finally:
            rack.kill()


def hil(*words):
    done = subprocess.run([*HIL, *words], capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout, done.stderr


def test_a_rack_is_kept_until_it_is_ended_and_its_units_are_switched_and_recovered(own_folders, tmp_path):
    bench = tmp_path / "new" / "my rack.yaml"
    with kept("--rack", "nucleo_f446re=2", "--write", str(bench)) as rack:
        units = load_bench(bench).units
        assert [unit.uid for unit in units] == ["my-rack-1", "my-rack-2"]
        assert {entry.uid for entry in registry.running()} == {"my-rack-1", "my-rack-2"}
        os.kill(registry.find("my-rack-1").pid, signal.SIGKILL)
        status, out, err = hil("rack", "recover", "my-rack-1", "--bench", str(bench), "--json")
        found = json.loads(out)
        assert status == 2, err  # there is no firmware in it that could say hello
        assert not found["ok"]
        power = found["steps"][4]
        assert (power["rung"], power["done"], power["reached"]) == ("power_port", True, True)
        assert "the probe left the bus and came back; the board is silent" in power["proof"]
        assert not found["steps"][5]["done"]  # the hub could do no more than its port
        assert registry.find("my-rack-1") is not None
        rack.send_signal(signal.SIGTERM)
        assert rack.wait(60) == 128 + signal.SIGTERM or rack.returncode == 0
    assert registry.running() == []
    assert not any(path.name != "leases" and path.is_file() for path in Path(own_folders).rglob("*"))


def test_what_cannot_be_started_or_recovered_is_told(tmp_path):
    bench = tmp_path / "bench.yaml"
    for words, said in (
        (("virtual",), "what to start is not clear"),
        (("virtual", "--board", "nucleo_f446re", "--hub-lies"), "what to start is not clear"),
        (("virtual", "--rack", "nucleo_f446re=0", "--write", str(bench)), "this is no list of boards"),
        (("virtual", "--rack", "nucleo_f4466re", "--write", str(bench)), "nucleo_f446re"),
        (("rack", "recover", "nobody"), "no such unit is attached or in the bench file"),
    ):
        status, _out, err = hil(*words)
        assert status == 3, (words, err)
        assert said in err
    assert not bench.exists()
