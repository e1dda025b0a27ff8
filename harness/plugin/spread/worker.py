"""In a worker of xdist that has a unit: one test at a time, where the controller says."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from harness.bench import lease
from harness.plugin import orphan
from harness.plugin.spread import distrust, needs, pause, seat, stops, tries

FOLDER, CONTROLLER = "hil_seats", "hil_controller"  # in xdist's workerinput


class Worker:
    """A plug-in of the worker's process."""

    def __init__(self, config: pytest.Config) -> None:
        given = config.workerinput  # type: ignore[attr-defined]  # xdist's
        self._config = config
        self._desk = seat.Desk(Path(given[FOLDER]), given["workerid"])
        os.environ[lease.RESERVED_BY] = str(given[CONTROLLER])
        orphan.watch(config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> Generator[None, None, None]:
        """What each test needs, before xdist tells that there are tests; and the pause behind them, which it must not tell of."""
        self._desk.tell_needs([needs.of(item) for item in session.items])
        yield
        pause.add_to(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """One test; what the rig has ended is kept back where the controller will have it tried again."""
        if isinstance(item, pause.Pause):
            item.end(nextitem)
            return True
        if isinstance(nextitem, pause.Pause):
            nextitem.after = item
        self._config.stash[seat.SEAT] = here = self._desk.seat()
        if here.prove and here.uid is not None and (why := self._unproven(here.uid)) is not None:
            self._desk.refuse(why)
            return True
        self._desk.begin()
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = tries.run(item, nextitem)
        why = tries.rigs_fault(reports) if here.again else None
        stop = stops.why_not(needs.of(item), item.nodeid, stops.properties_of(reports)) if why is not None else None
        if stop is not None:
            for report in reports:
                tries.end_with(report, stop)
        if why is None or stop is not None:
            tries.tell(item, reports)
        else:
            hook = self._config.hook
            kept = [hook.pytest_report_to_serializable(config=self._config, report=report) for report in reports]
            self._desk.hold(tries.unit_of(reports) or here.uid or "", why, kept)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _unproven(self, uid: str) -> str | None:
        place = next((place for place in needs.on_bench(self._config) if place.uid == uid), None)
        return distrust.unproven(self._config, place)
