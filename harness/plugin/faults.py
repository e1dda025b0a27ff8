"""A test with ``dut`` fails only with evidence against the product. A broken rig, a wrong plan and our own faults are errors.

pytest calls everything that a test raises a failure. Its report is therefore moved to the phase whose failures are errors.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DeviceError, HarnessBug, HilError
from harness.evidence import ourfault

_PACKAGE = Path(__file__).resolve().parents[1]
_OUTSIDE = (_PACKAGE / "tests", _PACKAGE / "plugin" / "__init__.py")  # every test runs below our hooks


def judge(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Make an error of a failure that says nothing about the product."""
    if call.excinfo is None or not report.failed or "dut" not in getattr(item, "fixturenames", ()):
        return
    error = call.excinfo.value
    ours = isinstance(error, HarnessBug) or (not isinstance(error, HilError) and _raised_by_us(item, call.excinfo))
    if isinstance(error, DeviceError) or not (ours or isinstance(error, HilError)):
        return
    if ours:
        report.sections.append(("hil", ourfault.told(error)))
    if call.when == "call":
        report.when = "setup"


def _raised_by_us(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether the last frame that is the user's or ours, not a library's, is ours."""
    for entry in reversed(excinfo.traceback):
        path = Path(entry.path)
        if path.is_relative_to(_PACKAGE) and not any(path.is_relative_to(part) for part in _OUTSIDE):
            return True
        if path == item.path or (path.is_relative_to(item.config.rootpath) and "site-packages" not in path.parts):
            return False
    return False
