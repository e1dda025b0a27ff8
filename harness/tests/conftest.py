"""For the project's own tests: a hung one must not hang the suite, and no test may meet another user's units."""

import contextlib
import importlib.util
import os
import signal
import tempfile
from pathlib import Path

import pytest

TIMEOUT_S = 300
_DATA_NEAR = Path(__file__).resolve().parents[2].parent / "shared" / "data"

_NEEDED = {"hypothesis": "hypothesis", "pytest_timeout": "pytest-timeout"}  # module -> distribution
_MISSING = sorted(name for module, name in _NEEDED.items() if importlib.util.find_spec(module) is None)

# `pytest --board` and `pytest --fixtures` import this file too, where the tests' extras need not be installed.
with contextlib.suppress(ModuleNotFoundError):
    from hypothesis import settings

    # No example is timed: a busy machine is not a bug.
    settings.register_profile("hil", deadline=None)
    settings.load_profile("hil")


def pytest_ignore_collect():
    # Said in the header: a plain install shows its fixtures, and no screenful of missing modules.
    return True if _MISSING else None


def pytest_report_header():
    if _MISSING:
        return f"hil's own tests are left out, they need {', '.join(_MISSING)}: pip install -e '.[dev]'"
    return None


@pytest.fixture(scope="session", autouse=True)
def _signals_as_a_terminal_gives_them():
    """A suite begun with nohup, or with & by a script, hands ignored signals down; what the tests start must not inherit that."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            with contextlib.suppress(ValueError):  # not the main thread's business
                signal.signal(number, usual)


def pytest_collectstart():
    # A checkout of the project may have a folder of real data beside it; with it, more runs. Nothing depends on it.
    # Here and not at import: pytest imports this file for `pytest --board` too, which is no test of ours.
    if _DATA_NEAR.is_dir():
        os.environ.setdefault("HIL_DATA_DIR", str(_DATA_NEAR))


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Half the suite each, and who is done takes from the others: few files are split (their fixtures made twice), none waits long.

    By default whole chunks of a hundred slow tests are dealt out to one worker when the other has only quick ones left. Not by
    ``addopts``: pytest refuses ``--dist`` there for a run without workers.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


@pytest.fixture(scope="session", autouse=True)
def _own_folders():
    """Neither leases and virtual units of the tests, nor what they make of units, are those of whoever works on this machine."""
    # Not below pytest's folder: the path of a Unix socket must stay below 100 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="hil-") as runtime,
        tempfile.TemporaryDirectory(prefix="hil-") as state,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("HIL_RUNTIME_DIR", runtime)
        environment.setenv("HIL_STATE_DIR", state)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_history():
    """What the tests run is nobody's history, and most of them have none; those of the history say where theirs is."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HIL_DB", "off")
        yield


@pytest.fixture(scope="session", autouse=True)
def _what_is_started_keeps_its_bytecode():
    """Hundreds of processes are started; where Python is told to keep no bytecode, each compiles all our modules again."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session")
def folder_of_the_run(tmp_path_factory):
    """One folder for all the processes of a run of the suite: for what is costly, made once, and known by its content."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder
