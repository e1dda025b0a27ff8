"""The pytest plug-in: ``pytest --board NAME`` runs every plan that names the board.

Without ``--board`` and without a plan on the command line it adds fixtures and nothing else, so that it is safe to have
installed. The only package that imports pytest.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.plugin import ending, options, ours

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter
    from xdist.scheduler import Scheduling
    from xdist.workermanage import WorkerController

pytest_plugins = ["harness.plugin.fixtures"]
#: The markers by how they are written, for pytest and for the guide.
MARKERS = {
    "board(*names)": "the kinds of board that a test with `dut` runs on",
    "model(model)": "what `dut` is flashed with: a name, a path, or file=..., classes=[...]",
    "requires(*tags)": "runs only on a unit that the bench file gives all of these tags",
    "hardware": "needs a real board; skipped on an emulated one",
}
_UNUSED_KEY = "hil_unused"  # in xdist's workeroutput
UNUSED = pytest.StashKey[list[str]]()  # what is said at the end of boards that nothing is for


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our options, after all others'."""
    options.declare(parser, pluginmanager)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """A path that is the value of one of our options never moves pytest's root. Before anything is captured or imported."""
    from harness.plugin import words

    words.settle(early_config, options.WITH_VALUE)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options once, declare the markers; with ``--board``, find the plans."""
    for usage, what in MARKERS.items():
        config.addinivalue_line("markers", f"{usage}: {what}")
    from harness.errors import BenchError, HilError

    try:
        asked = options.early(config)
        if asked.resume is not None:
            from harness.plugin import places

            places.report_root(config)  # that there is such a run is seen before anything is collected
    except BenchError as error:
        pytest.exit(str(error), returncode=2)  # who keeps a bench elsewhere is out of reach
    except HilError as error:
        raise pytest.UsageError(str(error)) from error
    if config.stash[options.KEY].boards:
        _check_boards(config, config.stash[options.KEY].boards)
        _collect_the_plans(config)
        ending.arm(config)
        _settle_the_units(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the process as it was."""
    ending.disarm(config)
    if config.stash.get(options.KEY, None) is not None and config.stash[options.KEY].boards:
        from harness.plugin.spread import start

        start.end(config)
    if options.WHOLE in config.stash:
        config.stash[options.WHOLE].release()


def _check_boards(config: pytest.Config, names: tuple[str, ...]) -> None:
    from harness.bench.boards import load_board
    from harness.bench.unit import require
    from harness.disk.folders import runtime_folder
    from harness.errors import BenchError, HilError

    try:
        runtime_folder()
        for name in names:
            require(config.stash[options.KEY].run.backend, load_board(name))
    except BenchError as error:
        # A rig's error, with the exit status that `hil` has for one: pytest's own for a usage error is 4.
        pytest.exit(str(error), returncode=2)
    except HilError as error:
        raise pytest.UsageError(str(error)) from error


def _settle_the_units(config: pytest.Config) -> None:
    from harness.errors import BenchError, HilError
    from harness.plugin.spread import start

    try:
        start.begin(config)
    except BenchError as error:
        pytest.exit(str(error), returncode=2)
    except HilError as error:
        raise pytest.UsageError(str(error)) from error


def _collect_the_plans(config: pytest.Config) -> None:
    """``--board`` without a path means the plans, not the ini file's ``testpaths`` (our own test suite's)."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    from harness.errors import HilError
    from harness.plugin import search

    found = search.find(config)
    try:
        config.stash[search.UNNAMED] = search.check(found, config.stash[options.KEY].boards)
    except HilError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[search.KEY] = found
    config.args = [str(folder) for folder in found.folders]


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Other plug-ins' fixtures of our names stay theirs. After pytest has gathered the fixtures of all plug-ins."""
    ours.step_back(session)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which board is used and why, and which plans: said before anything runs."""
    if not config.stash[options.KEY].boards:
        return []
    from harness.plugin import search, summary
    from harness.plugin.spread import start

    return [*summary.header(config), *start.header(config), *options.stepped_back(config), *search.header(config)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Plans are YAML files below a folder ``testplans``, or named on the command line."""
    if not ours.is_plan(file_path):
        return None
    from harness.plugin import collect

    return collect.collect_file(file_path, parent)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Boards that nothing is for are noted before -k and the like take tests away. What cannot be read may be for any."""
    if config.stash[options.KEY].boards and not session.testsfailed:
        from harness.plugin import search

        config.stash[UNUSED] = search.unused(config, items)
        if hasattr(config, "workeroutput"):
            config.workeroutput[_UNUSED_KEY] = config.stash[UNUSED]


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """xdist: with boards ``-n auto`` is as many workers as there are units to work with."""
    from harness.errors import HilError

    try:
        if not options.early(config).boards:
            return None
        from harness.plugin.spread import start

        return start.auto(config)
    except HilError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """xdist: its workers write where the controller says that reports are."""
    from harness.plugin import places

    places.pass_on(node.config, node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: WorkerController, ids: list[str]) -> None:
    """xdist: its workers run plans, so boards are held below this process too, which has not collected them itself."""
    if any(ours.is_plan(Path(name.partition("::")[0])) for name in ids):
        ending.arm(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController, error: object | None) -> None:
    """xdist: its workers have collected, the controller speaks. They all found the same."""
    if lines := getattr(node, "workeroutput", {}).get(_UNUSED_KEY):
        node.config.stash[UNUSED] = lines


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport, sched: Scheduling) -> None:
    """xdist: a worker died. Where boards are in use that is the rig's error, and the case has its record."""
    from harness.plugin import killed

    if sched.config.stash[options.KEY].boards:
        earlier, why = sched.behind(crashitem) if hasattr(sched, "behind") else ((), "")
        killed.describe(sched.config, crashitem, report, earlier, why)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that no unit of this bench can run, ever, is skipped with why."""
    if item.config.stash[options.KEY].boards and item.get_closest_marker("requires") is not None:
        from harness.plugin.spread import needs

        if (why := needs.unfit(item)) is not None:
            pytest.skip(f"hil: {why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """A test with `dut` leaves its records. Data that is not on this machine skips a test, as it skips a plan."""
    from harness.plugin import own

    try:
        yield
    except BaseException as error:
        if (unwritten := own.end_quietly(item, error)) is not None:
            item.add_report_section("call", "hil", unwritten)
        names = getattr(item, "fixturenames", ())
        if "dataset" in names or "dut" in names:
            from harness.data.dataset import DataMissing
            from harness.run.outcome import NotMeasured

            if isinstance(error, DataMissing | NotMeasured):
                pytest.skip(str(error))
        raise
    own.end(item, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the record to the report, so that it reaches the terminal also from another xdist process."""
    report = yield
    from harness.plugin import faults, own

    if own.TRAIL in item.stash:
        if call.when == "setup" and call.excinfo is not None:  # it will have no call
            own.end_quietly(item, call.excinfo.value)
        own.describe(item, report)
        if call.when == "teardown":
            own.look_after(item, report)
    faults.judge(item, call, report)
    if item.config.stash[options.KEY].boards:
        from harness.plugin.spread import tries

        tries.mark(call, report)
    if not ours.is_plan(item.path):
        return report
    from harness.plugin.collect import PlanItem

    if isinstance(item, PlanItem):
        if report.failed and call.excinfo is not None and call.when != "call":
            report.longrepr = item.repr_failure(call.excinfo)  # which pytest asks for in the call alone
        item.describe(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Our words once."""
    if report.failed:
        from harness.plugin import told

        told.shortened(report)


@pytest.hookimpl(tryfirst=True)
def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Our words once, for a plan too."""
    if report.failed:
        from harness.plugin import told

        told.shortened(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The whole run is summed up, however it ended: behind xdist's clean-up, before anything is told of it."""
    if options.WHOLE in session.config.stash:
        from harness.plugin import summary

        summary.sum_up(session.config, int(exitstatus))


def pytest_terminal_summary(terminalreporter: TerminalReporter, exitstatus: int) -> None:
    """The table of each case; after Ctrl-C where a case stood, and how to go on."""
    for line in terminalreporter.config.stash.get(UNUSED, []):
        terminalreporter.write_line(line)
    interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
    if not interrupted and not any(ours.reported(reports) for reports in terminalreporter.stats.values()):
        return
    from harness.plugin import summary

    summary.write(terminalreporter)
    if interrupted:
        summary.write_interrupted(terminalreporter)
