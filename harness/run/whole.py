"""A whole run from the outside: it is begun before its first file, and summed up when it ends, however it ends.

What is summed up is what lies in the run's folder. So a case whose process was killed, Ctrl-C in the middle and the cases of
xdist's workers are all told of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench import lease
from harness.disk import files
from harness.errors import BenchError, HilError, MisuseError
from harness.evidence import layout, ourfault, read_record, runrecord, runreports, runs
from harness.evidence.reports._words import tried
from harness.evidence.runrecord import Command, Interrupted, RunRecord, Skipped
from harness.records import Record, Samples
from harness.run import claim, journal
from harness.run.keeping import Keeping
from harness.text import printable

if TYPE_CHECKING:
    from harness.run.notes import CaseResult


#: Files of a run of a special kind, by name, in place of those that every run has.
Own = Callable[[RunRecord, Mapping[str, Record]], Mapping[str, bytes]]


class Whole:
    """One command's part in the run whose folder is ``root``. Every process of the command may have one: it is begun once.

    ``own`` renders what this kind of run says in its own words.
    """

    def __init__(self, root: Path, command: Command, *, history: bool = True, own: Own | None = None) -> None:
        self.root = root
        self.command = command
        self._own = own
        self._keeping = Keeping(root, wanted=history)
        self._held: lease.Lease | None = None
        self._begun = False

    @classmethod
    def new(cls, root: Path, words: Sequence[str], *, history: bool = True) -> Whole:
        """For the process that was called as ``words``. ``history`` False: it leaves nothing in the history."""
        command = runrecord.command(words, process=os.getpid(), started=datetime.now(UTC))
        return cls(root, command, history=history)

    def begin(self) -> None:
        """Before the first file is written: make the folder, hold it against ``hil reports prune``, let ``latest`` point to it.

        May be called again. ``BenchError`` when nothing can be written there.
        """
        if self._begun:
            return
        runs.begin(self.root, first=not self._is_known())
        self._held = self._held or claim.hold(self.root, what=" ".join(self.command.words)[:200])
        if not self._is_known():
            content = self._record(self.command).render()
            try:
                files.replace(self.root / runrecord.FILENAME, content)
                for name in runreports.names()[:-1]:  # an earlier command's: nothing must look like this one's result
                    (self.root / runreports.load(name).FILENAME).unlink(missing_ok=True)
            except OSError as error:
                raise BenchError(
                    "the reports could not be written", where=str(self.root), found=error, next_step="check the disk"
                ) from error
        self._begun = True

    def keep(self, result: CaseResult, folder: Path) -> None:
        """Into the history, after its reports were written to ``folder``. Never raises: ``end`` tells what is not there."""
        self._keeping.keep(result.record, result.samples, folder)

    def keep_record(self, record: Record, samples: Samples | None, folder: Path) -> None:
        """The same for what lies in ``folder`` already."""
        self._keeping.keep(record, samples, folder)

    def end(
        self, exit_status: int, skipped: Sequence[tuple[str, str]] = (), refused: Sequence[tuple[str, str]] = ()
    ) -> str | None:
        """Sum up what lies there, if any process of this command has begun to write; what could not be written, in words.

        ``skipped``: the cases whose data is missing, ``refused``: plans and cases that could not begin, each with why. Never
        raises for a disk that refuses: verdicts stand in the cases' own records, and what is told of them must not depend on
        a summary.
        """
        if not self._is_known():
            return None
        ended = self.command.model_copy(update={"ended": datetime.now(UTC), "exit_status": exit_status})
        return self._tell(ended, skipped, refused, keep=True)

    def retell(self) -> str | None:
        """Sum up what a command has left that was killed; what could not be written, in words."""
        return self._tell(self.command, (), ())

    def _tell(
        self,
        command: Command,
        skipped: Sequence[tuple[str, str]],
        refused: Sequence[tuple[str, str]],
        *,
        keep: bool = False,
    ) -> str | None:
        unkept = None
        try:
            found = dict(records(self.root))
            unkept = self._keeping.catch_up(found, command.started) if keep else None
            run = self._record(command, found, skipped, refused, (unkept,) if unkept else ())
            forms = [runreports.load(name) for name in runreports.names()]
            # All are rendered before any is written, as those of a case are.
            contents = {form.FILENAME: form.render(run, found) for form in forms}
            for name, content in (contents | dict(self._own(run, found) if self._own else {})).items():
                files.replace(self.root / name, content)
        except OSError as error:
            unwritten = f"the summary of the run could not be written: {error}"
        except Exception as error:  # noqa: BLE001 - a fault of ours in a summary must not hide what the cases came to
            unwritten = ourfault.told(error, self.root)
        else:
            return unkept
        return "\n".join(filter(None, (unkept, unwritten)))

    def release(self) -> None:
        """The folder may be pruned again. May be called again."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def _is_known(self) -> bool:
        return any(self.command.same(other) for other in _commands(self.root))

    def _record(
        self,
        command: Command,
        found: dict[str, Record] | None = None,
        skipped: Sequence[tuple[str, str]] = (),
        refused: Sequence[tuple[str, str]] = (),
        warnings: tuple[str, ...] = (),
    ) -> RunRecord:
        found = {} if found is None else found
        left = tuple(interrupted(self.root))
        return RunRecord(
            name=printable(self.root.name),
            command=command,
            earlier=tuple(other for other in _commands(self.root) if not other.same(command)),
            verdict=runrecord.worst([record.verdict for record in found.values()], short=bool(left or refused)),
            entries=tuple(
                sorted(
                    (runrecord.entry(record, folder, since=command.started) for folder, record in found.items()),
                    key=lambda entry: (entry.kind, entry.id),
                )
            ),
            interrupted=left,
            skipped=_plain(skipped),
            refused=_plain(refused),
            warnings=(*warnings, *_flaky(found)),
        )


def records(root: Path) -> Iterator[tuple[str, Record]]:
    """Every record that lies where a run in ``root`` puts them, by its folder below it. Damaged ones are left out."""
    for pattern in ("", "*/*/*/", f"{layout.TESTS}/*/*/[0-9]*/"):
        for path in sorted(root.glob(f"{pattern}record.json")):
            folder = path.parent.relative_to(root).as_posix()
            try:
                record = read_record(path)
            except HilError:
                continue
            # Whoever names a folder full of other things as the run's must not get their records as this run's.
            if folder in (".", _place(record.case_id)) or folder.startswith(f"{layout.TESTS}/"):
                yield folder, record


def interrupted(root: Path) -> Iterator[Interrupted]:
    """The cases that were begun and have not come to their end: their journals lie in their folders."""
    for path in sorted([*root.glob(journal.FILENAME), *root.glob(f"*/*/*/{journal.FILENAME}")]):
        name = journal.case_of(path)
        folder = path.parent.relative_to(root).as_posix()
        if name is None or folder not in (".", _place(name)):
            continue
        try:
            answered = len(journal.read(path).answered)
        except MisuseError:
            continue
        yield Interrupted(id=name, folder=folder, answered=answered)


def _flaky(found: dict[str, Record]) -> Iterator[str]:
    for record in found.values():
        for name, text in tried(record):
            yield printable(f"{name.replace('_', ' ')}: {record.case_id}: {text}")


def _plain(told: Sequence[tuple[str, str]]) -> tuple[Skipped, ...]:
    return tuple(Skipped(id=printable(name), reason=printable(reason)) for name, reason in told)


def _place(case_id: str) -> str:
    return layout.case_folder(Path(), case_id).as_posix()


def _commands(root: Path) -> list[Command]:
    """Those that have begun to write there, oldest first."""
    try:
        run = runrecord.read(root)
    except HilError:
        return []
    return sorted((*run.earlier, run.command), key=lambda command: command.started)
