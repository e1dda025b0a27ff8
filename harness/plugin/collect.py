"""Plans become test items: one item a case.

pytest tells a wrong product from a broken rig by the phase: what is raised in set-up is an error, what is raised in the call
is a failure. So the case runs in set-up, where a rig's fault ends it as an error, and the call only looks at the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.bench import boards
from harness.bench.places import NoneFree
from harness.data.dataset import DataMissing
from harness.errors import HarnessBug, HilError, PlanError
from harness.evidence import ourfault
from harness.plans.expand import Case, expand
from harness.plugin import ending, options, orphan, places, progress, search, told
from harness.plugin.ours import RECORD, SKIPPED, UNIT
from harness.records import Record, Verdict
from harness.text import printable

NAMED = pytest.StashKey[set[str]]()  # the boards that the plans collected name


class CaseFailed(Exception):
    """The product is wrong: the verdict of the case is ``fail``."""


class CaseError(Exception):
    """The rig is wrong: the verdict of the case is ``error``."""


def collect_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file that may be a plan, or None when it was not asked for."""
    # What pytest took for tests, not the whole command line: `--lg-env lab.yaml` of another plug-in names no plan.
    named = any(Path(argument.partition("::")[0]).resolve() == path for argument in parent.config.args)
    if not named and not (parent.config.stash[options.KEY].boards and search.is_looked_into(path.parent)):
        return None
    file: pytest.Collector = PlanFile.from_parent(parent, path=path)
    return file


class PlanFile(pytest.File):
    """One plan."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its cases on the boards asked for; all of its boards when none was. ``PlanError``: nothing of the plan runs."""
        from harness.run.reading import read_plan

        asked = self.config.stash[options.KEY]
        plan = read_plan(self.path, boards.names())
        self.config.stash.setdefault(NAMED, set()).update(plan.boards)
        cases = expand(
            plan,
            boards=boards.names(),
            only_boards=asked.boards or None,
            samples=asked.samples,
        )
        for case in cases:
            yield PlanItem.from_parent(self, name=f"{case.board}/{case.model}", case=case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """A plan that cannot be read is told in our words, without a traceback."""
        return _told(excinfo) or str(super().repr_failure(excinfo))


class PlanItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]  # pytest's own way to build nodes
        self.case = case
        # Plug-ins take every item to have fixtures: pytest-embedded asks for their values, labgrid for their names.
        self.funcargs: dict[str, object] = {}
        self.fixturenames: list[str] = []
        self.record: Record | None = None
        self.folder: Path | None = None
        self.missing: DataMissing | None = None
        self.unfit = ""  # why no unit of this bench can run it
        self.aftercare: tuple[str, ...] = ()

    def setup(self) -> None:
        """Run the case; a rig's fault ends here."""
        from harness.evidence.reports import junit
        from harness.farm import aftercare as care
        from harness.plugin.spread import needs, seat
        from harness.run.claim import claimed
        from harness.run.runner import run_case
        from harness.run.watch import Step

        if (why := needs.unfit(self)) is not None:
            self.unfit = why
            pytest.skip(why)
        ending.arm(self.config)
        orphan.watch(self.config)
        self.folder = places.report_folder(self.config, self.case)
        run = seat.run_options(self.config)
        try:
            with claimed(self.folder, what=self.case.id):
                with progress.shown(self.config, self.case.id) as show:

                    def watch(step: Step) -> None:
                        if step.name == "build":  # plan, model and data are right: from here on there is a record
                            places.begin(self.config)
                        show(step)

                    result = run_case(self.case, run, watch=watch, folder=self.folder)
                result = result.after(seat.tries(self.config))
                result.write(self.folder)
                if not (result.record.verdict is Verdict.ERROR and seat.is_tried_again(self.config)):
                    places.keep(self.config, result, self.folder)
        except NoneFree as busy:
            pytest.exit(f"{self.case.id}: {busy}", returncode=2)  # --no-wait
        except DataMissing as missing:
            self.missing = missing
            pytest.skip(str(missing))
        self.aftercare = care.after_case(result.record, board=boards.load_board(self.case.board), options=run)
        # Only now: a verdict that could not be written down is not told as one.
        self.record = result.record
        self.user_properties += junit.notes(self.record)
        if self.record.verdict is Verdict.ERROR:
            raise CaseError

    def runtest(self) -> None:
        """Look at the verdict."""
        assert self.record is not None
        if self.record.verdict is Verdict.FAIL:
            raise CaseFailed
        if self.record.verdict is Verdict.INCONCLUSIVE:
            pytest.skip("inconclusive: " + "; ".join(self.record.reasons))

    def describe(self, report: pytest.TestReport) -> None:
        """Send the record along with the report that ends the case."""
        if report.failed and isinstance(report.longrepr, str):
            told.mark(report)
        if self.record is not None and (report.when == "call" or (report.when == "setup" and report.failed)):
            report.user_properties.append((RECORD, self.record.model_dump_json(by_alias=True)))
            report.user_properties += [(UNIT, line) for line in self.aftercare]
        if self.unfit and report.when == "setup":
            report.user_properties.append((SKIPPED, f"{self.case.id}: {self.unfit}"))
        if self.missing is not None and report.when == "setup":
            report.user_properties.append((SKIPPED, f"{self.case.id}: {self.missing.what}: {self.missing.next_step}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The reasons, without a traceback: the traceback of a verdict says nothing."""
        if isinstance(excinfo.value, CaseFailed | CaseError):
            assert self.record is not None
            head = "the product is wrong" if isinstance(excinfo.value, CaseFailed) else "the rig is wrong"
            return "\n".join([f"{self.case.id}: {head}", *self.record.reasons, f"reports: {self.folder}"])
        if told := _told(excinfo):
            return told
        return f"{self.case.id}: {ourfault.told(excinfo.value, self.folder)}\n{super().repr_failure(excinfo)}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands, for pytest's own messages."""
        return self.path, 0, self.case.id


def _told(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    if isinstance(excinfo.value, HilError) and not isinstance(excinfo.value, HarnessBug):
        kind = PlanError if isinstance(excinfo.value, PlanError) else type(excinfo.value)
        return printable(f"{kind.__name__}: {excinfo.value}")
    return None
