"""Where reports go: ``DIR`` itself for a single case, ``DIR/<plan>/<board>/<model>`` for several."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.plans.expand import Case
from harness.plugin import options

WORKER_KEY = "hil_report_root"  # in xdist's workerinput
SINGLE = pytest.StashKey[bool]()  # whether this run has exactly one case
_ROOT = pytest.StashKey[Path]()


def report_root(config: pytest.Config) -> Path:
    """The folder of this run: ``--report-dir``, else the folder of the run that is gone on with (``--resume``), else
    ``hil-reports/<time>`` below the current folder.

    xdist's workers write into the controller's folder: it passes the name on (``pytest_configure_node``).
    """
    if _ROOT not in config.stash:
        asked = config.stash[options.KEY]
        given = asked.report_dir
        if given is None and asked.run.resume is not None and Path(asked.run.resume).is_dir():
            given = Path(asked.run.resume)
        worker = getattr(config, "workerinput", {})
        if WORKER_KEY in worker:
            root = Path(worker[WORKER_KEY])
        elif given is not None:
            root = given.absolute()
        else:
            root = Path.cwd() / "hil-reports" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"
        config.stash[_ROOT] = root
    return config.stash[_ROOT]


def report_folder(config: pytest.Config, case: Case) -> Path:
    """The folder of one case."""
    root = report_root(config)
    return root if config.stash.get(SINGLE, False) else root / case.id
