"""However ``hil`` ends: status 1 is for a wrong product alone."""

import errno
import importlib
import json
import os
import subprocess
import sys

import pytest
from test_cli_commands import BOARD, hil

from harness.bench import boards
from harness.cli import faults, main
from harness.errors import HarnessBug
from harness.paths import shipped

MODEL = shipped("fixtures") / "models/digits_cnn_int8/digits_cnn_int8.tflite"


@pytest.fixture
def ends(capsys, monkeypatch, tmp_path):
    """Run ``hil boards`` with an error in the middle of it; the status and what was said."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(error):
        def raise_it():
            raise error

        importlib.import_module("harness.cli.case_commands")  # before: it must not keep the name that is replaced
        monkeypatch.setattr(boards, "names", raise_it)
        with pytest.raises(SystemExit) as end:
            main(["boards"])
        return end.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "error",
    [
        ValueError("odd"),
        KeyError("x"),
        AssertionError(),
        RecursionError(),
        OSError("without a number"),
        ModuleNotFoundError("No module named 'harness.nothing'", name="harness.nothing"),
        HarnessBug("it cannot be"),
        ExceptionGroup("several", [ValueError()]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_nobody_foresaw_ends_with_5_in_one_line_and_a_file_with_the_traceback(ends, tmp_path, error):
    status, said = ends(error)
    assert status == 5
    (line,) = said.splitlines()
    assert line.startswith("hil itself is at fault")
    (file,) = tmp_path.glob("hil-fault-*.txt")
    assert str(file) in line
    text = file.read_text()
    assert "Traceback" in text
    assert "raise_it" in text
    assert "Python 3." in text


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "No space left"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "Permission denied"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "Read-only"),
        (MemoryError(), "memory"),
        (ModuleNotFoundError("No module named 'serial'", name="serial"), "serial is not installed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_the_machine_refuses_is_the_rigs_and_needs_no_report(ends, tmp_path, error, says):
    status, said = ends(error)
    assert status == 2
    assert says in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_that_no_disk_takes_is_printed(ends, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("harness.disk.files.replace", full)
    status, said = ends(ValueError("odd"))
    assert status == 5
    assert "Traceback" in said
    assert "hil itself is at fault: ValueError: odd" in said.splitlines()[-1]


def test_a_traceback_in_a_run_lies_in_its_report_directory(capsys, monkeypatch, tmp_path):
    def broken(*arguments, **options):
        raise ValueError("odd")

    monkeypatch.setattr("harness.run.runner.run_case", broken)
    monkeypatch.setattr(faults, "_folder", None)
    with pytest.raises(SystemExit) as end:
        main(["run", "digits", "--board", BOARD, "--report-dir", str(tmp_path / "out")])
    assert end.value.code == 5
    assert len(list((tmp_path / "out").rglob("hil-fault-*.txt"))) == 1


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        ("raise RuntimeError('an odd release')", 5, "hil itself is at fault"),
        ("raise ModuleNotFoundError('No module named typer', name='typer')", 2, "the package typer is not installed"),
    ],
)
def test_a_package_that_cannot_be_loaded_is_no_wrong_product(tmp_path, content, status, says):
    (tmp_path / "typer.py").write_text(content)
    done = hil("boards", PYTHONPATH=str(tmp_path), TMPDIR=str(tmp_path))
    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -c 'from harness.cli import main; main([\"boards\"])' | true",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)},
    )
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


COMMANDS = (
    ("units",),
    ("virtual", "--board", BOARD),
    ("run", "digits", "--board", BOARD, "--samples", "1"),
    ("run", "digits", "--board", BOARD, "--samples", "1", "--report-dir", "out"),
)


def a_link_to_nothing(folder):
    folder.symlink_to(folder.parent / "nothing")


def a_file(folder):
    folder.write_text("")


def anothers(folder):
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    folder.mkdir()
    os.chown(folder, 12345, 12345)


@pytest.mark.parametrize("make", [a_link_to_nothing, a_file, anothers])
def test_every_command_tells_of_an_unusable_runtime_folder_as_doctor_does(tmp_path, make):
    make(tmp_path / "runtime")
    environment = {"HIL_RUNTIME_DIR": str(tmp_path / "runtime")}
    doctor = json.loads(hil("doctor", "--json", **environment).stdout)
    (finding,) = [f for f in doctor["findings"] if f["subject"] == "locks"]
    assert "HIL_RUNTIME_DIR" in finding["next_step"]
    what = finding["detail"].partition(":")[0]
    for command in COMMANDS:
        done = hil(*command, cwd=tmp_path, **environment)
        assert done.returncode == 2, (command, done.stdout, done.stderr)
        assert what in done.stdout + done.stderr
        assert "HIL_RUNTIME_DIR" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    plugin = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "-p", "no:cacheprovider", "--board", BOARD]
    done = subprocess.run(
        plugin, cwd=tmp_path, capture_output=True, text=True, timeout=240, env=os.environ | environment
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert what in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"HIL_CACHE_DIR": "{here}/file/cache"},
        {"HIL_CACHE_DIR": "", "XDG_CACHE_HOME": "{here}/file/cache"},
        {"HIL_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "{here}/file"},
        {"HIL_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "/dev/null"},
    ],
    ids=lambda e: " ".join(f"{k}={v}" for k, v in e.items()),
)
def test_a_cache_that_cannot_be_written_is_the_rigs_and_the_variable_is_named(tmp_path, environment):
    (tmp_path / "file").write_text("")
    environment = {name: value.format(here=tmp_path) for name, value in environment.items()}
    for command in (
        ("run", "digits", "--board", BOARD, "--samples", "1"),
        ("build", "digits", "--board", BOARD, "-o", "fw.elf"),
    ):
        done = hil(*command, cwd=tmp_path, **environment)
        assert done.returncode == 2, (command, done.stdout, done.stderr)
        assert "HIL_CACHE_DIR" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name not in ("file", "hil-reports")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("bench-engine", "digits_cnn_int8", "--json", "{here}/folder"),
        ("bench-engine", "digits_cnn_int8", "--json", "{here}/nothing/rows.json"),
        ("model", "convert", "{here}/x.onnx", "-o", "{here}/folder.tflite"),
        ("bench-link", "--baud", "nan"),
        ("bench-link", "--adapter", "inf"),
        ("run", "{here}/folder", "--board", BOARD),
        ("run", "x" * 5000, "--board", BOARD),
    ],
    ids=lambda a: " ".join(a)[:60],
)
def test_a_path_that_leads_nowhere_or_a_number_that_is_none_is_the_callers_mistake(capsys, tmp_path, arguments):
    for name in ("folder", "folder.tflite"):
        (tmp_path / name).mkdir()
    with pytest.raises(SystemExit) as end:
        main([part.format(here=tmp_path) for part in arguments])
    assert end.value.code == 3
    assert "Traceback" not in capsys.readouterr().err


def test_a_name_that_only_the_system_refuses_is_told_as_a_mistake_where_it_was_given():
    path = "/somewhere/out.json"
    for error in (
        IsADirectoryError(errno.EISDIR, "Is a directory", path),
        FileNotFoundError(errno.ENOENT, "No such file", "/somewhere/.out.json.x1y2"),
        FileExistsError(errno.EEXIST, "File exists", "/somewhere"),
        NotADirectoryError(errno.ENOTDIR, "Not a directory", f"{path}/x"),
    ):
        assert "/somewhere/out.json" in faults.mistaken(error, ["cmd", f"--json={path}"])
        assert "/somewhere/out.json" in faults.mistaken(error, ["cmd", "--json", path])
    assert faults.mistaken(FileNotFoundError(errno.ENOENT, "No such file", "/elsewhere/x"), ["--json", path]) is None
    assert faults.mistaken(FileNotFoundError(errno.ENOENT, "No such file", "gcc"), ["build", "digits"]) is None
    assert faults.mistaken(KeyError(path), [path]) is None


@pytest.mark.parametrize("command", [("boards",), ("model", "show", str(MODEL)), ("run", "digits", "--board", BOARD)])
def test_a_reader_that_has_gone_is_no_verdict_and_costs_no_report(command, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    folder = tmp_path / "reports"
    more = ("--samples", "3", "--report-dir", str(folder)) if command[0] == "run" else ()
    with os.fdopen(writer, "wb") as gone:
        end = subprocess.run(
            [sys.executable, "-m", "harness", *command, *more], stdout=gone, stderr=subprocess.PIPE, timeout=240
        )
    assert end.returncode == 128 + 13
    assert b"Traceback" not in end.stderr
    if more:
        assert json.loads(next(folder.rglob("record.json")).read_text())["verdict"] == "inconclusive"
