"""Our words as pytest shows them: whole where the error is told, and in its summary the first line alone, not all again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter


_MARK = "hil_told"  # xdist carries a report's attributes along


@dataclass(frozen=True)
class _Crash:
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Words:
    """What ``report.longrepr`` may be: pytest takes the summary of a plain text to be all of it."""

    text: str

    @property
    def reprcrash(self) -> _Crash:
        """Where pytest looks for the summary."""
        return _Crash(self.text.partition("\n")[0])

    def toterminal(self, writer: TerminalWriter) -> None:
        """Write it."""
        writer.line(self.text)

    def __str__(self) -> str:
        return self.text


def mark(report: pytest.TestReport) -> None:
    """Its text is ours: so it is known after it came from another process, as plain text."""
    setattr(report, _MARK, True)


def shortened(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Give a report with our text its short summary. Another's report stays as it is."""
    from harness.plugin.ours import is_plan

    text = report.longrepr
    if isinstance(report, pytest.CollectReport):
        ours = report.failed and is_plan(Path(report.nodeid))
        text = str(text) if ours else text
    else:
        ours = getattr(report, _MARK, False)
    if ours and isinstance(text, str):
        report.longrepr = Words(text)  # type: ignore[assignment]  # pytest takes whatever has toterminal
