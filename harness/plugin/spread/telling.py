"""What the controller tells by itself: a first try that stays the last one, and tests that no unit was left for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HilError
from harness.findings import EarlierTry
from harness.plugin import killed, told
from harness.plugin.ours import RECORD
from harness.plugin.spread import aside, tries
from harness.plugin.spread.needs import Need

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController


@dataclass
class Untold:
    """A first try that the rig ended. ``reports`` as pytest serialises them; without any its worker was killed."""

    node: WorkerController
    words: str
    unit: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    folder: str = ""  # below the test's: where its reports lie, once they are put aside
    final: str = ""  # why there is no second

    @property
    def ended(self) -> str:
        """As what."""
        return "error" if self.reports else "killed"

    def earlier(self) -> EarlierTry:
        """For the record of the second."""
        return EarlierTry(unit=self.unit, ended=self.ended, reason=self.words, folder=self.folder)  # type: ignore[arg-type]

    def properties(self) -> list[tuple[str, object]]:
        """Of its reports."""
        return properties(self.reports)

    def line(self) -> str:
        """For the terminal."""
        return f"a first try on {self.unit} ended as {self.ended}: {self.words}"


def properties(reports: Iterable[dict[str, Any]]) -> list[tuple[str, object]]:
    """Of reports as pytest serialises them."""
    return [tuple(pair) for report in reports for pair in report.get("user_properties", ())]


def replay(config: pytest.Config, untold: Untold, nodeid: str = "", why: str = "") -> None:
    """Tell a first try after all: it is the only one."""
    session = config.pluginmanager.getplugin("dsession")
    untold.final = why
    if not untold.reports:
        session.handle_crashitem(nodeid, untold.node)
        return
    for data in untold.reports:
        report = config.hook.pytest_report_from_serializable(config=config, data=data)
        tries.end_with(report, why)
        session.worker_testreport(untold.node, report)


def put_aside(config: pytest.Config, untold: Untold, nodeid: str, folder: Path | None) -> None:
    """Before the second try: the first one's reports go aside; for one that was killed they are made."""
    if folder is None:
        return
    there = aside.put(config, folder)
    if not untold.reports:
        there = killed.leave(config, nodeid, untold.words, folder / aside.FIRST) or there
    untold.folder = aside.FIRST if there else ""


def not_run(config: pytest.Config, nodeid: str, need: Need, why: str, more: Sequence[str] = ()) -> pytest.TestReport:
    """An error, with its record where it is a case of a plan: no unit was there for it, or none may be given it. To be told yet."""
    file, _, name = nodeid.partition("::")
    reasons = (f"not run: {why}", *more)
    report = pytest.TestReport(
        nodeid=nodeid,
        location=(file, None, name or file),
        keywords={},
        outcome="failed",
        longrepr="\n".join([f"{need.case or nodeid}: the rig is wrong", *reasons]),
        when="setup",
    )
    told.mark(report)
    try:
        if (record := killed.not_run(config, nodeid, reasons)) is not None:
            report.user_properties.append((RECORD, record.model_dump_json(by_alias=True)))
    except HilError as error:
        report.longrepr = f"{report.longrepr}\nno record could be written: {error}"
    return report
