"""The table of the units that a case was spread over: the same rows in every report."""

from __future__ import annotations

from typing import Final

from harness.evidence.reports._words import figure
from harness.records import Record, UnitShare

TITLE: Final = "each unit's part"
_MOST_CHARS: Final = 120


def title(record: Record) -> str:
    """``each unit's part: 450 samples over 3 units``."""
    total = sum(share.answered for share in record.units)
    return f"{TITLE}: {total:,} samples over {len(record.units)} units"


def columns(record: Record) -> tuple[tuple[str, bool], ...]:
    """(title, whether it holds numbers) of each column."""
    cost = "cycles" if record.evidence == "hardware" else "instructions"
    return (
        ("unit", False),
        ("samples", True),
        ("not as the reference", True),
        ("compared", True),
        ("timed", True),
        (f"{cost}, median", True),
        ("streamed for", True),
        ("bad frames", True),
        ("what became of it", False),
    )


def rows(record: Record) -> list[tuple[str, ...]]:
    """One a unit, in the order of their numbers."""
    return [
        (
            share.unit.uid,
            f"{share.answered:,}",
            f"{share.unlike:,}",
            f"{share.compared:,}",
            f"{share.timed:,}",
            _cost(share),
            _time(share),
            "-" if share.link is None else f"{share.link.frames_bad:,}",
            _what(share),
        )
        for share in record.units
    ]


def _cost(share: UnitShare) -> str:
    value = share.cycles if share.cycles is not None else share.instructions
    return "-" if value is None else f"{value:,.0f}"


def _time(share: UnitShare) -> str:
    """By the unit's own clock where it has one: an emulated one's seconds are not the host's."""
    seconds = share.own_s if share.own_s is not None else share.link.wall_s if share.link else None
    return "-" if seconds is None else figure(seconds, "s")


def _what(share: UnitShare) -> str:
    """What is to be known of it; empty for a unit that did its part."""
    if not share.trusted:
        return "computes otherwise than the others"
    if not share.fault:
        return ""
    text = " ".join(share.fault.split())
    return "lost: " + (text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}...")
