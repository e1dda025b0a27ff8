"""Where reports go: ``<run>/<plan>/<board>/<model>`` for a case, ``<run>/tests/<module>/<test>`` for a test with ``dut``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.evidence import layout
from harness.evidence.runrecord import Command
from harness.plans.expand import Case
from harness.plugin import options
from harness.run import resume
from harness.run.whole import Whole

if TYPE_CHECKING:
    from harness.records import Record
    from harness.run.notes import CaseResult

_ROOT_KEY, _COMMAND_KEY = "hil_report_root", "hil_command"  # in xdist's workerinput
_ROOT = pytest.StashKey[Path]()


def report_root(config: pytest.Config) -> Path:
    """The folder of this run: ``--report-dir``, else the folder of the run that is gone on with (``--resume``), else
    ``hil-reports/<run>`` below the current folder. ``MisuseError`` when there is no run to go on with.

    xdist's workers write into the controller's folder (``pass_on``).
    """
    if _ROOT not in config.stash:
        asked = config.stash[options.KEY]
        worker = getattr(config, "workerinput", {})
        config.stash[_ROOT] = (
            Path(worker[_ROOT_KEY]) if _ROOT_KEY in worker else resume.report_root(asked.report_dir, asked.run.resume)
        )
    return config.stash[_ROOT]


def report_folder(config: pytest.Config, case: Case) -> Path:
    """The folder of one case."""
    return layout.case_folder(report_root(config), case.id)


def test_folder(config: pytest.Config, node_id: str) -> Path:
    """The folder of a test that uses ``dut``, by its id in pytest."""
    return layout.test_folder(report_root(config), node_id)


def pass_on(config: pytest.Config, workerinput: dict[str, str]) -> None:
    """Tell a worker of xdist where reports go, and of which command they are."""
    workerinput[_ROOT_KEY] = str(report_root(config))
    workerinput[_COMMAND_KEY] = _whole(config).command.model_dump_json()


def begin(config: pytest.Config) -> None:
    """Before the first file is written: make the run's folder, and let ``hil-reports/latest`` point to it.

    A run that writes nothing leaves nothing. ``BenchError`` when nothing can be written there.
    """
    _whole(config).begin()


def keep(config: pytest.Config, result: CaseResult, folder: Path) -> None:
    """Into the history, after the reports were written to ``folder``. Never raises: ``end`` tells what is not there."""
    _whole(config).keep(result, folder)


def keep_record(config: pytest.Config, record: Record, folder: Path) -> None:
    """The same for a record that lies in ``folder`` already."""
    from harness.evidence.history import folders

    _whole(config).keep_record(record, folders.Left(record, folder).samples, folder)


def end(
    config: pytest.Config, exit_status: int, skipped: list[tuple[str, str]], refused: list[tuple[str, str]]
) -> str | None:
    """Sum the run up, if this process or a worker of it has begun one; what could not be written, in words."""
    if options.WHOLE not in config.stash or hasattr(config, "workerinput"):
        return None
    return config.stash[options.WHOLE].end(exit_status, skipped, refused)


def _whole(config: pytest.Config) -> Whole:
    if options.WHOLE not in config.stash:
        root = report_root(config)
        history = config.stash[options.KEY].history
        worker = getattr(config, "workerinput", {})
        config.stash[options.WHOLE] = (
            Whole(root, Command.model_validate_json(worker[_COMMAND_KEY]), history=history)
            if _COMMAND_KEY in worker
            else Whole.new(root, ["pytest", *map(str, config.invocation_params.args)], history=history)
        )
    return config.stash[options.WHOLE]
