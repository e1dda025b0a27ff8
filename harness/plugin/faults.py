"""A test with ``dut`` fails only with evidence against the product. A broken rig, a wrong plan and our own faults are errors.

pytest calls everything that a test raises a failure. Its report is therefore moved to the phase whose failures are errors.
What one of our errors says is the whole message: the traceback through us would say nothing to whoever has to act.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DeviceError, HarnessBug, HilError
from harness.plugin import ours, own, told
from harness.text import printable

_PACKAGE = Path(__file__).resolve().parents[1]
_OUTSIDE = (_PACKAGE / "tests", _PACKAGE / "plugin" / "__init__.py")  # every test runs below our hooks


def judge(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Make an error of a failure that says nothing about the product."""
    if call.excinfo is None or not report.failed or not ours.judged(item):
        return
    from harness.run.outcome import CheckFailed

    error = call.excinfo.value
    ours_to_tell = isinstance(error, HilError | CheckFailed)
    by_us = isinstance(error, HarnessBug) or (not ours_to_tell and _raised_by_us(item, call.excinfo))
    if ours_to_tell and not by_us and not item.config.getoption("fulltrace"):
        report.longrepr = _told(item, call.excinfo)
        told.mark(report)
    if isinstance(error, DeviceError) or not (by_us or isinstance(error, HilError)):
        return
    if by_us:
        from harness.evidence import ourfault

        report.sections.append(("hil", ourfault.told(error)))
    if call.when == "call":
        report.when = "setup"


def _told(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The error's own words, or the record's, and the line of the test that met it (none when a fixture of ours did)."""
    error = excinfo.value
    why = own.reasons(item, error)
    lines = [f"{type(error).__name__}: {error}"] if isinstance(error, HilError) else str(error).splitlines()
    if why:
        lines = ["the product is wrong" if isinstance(error, DeviceError) else "the rig is wrong", *why]
    last = next((entry for entry in reversed(excinfo.traceback) if Path(entry.path) == item.path), None)
    if last is not None:
        lines.append(f"  {'met in:':<10}{item.path.name}:{last.lineno + 1}")
    return printable("\n".join(lines))


def _raised_by_us(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether the last frame that is the user's or ours, not a library's, is ours."""
    for entry in reversed(excinfo.traceback):
        path = Path(entry.path)
        if path.is_relative_to(_PACKAGE) and not any(path.is_relative_to(part) for part in _OUTSIDE):
            return True
        if path == item.path or (path.is_relative_to(item.config.rootpath) and "site-packages" not in path.parts):
            return False
    return False
