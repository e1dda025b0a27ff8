"""The wheel in an environment of its own: other people's networks and data, from a folder to a verdict, and trained anew.

With HIL_FULL=1: it installs TensorFlow, and takes minutes.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="HIL_FULL=1 installs the wheel with TensorFlow"),
    pytest.mark.timeout(1800),
]
ROOT = Path(__file__).parents[3]
MAKER = Path(__file__).with_name("init_networks.py")


def done(*command, cwd, timeout=900):
    # No PYTHONPATH and no folder of the checkout: what is installed has to do.
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HIL_DATA_DIR")}
    found = subprocess.run(list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, timeout=timeout)
    assert found.returncode == 0, f"{command}: {found.returncode}\n{found.stdout}{found.stderr}"
    return found.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of an environment's programs, with the wheel and the extras."""
    home = tmp_path_factory.mktemp("environment")
    done(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", home / "dist", ROOT, cwd=home)
    done(sys.executable, "-m", "venv", home / "venv", cwd=home)
    (wheel,) = (home / "dist").glob("hil-*.whl")
    done(home / "venv/bin/pip", "install", "-q", f"{wheel}[onnx,tensorflow]", cwd=home)
    return home / "venv" / "bin"


@pytest.fixture(scope="module")
def files(installed, tmp_path_factory):
    """What ``init_networks`` makes."""
    folder = tmp_path_factory.mktemp("files")
    done(installed / "python", MAKER, folder, cwd=folder)
    return folder


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("digits.keras", "test.npz"),
        ("digits.h5", "images"),
        ("digits.tflite", "test.npz"),
        ("digits.tflite", "images"),
        ("iris.onnx", "flowers.csv"),
    ],
)
def test_init_ends_in_a_verdict_so_does_the_model_trained_anew_and_all_from_another_folder(
    installed, files, tmp_path, model, data
):
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(files / "first" / model, root)
    (shutil.copytree if (files / data).is_dir() else shutil.copy)(files / data, root / data)
    name = model.partition(".")[0]
    told = done(installed / "hil", "init", cwd=root)
    assert f"PASS  {name}/" in told
    board = told.partition("\nboard  ")[2].partition(":")[0]
    shutil.copy(files / "anew" / model, root)
    plan = (root / "testplans" / f"{name}.yaml").read_text()
    # Another seed may reach less than the first: what the gate is for. Here it is the files that are looked at.
    (root / "testplans" / f"{name}.yaml").write_text(
        "\n".join(li for li in plan.splitlines() if "- accuracy" not in li)
    )
    assert f"PASS  {name}/" in done(installed / "hil", "run", name, "--board", board, cwd=root)
    (root / "deeper").mkdir()
    arguments = ["--board", board, "../testplans", "-n", "2", "-q"]
    assert "1 passed" in done(installed / "python", "-m", "pytest", *arguments, cwd=root / "deeper")
    shutil.copy(files / "first" / model, root)
    assert "2 passed" in done(installed / "python", "-m", "pytest", *arguments, "../tests", cwd=root / "deeper")


def test_an_empty_folder_passes_without_the_repository(installed, tmp_path):
    assert "PASS  digits/" in done(installed / "hil", "init", cwd=tmp_path)
