"""``hil init``, called as a user does: from a model and its data to a verdict."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli_commands import hil

from harness.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "scaffold"))
from scaffold_kit import digits_model, digits_npz, int8_model, iris_csv, iris_model


def pytest_in(folder, *arguments):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            *map(str, arguments),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
    )


def commands(told):
    """Those it ends with."""
    return [line.partition("#")[0].strip() for line in told.rpartition("next:\n")[2].splitlines()]


def test_a_tflite_and_an_archive_end_in_a_verdict_and_so_does_the_model_trained_anew(tmp_path):
    int8_model(tmp_path / "net.tflite")
    digits_npz(tmp_path / "test.npz", 60)
    done = hil("init", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "host   litert BUILTIN_REF: " in done.stdout
    assert "PASS  net/nucleo_f446re/net" in done.stdout
    again, layers, check = commands(done.stdout)
    assert (layers, check) == ("hil run net --board nucleo_f446re --layers", "hil plan check net")
    assert hil(*check.split()[1:], cwd=tmp_path).returncode == 0
    digits_model(tmp_path / "net.tflite")  # another network, of floats: the plan sees that it is no longer bit for bit
    done = hil("run", "net", "--board", "nucleo_f446re", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    int8_model(tmp_path / "net.tflite")
    (tmp_path / "deeper").mkdir()
    from_there = again.replace("testplans tests", "../testplans ../tests").split()[1:]
    done = pytest_in(tmp_path / "deeper", *from_there, "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_rows_of_text_with_named_classes_end_in_a_verdict(tmp_path):
    model, data = iris_model(tmp_path / "iris.tflite"), iris_csv(tmp_path / "flowers.csv")
    done = hil("init", model, data, "--dir", tmp_path / "project", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "classes setosa, versicolor, virginica" in done.stdout
    assert "max_abs_diff <=" in done.stdout
    again, quantise, _ = commands(done.stdout)
    assert again.startswith("cd ")
    assert "hil model quantize" in quantise
    done = pytest_in(tmp_path / "project", "--board", "nucleo_f446re", "tests")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_folder_becomes_the_digits_example(tmp_path):
    done = hil("init", "--no-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("an empty folder: the digits example")
    assert "PASS" not in done.stdout
    assert hil("plan", "check", "testplans/digits.yaml", cwd=tmp_path).returncode == 0


def test_a_mistake_ends_with_status_3_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    int8_model(tmp_path / "net.tflite")
    shutil.copy(tmp_path / "net.tflite", tmp_path / "other.tflite")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["init"])
    assert ended.value.code == 3
    told = capsys.readouterr().err
    assert "found:    net.tflite, other.tflite" in told
    assert "next:     say which: hil init net.tflite" in told
    assert len(told.splitlines()) <= 12
    assert {path.name for path in tmp_path.iterdir()} == {"net.tflite", "other.tflite"}
