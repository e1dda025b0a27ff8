"""A case that spreads its samples over several units gets those of workers that have nothing to do: they wait meanwhile.

The reservations stay the controller's (``bench.loans``); the case takes the units' own locks, one after the other, itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bench import loans
from harness.bench.places import Place
from harness.plugin.spread.pool import Pool


@dataclass
class _Loan:
    case: str
    units: dict[str, str | None]  # by uid: the worker whose unit it is, None: nobody's


class Lending:
    """What is lent to which worker's case. ``root`` is the folder of the run."""

    def __init__(self, pool: Pool, root: Path) -> None:
        self._pool, self._root = pool, root
        self._loans: dict[str, _Loan] = {}

    def begin(
        self, borrower: str, case: str, mine: Place, most: int, idle: dict[str, Place], tags: Sequence[str]
    ) -> int:
        """Lend up to ``most`` units of the kind of ``mine``: of the ``idle`` workers, then free ones; how many it is.

        None where the disk takes no loan: the case has its own unit then.
        """
        units: dict[str, str | None] = {}
        for worker, place in idle.items():
            if len(units) < most and worker != borrower and self._suits(place, mine, tags):
                units[place.uid] = worker
        for place in self._pool.may_come():
            if len(units) < most and self._suits(place, mine, tags) and self._pool.take(place):
                units[place.uid] = None
        if units:
            self._loans[borrower] = _Loan(case, units)
            try:
                loans.lend(self._root, case, list(units))
            except OSError:
                self.end(borrower)
                return 0
        return len(units)

    def end(self, borrower: str) -> None:
        """Its case is over, however it ended. May be called for one that has borrowed nothing."""
        if (loan := self._loans.pop(borrower, None)) is None:
            return
        loans.give_back(self._root, loan.case)
        for uid, worker in loan.units.items():
            if worker is None:
                self._pool.give_back(uid)

    def has(self, worker: str) -> bool:
        """Whether that worker's unit is lent: it waits."""
        return any(worker in loan.units.values() for loan in self._loans.values())

    def orphan(self, worker: str) -> bool:
        """A worker that waits is gone; whether its unit stays claimed until the loan is over."""
        for loan in self._loans.values():
            for uid, owner in loan.units.items():
                if owner == worker:
                    loan.units[uid] = None
                    return True
        return False

    def _suits(self, place: Place, mine: Place, tags: Sequence[str]) -> bool:
        return place.board == mine.board and set(tags) <= set(place.tags) and self._is_fit(place)

    def _is_fit(self, place: Place) -> bool:
        return self._pool.is_good(place) and not self._pool.hosts.is_gone(place)
