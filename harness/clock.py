"""The only clock. Everything that waits takes a ``Clock``, so tests never sleep. Ages as people write them: ``7d``."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

#: An age in a file or on a command line, for schemas too.
AGE: Final = r"[0-9]{1,5}[mhdw]"
AGE_FORM: Final = "a number and m, h, d or w, such as 90m, 12h, 30d or 8w"
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """``12h``, ``30d``. ``ValueError`` for what is no ``AGE``."""
    if re.fullmatch(AGE, text) is None:
        raise ValueError(f"this is no age: {text!r}")
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def spoken(seconds: float) -> str:
    """``45 s``, ``12 min``, ``7 h 30 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


class Clock(Protocol):
    """Monotonic seconds, wall-clock time and a sleep."""

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def now(self) -> datetime:
        """The wall-clock time, UTC, for records only."""
        ...

    def sleep_s(self, duration_s: float) -> None:
        """Return after at least ``duration_s`` seconds."""
        ...


class SystemClock:
    """The real clock."""

    def monotonic_s(self) -> float:
        """See ``Clock``."""
        return time.monotonic()

    def now(self) -> datetime:
        """See ``Clock``."""
        return datetime.now(UTC)

    def sleep_s(self, duration_s: float) -> None:
        """See ``Clock``."""
        time.sleep(duration_s)


@dataclass(frozen=True)
class Deadline:
    """A moment on a clock after which waiting is over."""

    clock: Clock
    at_s: float

    @classmethod
    def after(cls, clock: Clock, duration_s: float) -> Deadline:
        """A deadline ``duration_s`` seconds from now."""
        return cls(clock, clock.monotonic_s() + duration_s)

    def left_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at_s - self.clock.monotonic_s())

    def sooner(self, duration_s: float) -> Deadline:
        """This one, or one in ``duration_s`` seconds if that is sooner."""
        other = Deadline.after(self.clock, duration_s)
        return self if self.at_s <= other.at_s else other

    @property
    def passed(self) -> bool:
        """Whether the moment has come."""
        return self.clock.monotonic_s() >= self.at_s
