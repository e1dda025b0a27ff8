"""What became of each case of the night, kept in ``night.json`` from one change to the next."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from harness.disk import files
from harness.errors import BenchError
from harness.evidence import nightrecord
from harness.evidence.nightrecord import NightCase, NightRecord, NightUnit, Try
from harness.evidence.runrecord import Command


class Book:
    """The night's record, and the file that it is kept in: each change is on the disk before anything else happens.

    Each method raises ``BenchError`` when the disk refuses.
    """

    def __init__(self, root: Path, night: NightRecord) -> None:
        self.root = root
        self.night = night
        self._at = {case.id: place for place, case in enumerate(night.cases)}

    def case(self, case_id: str) -> NightCase:
        """A case as it stands."""
        return self.night.cases[self._at[case_id]]

    def change(self, case_id: str, **fields: Any) -> NightCase:
        """Change a case."""
        cases = list(self.night.cases)
        found = cases[self._at[case_id]].model_copy(update=fields)
        cases[self._at[case_id]] = found
        self.change_night(cases=tuple(cases))
        return found

    def began(self, case_id: str, new: Try) -> None:
        """A try of it runs."""
        case = self.case(case_id)
        self.change(case_id, state="running", tries=(*_past(case), new))

    def ended(self, case_id: str, **fields: Any) -> Try:
        """Its running try has ended, as ``fields`` of it say; what that means for the case is for ``change`` to say."""
        case = self.case(case_id)
        last = case.tries[-1].model_copy(update=fields)
        self.change(case_id, tries=(*case.tries[:-1], last))
        return last

    def unit(self, uid: str, **fields: Any) -> None:
        """Change a unit of the rack, or add it: then all of its fields are there."""
        known = {unit.uid: unit for unit in self.night.units}
        before = known.get(uid)
        known[uid] = before.model_copy(update=fields) if before else NightUnit(uid=uid, **fields)
        if before != known[uid]:
            self.change_night(units=tuple(known.values()))

    def change_night(self, **fields: Any) -> None:
        """Change the night itself."""
        self.night = self.night.model_copy(update=fields)
        try:
            files.replace(self.root / nightrecord.FILENAME, self.night.render())
        except OSError as error:
            raise BenchError(
                "the night's record could not be written",
                where=str(self.root),
                found=error,
                next_step="check the disk, then go on with the night: --resume",
            ) from error

    def end_part(self, ended: datetime, status: int) -> None:
        """The command that runs the night is through."""
        *before, last = self.night.parts
        self.change_night(parts=(*before, last.model_copy(update={"ended": ended, "exit_status": status})))


def gone_on_with(night: NightRecord, command: Command) -> NightRecord:
    """The night when another command takes it up: what had been left undone waits again."""
    *before, last = night.parts
    if last.ended is None:  # it was killed; what it saw last is when it ended, as far as anybody knows
        moments = [moment for case in night.cases for one in case.tries for moment in (one.began, one.ended) if moment]
        last = last.model_copy(update={"ended": max([last.started, *moments])})
    return night.model_copy(
        update={
            "parts": (*before, last, command),
            "stopped": "",
            "cases": tuple(_waiting_again(case) for case in night.cases),
        }
    )


def _waiting_again(case: NightCase) -> NightCase:
    if case.state == "left":
        return case.model_copy(update={"state": "waiting", "lack": None, "why": ""})
    return case


def _past(case: NightCase) -> tuple[Try, ...]:
    """The tries that have ended; what a stop has cut short is no try."""
    return tuple(one for one in case.tries if one.verdict is not None)
