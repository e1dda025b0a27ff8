"""How long the questions of pages and commands take in a large store: ``python bench_history.py [--runs 100000] [--db URL]``.

Prints the table of the guide's page ``history``. Without ``--db``: SQLite in a temporary folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
from history_crowd import fill

from harness.evidence.history import History, Wanted
from harness.verdict.swap import Side, compare_sides

_REPEATS = 40


def questions(history: History, draw: np.random.Generator) -> dict[str, Callable[[], object]]:
    """Each with other names every time it is asked."""
    newest = history.runs(limit=1)[0]
    ids = [row.run_id for row in history.runs(limit=2000, offset=int(history.count() / 2))]

    def cell() -> Wanted:
        return Wanted(
            plan=f"plan{draw.integers(20)}", board=f"board{draw.integers(5)}", model=f"model{draw.integers(2)}"
        )

    def compare() -> object:
        one, two = (history.load(str(draw.choice(ids))) for _ in range(2))
        sides = [Side(run.row.run_id, run.record, run.samples) for run in (one, one)]  # of one data set
        return two, compare_sides(*sides)

    return {
        "newest 100 runs": lambda: (history.runs(), history.count()),
        "100 runs of a plan": lambda: history.runs(Wanted(plan=f"plan{draw.integers(20)}")),
        "failures of a board in 90 days": lambda: (
            history.runs(Wanted(board="board1", verdict="fail", since=newest.started - timedelta(days=90))),
            history.count(Wanted(board="board1", verdict="fail", since=newest.started - timedelta(days=90))),
        ),
        "runs of a unit": lambda: history.runs(Wanted(unit=f"unit-board1-{draw.integers(8)}")),
        "page 500 of all": lambda: history.runs(limit=100, offset=49_900),
        "words anywhere, with the count": lambda: (history.runs(Wanted(text="zzz")), history.count(Wanted(text="zzz"))),
        "matrix of 200 cells": history.cells,
        "100 sessions": history.sessions,
        "trend of a cell": lambda: history.trend("accuracy", cell()),
        "trend of a plan": lambda: history.trend("recall.class3", Wanted(plan=f"plan{draw.integers(20)}")),
        "trend of everything": lambda: history.trend("accuracy"),
        "gates of a metric": lambda: history.gate_lines("accuracy", cell()),
        "names of metrics": history.metrics,
        "latest": lambda: history.resolve("latest"),
        "begin of an id": lambda: history.resolve(str(draw.choice(ids))[:10]),
        "a run with its samples": lambda: history.load(str(draw.choice(ids))),
        "two runs, compared": compare,
    }


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--db")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hil-bench") as folder:
        url = asked.db or f"sqlite:///{folder}/history.db"
        began = time.monotonic()
        fill(url, asked.runs)
        print(f"{asked.runs:,} runs in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if asked.db is None:
            print(f"{Path(folder, 'history.db').stat().st_size / 1e9:.2f} GB", file=sys.stderr)
        print("| question | median | 95th percentile | of it this process |\n|---|---|---|---|")
        with History.open(url) as history:
            for name, ask in questions(history, np.random.default_rng(2)).items():
                ask()
                took_s = []
                for _ in range(_REPEATS):
                    began, worked = time.perf_counter(), time.process_time()
                    ask()
                    took_s.append((time.perf_counter() - began, time.process_time() - worked))
                (middle, _), (high, own) = np.median(took_s, axis=0), np.percentile(took_s, 95, axis=0)
                print(f"| {name} | {1000 * middle:.1f} ms | {1000 * high:.1f} ms | {1000 * own:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
