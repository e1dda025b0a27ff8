"""Without xdist: one test after the other, each on a free unit that fits it; what the rig ends is tried on another one."""

from __future__ import annotations

import os

import pytest

from harness.bench import lease
from harness.bench.places import Place
from harness.findings import EarlierTry
from harness.plugin import ours
from harness.plugin.spread import aside, distrust, needs, seat, stops, telling, tries
from harness.plugin.spread.needs import Need
from harness.plugin.spread.pool import Pool
from harness.plugin.spread.seat import Seat


class InOrder:
    """A plug-in of a process that works alone. A unit is kept for one test at a time: others may have it in between."""

    def __init__(self, config: pytest.Config, pool: Pool) -> None:
        self._config, self._pool = config, pool

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """A test that uses a unit of this bench; any other is pytest's."""
        need = needs.of(item)
        if not (need.board and needs.is_on_units(self._config, need.board) and _is_judged(item)):
            return None
        stop = stops.why_not(need, item.nodeid)
        if stop is None and need.shards > 1:
            return None  # it takes its units itself
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        if stop is None:
            reports = self._tried(item, nextitem, need)
        else:
            # What the tests before it have kept for this one goes with it.
            after = tries.tear_down(item, nextitem)
            reports = [telling.not_run(self._config, item.nodeid, need, stop, [stops.WAY_OUT]), *after]
        tries.tell(item, reports)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _tried(self, item: pytest.Item, nextitem: pytest.Item | None, need: Need) -> list[pytest.TestReport]:
        properties = list(item.user_properties)
        folder = aside.folder_of(self._config, item.nodeid, need)
        aside.clear(folder)
        first = self._take(need)
        if first is None and (lost := self._given_up(need)):
            after = tries.tear_down(item, nextitem)
            return [telling.not_run(self._config, item.nodeid, need, f"no {need.words()} is left", lost), *after]
        # With none free, the test waits for its unit as any other; which it gets is not ours to know.
        reports = self._run(item, nextitem, Seat(first.uid if first else None, again=first is not None), first)
        why = tries.rigs_fault(reports)
        if why is None or first is None:
            return reports
        stop = stops.why_not(need, item.nodeid, stops.properties_of(reports))
        if stop is not None:
            for report in reports:
                tries.end_with(report, stop)
        if stop is not None or (second := self._take(need, but=first)) is None:
            return reports
        there = aside.put(self._config, folder)
        earlier = EarlierTry(unit=first.uid, ended="error", reason=why, folder=aside.FIRST if there else "")
        self._say(item, f"{tries.told(earlier)}; once more on {second.title}")
        tries.begin_anew(item, properties)
        return self._run(item, nextitem, Seat(second.uid, tries=(earlier,)), second)

    def _run(
        self, item: pytest.Item, nextitem: pytest.Item | None, here: Seat, place: Place | None
    ) -> list[pytest.TestReport]:
        self._config.stash[seat.SEAT] = here
        if place is not None:
            self._pool.hosts.begin(place)
        before = os.environ.get(lease.RESERVED_BY)
        if place is not None:  # so that nobody claims it a second time
            os.environ |= lease.environment()
        try:
            reports = tries.run(item, nextitem)
            if place is not None and (line := self._pool.hosts.heard(place, stops.properties_of(reports))) is not None:
                self._say(item, line)
            return reports
        finally:
            del self._config.stash[seat.SEAT]
            if place is not None:
                os.environ.pop(lease.RESERVED_BY, None)
                os.environ |= {lease.RESERVED_BY: before} if before is not None else {}
                self._pool.give_back(place.uid)

    def _given_up(self, need: Need) -> list[str]:
        """Why none of the units that fit is tried any more, where that is so since their hosts do not answer."""
        fitting = [place for place in self._pool.places if place.fits(need.board, None, need.tags)]
        why = [self._pool.hosts.given_up(place) for place in fitting]
        return self._pool.absent(lambda place: place in fitting) if why and None not in why else []

    def _take(self, need: Need, but: Place | None = None) -> Place | None:
        """Claim a free unit that fits and can be trusted; None where there is none. ``but``: another than that, which was tried."""
        for place in self._pool.may_come():
            if but is not None and (place.uid == but.uid or (place.via == but.via and self._pool.hosts.is_gone(place))):
                continue
            if not place.fits(need.board, None, need.tags) or not self._pool.take(place):
                continue
            if self._pool.is_good(place) or (why := distrust.unproven(self._config, place)) is None:
                return place
            self._pool.put_away(place.uid, why)
        return None

    def _say(self, item: pytest.Item, line: str) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"hil: {item.nodeid}: {line}")


def _is_judged(item: pytest.Item) -> bool:
    return ours.is_plan(item.path) or ours.judged(item)
