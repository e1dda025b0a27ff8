"""What a worker of xdist holds between two tests.

A worker begins a test when it knows the next one, so that it tears down no fixture that the next one uses: with nothing to
follow, the last test of its queue would wait. A unit must do one test at a time, chosen when the unit is free. So each
test is sent with a pause behind it: the worker runs the test, then holds the pause, until another test comes.

The pause keeps the fixtures of modules and classes; they go when the next test turns out not to need them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.nodes import Node

from harness.plugin.spread import tries


class Pause(pytest.Item):
    """Behind ``after``. It is never collected, never reported and does nothing."""

    after: pytest.Item | None = None
    _told_for: pytest.Item | None = None

    @property
    def nodeid(self) -> str:
        """Its own, but while something is told of the test before: xdist sends a report for the item that it takes this to be."""
        return self._told_for.nodeid if self._told_for is not None else str(super().nodeid)

    def listchain(self) -> list[Node]:
        """As of a test beside the one before: the fixtures around it stay."""
        parent = self.after.parent if self.after is not None else self.session
        return [*(parent or self.session).listchain(), self]

    def runtest(self) -> None:
        """Nothing."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands: nowhere."""
        return self.path, 0, self.name

    def end(self, nextitem: pytest.Item | None) -> None:
        """Tear down what ``nextitem`` does not use. What goes wrong then is told as an error of the test before."""
        after = self.after
        try:
            failed = tries.tear_down(after or self, nextitem)
        finally:
            self.after = None
        if not failed or after is None:
            return
        self._told_for = after
        try:
            tries.tell(self, failed)
        finally:
            self._told_for = None


def add_to(session: pytest.Session) -> None:
    """Behind the tests of a session that has some; the controller counts on its number."""
    if session.items:
        session.items.append(Pause.from_parent(session, name="hil-pause"))
