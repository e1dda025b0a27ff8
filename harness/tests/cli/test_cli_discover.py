"""`hil discover` with probes and ports of our own."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from harness.bench import discover
from harness.bench.boards import load_board
from harness.bench.discover import Attached
from harness.bench.probes import pyocd
from harness.cli import bench_commands, benchfile_commands  # noqa: F401 - importing them adds their commands to `app`
from harness.cli.app import app
from harness.errors import BenchError, MisuseError
from harness.plans.bench import load_bench
from harness.session import whoami

BOARD = load_board("nucleo_f446re")
CHIPS = {"U1": b"one chip 001", "U2": b"two chip 002", "U3": b"mute chip 03"}


class Probe:
    def __init__(self, uid, debug):
        self.uid = uid

    def open(self):
        """There is one of each."""

    def close(self):
        """Nothing is held."""

    def chip_id(self):
        return CHIPS[self.uid]


@pytest.fixture
def crossed(monkeypatch):
    """U1 and U2 with each other's ports, U3 with a port on which nobody answers."""
    units = {
        Attached("U1", "port2", ""): (BOARD,),
        Attached("U2", "port1", ""): (BOARD,),
        Attached("U3", "port3", ""): (BOARD,),
    }
    answers = {"port1": "U1", "port2": "U2"}
    monkeypatch.setattr(discover, "candidates", lambda: units)
    monkeypatch.setattr(pyocd, "PyocdProbe", Probe)
    monkeypatch.setattr(
        whoami, "whoami", lambda port, *_: SimpleNamespace(chip_id=CHIPS[answers[port]]) if port in answers else None
    )


def test_a_runtime_folder_that_cannot_be_used_is_told_and_not_taken_for_an_empty_bench(tmp_path, monkeypatch):
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "dangling"))
    monkeypatch.setattr(discover, "candidates", dict)
    done = CliRunner().invoke(app, ["discover"])
    assert isinstance(done.exception, BenchError)
    assert "HIL_RUNTIME_DIR" in str(done.exception)


def test_ports_that_are_crossed_are_written_as_they_are_and_not_as_they_seem(crossed, tmp_path):
    path = tmp_path / "bench.yaml"
    done = CliRunner().invoke(app, ["discover", "--write", str(path)])
    assert done.exit_code == 0, done.output
    assert [(one.uid, one.port) for one in load_bench(path).units] == [
        ("U1", "port1"),
        ("U2", "port2"),
        ("U3", "port3"),
    ]
    lines = {line.split()[0]: line for line in done.output.splitlines()}
    assert CHIPS["U1"].hex() in lines["U1"]
    assert "answers there" in lines["U1"]
    assert "not at port2" in lines["U1"]
    assert "not proved" in lines["U3"]


def test_json_says_which_ports_are_proved(crossed):
    done = CliRunner().invoke(app, ["discover", "--json"])
    told = {one["uid"]: one for one in json.loads(done.stdout)}
    assert {uid: one["proved"] for uid, one in told.items()} == {"U1": True, "U2": True, "U3": False}
    assert told["U2"]["chip_id"] == CHIPS["U2"].hex()


def test_a_unit_whose_port_is_proved_anothers_loses_its_line_of_the_file(crossed, monkeypatch, tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text('units:\n  - {board: nucleo_f446re, uid: "U2", port: "port1"}\n')
    monkeypatch.setattr(
        whoami, "whoami", lambda port, *_: SimpleNamespace(chip_id=CHIPS["U1"]) if port == "port1" else None
    )
    done = CliRunner().invoke(app, ["discover", "--write", str(path)])
    assert done.exit_code == 0, done.output
    assert [(one.uid, one.port) for one in load_bench(path).units] == [("U1", "port1"), ("U3", "port3")]


def test_the_file_says_which_chip_was_there_and_another_one_is_told(crossed, tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text(
        "units:\n  - {board: nucleo_f446re, uid: U1, port: port9, chip: '00112233', tags: [fast], name: left, skip: lent}\n"
    )
    done = CliRunner().invoke(app, ["discover", "--write", str(path)])
    assert done.exit_code == 0, done.output
    assert f"another board than before: chip {CHIPS['U1'].hex()}, not 00112233" in done.output
    one = load_bench(path).units[0]
    assert (one.chip, one.port) == (CHIPS["U1"].hex(), "port1")
    assert (one.name, one.tags, one.skip) == ("left", ("fast",), "lent")


def test_no_command_writes_over_what_somebody_else_has_written(crossed, tmp_path):
    a_map, rack = tmp_path / "map.yml", tmp_path / "rack.yaml"
    a_map.write_text("- {connected: true, id: 0123, platform: nucleo_f446re, serial: /dev/ttyACM0}\n")
    rack.write_text("units:\n  - {board: nucleo_f446re, uid: '0123', port: /dev/ttyACM7}\n")
    for words in (
        ("discover", "--write", a_map),
        ("bench", "import", a_map, "--write", a_map),
        ("virtual", "--rack", "nucleo_f446re=1", "--write", a_map),
        ("virtual", "--rack", "nucleo_f446re=1", "--write", rack),
    ):
        before = [path.read_bytes() for path in (a_map, rack)]
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert isinstance(done.exception, MisuseError), done.output
        assert done.exception.next_step.startswith("name another file")
        assert [path.read_bytes() for path in (a_map, rack)] == before


def test_a_map_is_imported_into_a_bench_file_and_keeps_what_that_knew(tmp_path):
    a_map, path = tmp_path / "map.yml", tmp_path / "benches" / "rack.yaml"
    a_map.write_text(
        "- {connected: true, id: 0123, platform: nucleo_f446re, serial: /dev/ttyACM0, fixtures: [mic]}\n"
        "- {connected: true, id: 0124, platform: frdm_k64f, serial: /dev/ttyACM1}\n"
    )
    path.parent.mkdir()
    path.write_text("units:\n  - {board: nucleo_f446re, uid: '0123', port: /dev/ttyACM7, name: left}\n")
    done = CliRunner().invoke(app, ["bench", "import", str(a_map), "--write", str(path)])
    assert done.exit_code == 0, done.output
    assert "0124: left out: its platform is frdm_k64f" in done.output
    (unit,) = load_bench(path).units
    assert (unit.uid, unit.port, unit.tags, unit.name) == ("0123", "/dev/ttyACM0", ("mic",), "left")
    printed = CliRunner().invoke(app, ["bench", "import", str(a_map)])
    assert 'uid: "0123"' in printed.stdout
