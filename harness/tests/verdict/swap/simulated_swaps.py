"""Swaps whose true change is known, judged thousands of times. As a program it prints the tables of the guide's page "statistics":

    python harness/tests/verdict/swap/simulated_swaps.py

The same seed gives the same tables; a test holds them against the page (HIL_FULL=1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from harness.verdict.clustered import clustered_difference
from harness.verdict.paired import tango
from harness.verdict.statistics import mcnemar_midp
from harness.verdict.swap.margin import kept, non_inferior
from harness.verdict.swap.power import Chances, chances, n_to_decide, visible_drop

RUNS = 10_000
CLUSTER_RUNS = 2000
LEVEL = 0.95
MARGIN = 0.02
SIZES = (200, 1000, 10_000)
CHURN = (0.01, 0.02, 0.05)
CHANGES = (0.0, -0.005, -0.01, -MARGIN, -0.03)

_kept = lru_cache(maxsize=None)(kept)


@dataclass(frozen=True)
class Row:
    """Shares of the runs that passed, failed and showed a drop (mid-p), and what was to be expected."""

    n: int
    churn: float
    change: float
    runs: int
    passes: float
    fails: float
    shown: float
    expected: Chances


@dataclass(frozen=True)
class Sight:
    """What a report promises: a drop that is seen in 4 of 5 runs, and samples that decide in 4 of 5."""

    n: int
    churn: float
    visible: float
    seen: float
    needed: int | None
    decided: float


@dataclass(frozen=True)
class Clusters:
    """Swaps exactly at the margin whose samples come in groups of equal ones: shares of wrong passes and wrong failures."""

    groups: int
    each: int
    method: str
    passes: float
    fails: float


def shares(churn: float, change: float) -> tuple[float, float]:
    """Lost and gained. A change that is larger than the churn makes it as large."""
    both = max(churn, -change)
    return (both - change) / 2, (both + change) / 2


def drawn(n: int, lost: float, gained: float, runs: int, *seed: int) -> Counter[tuple[int, int]]:
    """Tables of lost and gained, and how often each came."""
    draw = np.random.default_rng([n, *seed])
    found = draw.multinomial(n, [lost, gained, 1 - lost - gained], size=runs)
    return Counter((int(b), int(c)) for b, c, _ in found)


def table(sizes: tuple[int, ...] = SIZES, runs: int = RUNS) -> Iterator[Row]:
    """Every size, churn and change."""
    for n in sizes:
        for churn in CHURN:
            for change in CHANGES:
                lost, gained = shares(churn, change)
                seen = drawn(n, lost, gained, runs, round(1000 * churn), round(-1000 * change))
                verdicts: Counter[str] = Counter()
                shown = 0
                for (b, c), times in seen.items():
                    verdicts[_kept(b, c, n, MARGIN, LEVEL)] += times
                    shown += times * (b > c and mcnemar_midp(b, c) < 1 - LEVEL)
                expected = chances(n, lost, gained, MARGIN, LEVEL)
                yield Row(n, churn, change, runs, verdicts["yes"] / runs, verdicts["no"] / runs, shown / runs, expected)


def sights(sizes: tuple[int, ...] = SIZES, runs: int = RUNS) -> Iterator[Sight]:
    """The promises, each kept or not in as many runs."""
    for n in sizes:
        for churn in CHURN:
            visible = visible_drop(churn * n, n, LEVEL)
            seen = drawn(n, *shares(churn, -visible), runs, round(1000 * churn), 777)
            shown = sum(times for (b, c), times in seen.items() if b > c and mcnemar_midp(b, c) < 1 - LEVEL)
            needed = n_to_decide(churn * n / 2, churn * n / 2, n, MARGIN, LEVEL)
            decided = 0
            if needed is not None:
                after = drawn(needed, *shares(churn, 0.0), runs, round(1000 * churn), 888)
                decided = sum(
                    times for (b, c), times in after.items() if _kept(b, c, needed, MARGIN, LEVEL) != "undecided"
                )
            yield Sight(n, churn, visible, shown / runs, needed, decided / runs)


def clusters(groups: int = 8, each: int = 50, runs: int = CLUSTER_RUNS) -> Iterator[Clusters]:
    """A true drop of exactly 0.2, which is the margin; all samples of a group are lost, gained or neither, together."""
    draw = np.random.default_rng(groups)
    names = np.repeat(np.arange(groups), each)
    found: dict[str, Counter[str]] = {"plain": Counter(), "clustered": Counter()}
    for _ in range(runs):
        fate = np.repeat(draw.choice(3, size=groups, p=[0.35, 0.15, 0.5]), each)
        before, after = fate != 1, fate != 0
        ends = {
            "plain": tango(int((fate == 0).sum()), int((fate == 1).sum()), groups * each, LEVEL),
            "clustered": clustered_difference(before, after, names, confidence=LEVEL),
        }
        for method, (low, high) in ends.items():
            found[method][non_inferior(low, high, 0.2)] += 1
    for method, verdicts in found.items():
        yield Clusters(groups, each, method, verdicts["yes"] / runs, verdicts["no"] / runs)


def markdown() -> str:
    """The tables of the page."""
    lines = [
        "| samples | churn | true change | passes | as computed | fails | a drop is shown | as computed |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in table():
        at = " (the margin)" if row.change == -MARGIN else ""
        lines.append(
            f"| {row.n} | {row.churn:.0%} | {100 * row.change:g}{at} | {row.passes:.1%} | {row.expected.passes:.1%}"
            f" | {row.fails:.1%} | {row.shown:.1%} | {row.expected.drop_shown:.1%} |"
        )
    lines += [
        "",
        "| samples | churn | smallest drop that is seen | seen in | samples that decide | decided in |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.n} | {one.churn:.0%} | {100 * one.visible:.2f} points | {one.seen:.1%} | {one.needed} | {one.decided:.1%} |"
        for one in sights()
    ]
    lines += ["", "| groups | samples each | interval | passes | fails |", "|---:|---:|---|---:|---:|"]
    lines += [
        f"| {one.groups} | {one.each} | {one.method} | {one.passes:.1%} | {one.fails:.1%} |" for one in clusters()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())
