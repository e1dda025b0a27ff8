"""Ages and days as people type them: ``30d``, ``12h``, ``2026-11-01``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness import clock
from harness.errors import MisuseError


def age(text: str) -> timedelta:
    """``12h``, ``30d``. ``MisuseError`` for what is none."""
    try:
        return clock.age(text.strip())
    except ValueError:
        raise MisuseError(
            "this is no age", expected=clock.AGE_FORM, found=text, next_step="2h for two hours, for example"
        ) from None


def moment(text: str | None) -> datetime | None:
    """An age, reckoned back from now, or a day or time, UTC if it says no zone. ``MisuseError`` for what is neither."""
    if text is None:
        return None
    try:
        return clock.SystemClock().now() - clock.age(text.strip())
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise MisuseError(
            "this is neither an age nor a day",
            expected=f"{clock.AGE_FORM}, or 2026-11-01 or 2026-11-01T06:00",
            found=text,
            next_step="7d for the last week, for example",
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
