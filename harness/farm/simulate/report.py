"""What a simulation came to, as figures for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.farm.simulate.model import Played, Rack


@dataclass(frozen=True)
class Figures:
    """Over all played stretches. Times in seconds; ``end_*``: of the night, without what comes at random besides; ``use``: by
    kind, the part of the units' time that cases took.
    """

    stretches: int
    cases: float
    wait_p50_s: float
    wait_p95_s: float
    end_p50_s: float
    end_p95_s: float
    per_hour: float
    errors: float
    undone: float
    quarantined: float
    use: dict[str, float]
    in_time: float | None  # share of the stretches that ended by the deadline; None without one


def figures(played: Sequence[Played], rack: Rack, deadline_s: float | None = None) -> Figures:
    """Means over the stretches; waits and ends as quantiles over all of them."""
    n = len(played)
    waits = sorted(wait for one in played for wait in one.waits_s)
    ends = sorted(one.night_s for one in played)
    use = {
        board: sum(one.busy_s.get(board, 0.0) for one in played) / max(1e-9, units * sum(one.end_s for one in played))
        for board, units in rack.units.items()
    }
    return Figures(
        stretches=n,
        cases=sum(len(one.waits_s) for one in played) / n,
        wait_p50_s=_quantile(waits, 0.5),
        wait_p95_s=_quantile(waits, 0.95),
        end_p50_s=_quantile(ends, 0.5),
        end_p95_s=_quantile(ends, 0.95),
        per_hour=sum(one.per_hour for one in played) / n,
        errors=sum(one.errors for one in played) / n,
        undone=sum(one.undone for one in played) / n,
        quarantined=sum(one.quarantined for one in played) / n,
        use=use,
        in_time=None if deadline_s is None else sum(one.in_time(deadline_s) for one in played) / n,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def told_s(seconds: float) -> str:
    """``42 s``, ``3.5 min``, ``2.1 h``: for tables."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 6000 else f"{seconds / 3600:.3g} h"
