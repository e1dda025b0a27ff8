"""Where reports go: ``<run>/<plan>/<board>/<model>`` for a case, ``<run>/tests/<module>/<test>`` for a test with ``dut``."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.evidence import layout, runs
from harness.plans.expand import Case
from harness.plugin import options
from harness.run import resume

WORKER_KEY = "hil_report_root"  # in xdist's workerinput
_ROOT = pytest.StashKey[Path]()
_BEGUN = pytest.StashKey[bool]()


def report_root(config: pytest.Config) -> Path:
    """The folder of this run: ``--report-dir``, else the folder of the run that is gone on with (``--resume``), else
    ``hil-reports/<run>`` below the current folder. ``MisuseError`` when there is no run to go on with.

    xdist's workers write into the controller's folder: it passes the name on (``pytest_configure_node``).
    """
    if _ROOT not in config.stash:
        asked = config.stash[options.KEY]
        worker = getattr(config, "workerinput", {})
        config.stash[_ROOT] = (
            Path(worker[WORKER_KEY]) if WORKER_KEY in worker else resume.report_root(asked.report_dir, asked.run.resume)
        )
    return config.stash[_ROOT]


def report_folder(config: pytest.Config, case: Case) -> Path:
    """The folder of one case."""
    return layout.case_folder(report_root(config), case.id)


def test_folder(config: pytest.Config, node_id: str) -> Path:
    """The folder of a test that uses ``dut``, by its id in pytest."""
    return layout.test_folder(report_root(config), node_id)


def begin(config: pytest.Config) -> None:
    """Before the first file is written: make the run's folder, and let ``hil-reports/latest`` point to it.

    A run that writes nothing leaves nothing. ``BenchError`` when nothing can be written there.
    """
    if not config.stash.get(_BEGUN, False):
        runs.begin(report_root(config))
        config.stash[_BEGUN] = True
