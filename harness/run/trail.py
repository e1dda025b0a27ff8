"""What the uses of a unit by one test leave behind: a record and its reports for each, also when the test breaks off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BenchError, DeviceError, HilError
from harness.evidence import clear_reports
from harness.findings import EarlierTry
from harness.records import Record, Verdict
from harness.run.notes import CaseResult
from harness.run.outcome import Ending, Run


@dataclass(frozen=True)
class Left:
    """What is told when a test has ended: its records, and the reasons of gates that are broken or cannot be decided."""

    records: tuple[Record, ...] = ()
    broken: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass
class Trail:
    """The uses of one test, ``test`` by its id. The first reports into ``folder``, the second into ``folder/2``, and so on.

    ``folder`` None: nothing is written. ``broke`` says which error of rig or firmware ended a use, and what was made of it.
    """

    test: str = "a test"
    folder: Path | None = None
    kept: Callable[[CaseResult, Path], None] = lambda result, folder: None  # told of what is written, with its folder
    tries: tuple[EarlierTry, ...] = ()  # what the test has behind it
    uses: int = 0
    broke: list[tuple[HilError, Record]] = field(default_factory=list)  # with the error that the test was given
    _open: list[tuple[Run | CaseResult, Path | None]] = field(default_factory=list)

    def begin(self) -> None:
        """Nothing that an earlier run left in the folder may be taken for this one's."""
        if self.folder is not None and self.folder.is_dir():
            for place in (self.folder, *(path for path in self.folder.iterdir() if path.name.isdecimal())):
                clear_reports(place)

    def next_use(self) -> tuple[str, Path | None]:
        """The id and the folder of a use that begins now."""
        self.uses += 1
        if self.uses == 1:
            return self.test, self.folder
        return f"{self.test} #{self.uses}", None if self.folder is None else self.folder / str(self.uses)

    def streamed(self, run: Run) -> None:
        """A use that came to its end; what it comes to is known when the test ends."""
        self._open.append((run, run.folder))

    def broke_off(self, error: BenchError | DeviceError, result: CaseResult, folder: Path | None) -> HilError:
        """A use that rig or firmware ended with ``error``. What the test is told is of another kind where that is to blame."""
        self._open.append((result, folder))
        record = result.record
        told: HilError = error
        if isinstance(error, DeviceError) != (record.verdict is Verdict.FAIL):
            kind = DeviceError if record.verdict is Verdict.FAIL else BenchError
            told = kind(record.reasons[0], found=error.what)
        self.broke.append((told, record))
        return told

    def end(self, ending: Ending) -> Left:
        """Write what is not written yet. ``BenchError`` when the disk refuses. May be called again: for later uses."""
        records: list[Record] = []
        broken: list[str] = []
        undecided: list[str] = []
        while self._open:
            use, folder = self._open.pop(0)
            result = (use.close(ending) if isinstance(use, Run) else use).after(self.tries)
            if folder is not None:
                result.write(folder)
                self.kept(result, folder)
            record = result.record
            records.append(record)
            if isinstance(use, Run) and record.gates:
                broken += [gate.reason for gate in record.gates if gate.breaks]
                undecided += record.reasons if record.verdict is Verdict.INCONCLUSIVE else ()
        return Left(tuple(records), tuple(broken), tuple(undecided))
