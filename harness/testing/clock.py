"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness.errors import MisuseError

_START = datetime(2000, 1, 1, tzinfo=UTC)


class ManualClock:
    """A ``Clock`` for tests: sleeping takes no time but moves the clock."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def monotonic_s(self) -> float:
        """See Clock."""
        return self._now_s

    def now(self) -> datetime:
        """See Clock: 2000-01-01 plus the time that has passed."""
        return _START + timedelta(seconds=self._now_s)

    def sleep_s(self, duration_s: float) -> None:
        """See Clock."""
        self.advance_s(max(0.0, duration_s))

    def advance_s(self, duration_s: float) -> None:
        """Let time pass."""
        if duration_s < 0:
            raise MisuseError("a clock does not go back", found=f"{duration_s} s")
        self._now_s += duration_s

    def advance_to_s(self, at_s: float) -> None:
        """Let time pass until ``at_s``; a moment that has passed changes nothing."""
        self._now_s = max(self._now_s, at_s)
