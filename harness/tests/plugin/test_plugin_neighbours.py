"""Beside other plug-ins: theirs work as without us, ours as without them.

With HIL_FULL=1 those that people have are installed from PyPI beside our wheel, into an environment of their own.
"""

import os
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from plugin_runs import BOARD, digits_plan, pytest_in

FULL = os.environ.get("HIL_FULL") == "1"
#: What pip installs -> the plug-in's module.
NEIGHBOURS = {
    "pytest-timeout": "pytest_timeout",
    "pytest-cov": "pytest_cov.plugin",
    "pytest-rerunfailures": "pytest_rerunfailures",
    "pytest-html": "pytest_html.plugin",
    "allure-pytest": "allure_pytest.plugin",
    "pytest-embedded": "pytest_embedded.plugin",
    "labgrid": "labgrid.pytestplugin",
}
#: What each is asked to do in the project of someone who has never heard of us, and a test that needs it.
ASKED = {
    "pytest-timeout": ["--timeout", "100"],
    "pytest-cov": ["--cov", "."],
    "pytest-rerunfailures": ["--reruns", "2"],
    "pytest-html": [
        "--html",
        "out.html",
        "--self-contained-html",
        "-p",
        "pytest_html.fixtures",
        "-p",
        "pytest_metadata.plugin",
    ],
    "allure-pytest": ["--alluredir", "allure"],
    "pytest-embedded": [],
    "labgrid": ["--lg-env", "lab.yaml"],
}
USED = {
    "pytest-timeout": """
@pytest.mark.timeout(0.2)
def test_endless():
    import threading
    threading.Event().wait(60)
""",
    "pytest-cov": """
def test_counted(cov):
    assert cov is not None
""",
    "pytest-rerunfailures": """
TRIED = []

def test_flaky():
    TRIED.append(1)
    assert len(TRIED) > 1
""",
    "pytest-html": """
def test_with_extras(extras):
    from pytest_html import extras as made
    extras.append(made.text("some words"))
""",
    "allure-pytest": """
def test_in_steps():
    import allure
    with allure.step("one"):
        allure.attach("some words")
""",
    "pytest-embedded": """
def test_their_dut(dut, redirect):
    with redirect():
        print("hello")
    dut.expect_exact("hello", timeout=60)
""",
    "labgrid": """
def test_their_target(env, target):
    assert target.name == "main"
    assert env.config.get_targets()["main"] is not None
""",
}
PROJECT = """
import pytest

@pytest.fixture
def board():
    return "chess"

@pytest.fixture
def dataset():
    return [1]

def test_own_fixtures(board, dataset):
    assert (board, dataset) == ("chess", [1])

@pytest.mark.parametrize("board", ["go", "chess"])
def test_own_parametrize(board):
    assert board in ("go", "chess")

def test_wrong():
    assert [1] == [2]

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass

@pytest.mark.xfail
def test_expected():
    assert False

class TestClass:
    def test_in_it(self, tmp_path):
        assert tmp_path.is_dir()

@pytest.fixture
def broken():
    raise RuntimeError("theirs")

def test_error(broken):
    pass
"""
OURS = f"""
import pytest
{{more}}

@pytest.mark.board("{BOARD}")
@pytest.mark.model("digits_cnn_int8")
def test_ours(dut, dataset):
    run = dut.classify(dataset("digits").test[:20])
    run.gate("accuracy >= 0.8")
"""
#: A plug-in with fixtures of our names, as pytest-embedded has one.
OTHER = """
import pytest

@pytest.fixture
def dut():
    return "theirs"

@pytest.fixture
def dataset():
    return "theirs"

@pytest.fixture(scope="session")
def board():
    return "theirs"
"""


@pytest.fixture(params=["theirs first", "ours first"])
def beside_other(tmp_path, request):
    """The environment of a run that loads OTHER before or after us."""
    (tmp_path / "other.py").write_text(OTHER)
    # Options of the environment come before those of the command line, its plug-ins after.
    how = {"PYTEST_ADDOPTS": "-p other"} if request.param == "theirs first" else {"PYTEST_PLUGINS": "other"}
    return {"PYTHONPATH": str(tmp_path), **how}


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_another_plug_ins_fixtures_of_our_names_stay_theirs_whichever_was_loaded_first(tmp_path, beside_other, workers):
    (tmp_path / "test_it.py").write_text(
        "def test_it(dut, dataset, board):\n    assert [dut, dataset, board] == ['theirs'] * 3\n"
    )
    (tmp_path / "test_imported.py").write_text(
        "from harness.plugin.fixtures import board, dataset\n"
        f"import pytest\n@pytest.mark.board({BOARD!r})\ndef test_it(dataset, board, dut):\n"
        f"    assert board.name == {BOARD!r} and len(dataset('digits').test[:3].labels) == 3 and dut == 'theirs'\n"
    )
    run = pytest_in(tmp_path, *workers, **beside_other)
    assert "2 passed" in run.stdout, run.stdout + run.stderr
    assert "skipped" not in run.stdout


def test_a_conftest_file_at_the_root_may_have_ours_back_and_a_folder_may_wrap_it(tmp_path, beside_other):
    (tmp_path / "conftest.py").write_text("from harness.plugin.fixtures import board\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef board(board):\n    return board.name + '!'\n"
        f"@pytest.mark.board({BOARD!r})\ndef test_it(board):\n    assert board == '{BOARD}!'\n"
    )
    run = pytest_in(tmp_path, **beside_other)
    assert "1 passed" in run.stdout, run.stdout + run.stderr


def test_a_plan_passes_beside_a_plug_in_that_takes_every_test_to_have_fixtures(tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "conftest.py").write_text(
        "def pytest_runtest_setup(item):\n    assert 'target' not in item.fixturenames\n"
        "def pytest_runtest_call(item):\n    assert 'dut' not in item.funcargs\n"
    )
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "virtual", "--samples", "20")
    assert "1 passed" in run.stdout, run.stdout + run.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The Python of an environment with our wheel, and what could be installed there. The rest is had from the running one."""
    if not FULL:
        pytest.skip("installs from PyPI; with HIL_FULL=1")
    folder = tmp_path_factory.mktemp("neighbours") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    # Not by a plain line: what is installed in place there has files of this kind of its own.
    (packages / "_running.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    refused = _pip(python, "--no-deps", str(Path(__file__).parents[3]))
    if refused:
        pytest.skip(f"our wheel cannot be installed: {refused}")
    return python, {name: why for name in NEIGHBOURS if (why := _pip(python, name))}


def _pip(python: Path, *what: str) -> str:
    """Why it could not be installed; "" when it was."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]


def _outcomes(python: Path, folder: Path, plugins: list[str], *arguments: str) -> tuple[dict[str, str], str]:
    """What became of each test, and the output; only the plug-ins named are loaded."""
    loaded = [word for name in plugins for word in ("-p", name)]
    done = subprocess.run(
        [python, "-m", "pytest", *loaded, "-p", "no:cacheprovider", "--junitxml", "junit.xml", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout + done.stderr
    assert "INTERNALERROR" not in said, said
    assert (folder / "junit.xml").is_file(), said
    found = {}
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        bad = [each.tag for each in case if each.tag in ("failure", "error", "skipped")]
        found[f"{case.get('classname')}::{case.get('name')}"] = bad[0] if bad else "passed"
    return found, said


def _there(installed: tuple[Path, dict[str, str]], *names: str) -> Path:
    python, missing = installed
    for name in names:
        if name in missing:
            pytest.skip(f"{name} cannot be installed: {missing[name]}")
    return python


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_project_that_does_not_use_hil_comes_to_the_same_with_it_and_without(tmp_path, installed, neighbour):
    python = _there(installed, neighbour)
    came_to = []
    for ours in (["harness.plugin"], []):
        for order in (1, -1):
            folder = tmp_path / f"{len(came_to)}"
            folder.mkdir()
            (folder / "test_it.py").write_text(PROJECT + USED[neighbour])
            (folder / "lab.yaml").write_text("targets:\n  main:\n    resources: {}\n")
            found, said = _outcomes(python, folder, [*ours, NEIGHBOURS[neighbour]][::order], *ASKED[neighbour])
            made = sorted(path.suffix for path in folder.rglob("*") if "__pycache__" not in path.parts)
            came_to.append((found, made))
            assert "hil" not in said.replace("plugins: hil", ""), said
    assert all(each == came_to[-1] for each in came_to)
    assert sorted(came_to[0][0].values()).count("passed") >= 4
    wrong = {"test_it::test_wrong": "failure", "test_it::test_error": "error"}
    if neighbour == "pytest-timeout":
        wrong["test_it::test_endless"] = "failure"
    assert {name: how for name, how in came_to[0][0].items() if how in ("failure", "error")} == wrong


ALL_BUT = {
    "labgrid": "pytest-embedded",
    "pytest-embedded": "labgrid",
}  # those two have a fixture of one name themselves


@pytest.mark.parametrize("without", sorted(ALL_BUT))
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_plan_and_a_test_of_ours_pass_beside_all_of_them_at_once(tmp_path, installed, without, workers):
    beside = [name for name in NEIGHBOURS if name != without]
    python = _there(installed, *beside)
    digits_plan(tmp_path)
    imported = "from harness.plugin.fixtures import dut" if without == "labgrid" else ""
    (tmp_path / "test_ours.py").write_text(OURS.format(more=imported))
    (tmp_path / "lab.yaml").write_text("targets:\n  main:\n    resources: {}\n")
    asked = [word for name in beside for word in ASKED[name]]
    ours = ["--board", BOARD, "--backend", "virtual", "--samples", "60", "--report-dir", "out"]
    plugins = ["xdist", *(NEIGHBOURS[name] for name in beside), "harness.plugin"]
    found, said = _outcomes(python, tmp_path, plugins, *asked, *ours, *workers, "testplans", "test_ours.py")
    assert len(found) == 2, said
    assert set(found.values()) == {"passed"}, said
    assert (tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8" / "record.json").is_file()
    assert (tmp_path / "out" / "tests").is_dir()
    for file in ("out.html", ".coverage", "allure"):
        assert (tmp_path / file).exists(), file
