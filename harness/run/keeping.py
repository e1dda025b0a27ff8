"""What a run came to goes into the history by itself, and never in the way: reports are written first, verdicts stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import HilError
from harness.evidence import layout, ourfault, runrecord
from harness.evidence.database import is_off
from harness.records import Record, Samples
from harness.text import printable

if TYPE_CHECKING:
    from harness.evidence.history import History

_SHORT_PATIENCE_S: Final = 1.0  # for a store that has kept this process waiting before


class Keeping:
    """Writes the records of the run in ``root`` into the history. ``wanted`` False, or ``HIL_DB=off``: nothing is written.

    A run in a folder ``hil-reports`` goes into the history there, any other into that of the folder where one stands.
    """

    def __init__(self, root: Path, *, wanted: bool = True) -> None:
        self.root = root
        self._wanted = wanted
        self._base = layout.base_of(root)
        self._failed = False

    def keep(self, record: Record, samples: Samples | None, folder: Path) -> None:
        """After the reports of a case are in ``folder``. Never raises; what fails is tried once more by ``catch_up``.

        One failure ends it for this process: the next case must not wait for the same lock.
        """
        if not self._on or self._failed:
            return
        try:
            with self._opened() as history:
                self._add(history, record, samples, folder)
        except Exception:  # noqa: BLE001 - told of at the end, once: a worker of xdist has nobody to tell
            self._failed = True

    def catch_up(self, found: Mapping[str, Record], since: datetime) -> str | None:
        """Write what is not there yet of the records ``found``, by their folder below the run's, that ended ``since`` then.

        What could not be written, in words, with the command that mends it; None when all is there.
        """
        ended = {folder: record for folder, record in found.items() if record.finished >= since}
        if not self._on or not ended:
            return None
        missing = len(ended)
        try:
            from harness.evidence.history import folders

            with self._opened() as history:
                known = history.known([record.run_id for record in ended.values()])
                new = {
                    folder: record
                    for folder, record in ended.items()
                    if record.run_id not in known or known[record.run_id] < record.finished
                }
                missing = len(new)
                for folder, record in new.items():
                    self._add(history, record, folders.Left(record, self.root / folder).samples, self.root / folder)
                    missing -= 1
        except HilError as error:
            why = " ".join(filter(None, (error.what, error.where and f"({error.where})")))
            return self._told(missing, why, error.next_step)
        except Exception as error:  # noqa: BLE001 - a fault of ours here must not hide what the cases came to
            return self._told(missing, ourfault.told(error, self.root))
        return None

    @property
    def failed(self) -> bool:
        """Whether something could not be written that ``catch_up`` should try once more."""
        return self._failed

    @property
    def _on(self) -> bool:
        return self._wanted and not is_off()

    def _opened(self) -> History:
        from harness.evidence.history import History

        if self._failed:
            return History.open(base=self._base, patience_s=_SHORT_PATIENCE_S)
        return History.open(base=self._base)

    def _add(self, history: History, record: Record, samples: Samples | None, folder: Path) -> None:
        from harness.evidence.history import folders

        session = folders.session_name(self.root, runrecord.read(self.root))
        history.add(record, samples, session=session, folder=folders.place(folder, self._base))

    def _told(self, missing: int, why: str, first: str | None = None) -> str:
        """``first``: what has to be done before the history takes anything."""
        command = f"hil history import {self.root}"
        return printable(
            f"{missing} of this run's records {'is' if missing == 1 else 'are'} not in the history: {why}\n"
            f"  verdicts and reports stand; next: {f'{first}; then {command}' if first else command}"
        )
