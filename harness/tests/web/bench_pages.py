"""How long pages take over a large store: ``python bench_pages.py [--runs 100000] [--db URL]``.

Prints the table of the guide's page ``serve``: from the request to the last byte, through a socket, over a real server in another
process. Without ``--db``: SQLite in a temporary folder, filled first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "evidence" / "history"))
from history_crowd import fill

from harness.evidence.history import History, Wanted

_REPEATS = 60


def addresses(history: History, draw: np.random.Generator) -> dict[str, Callable[[], str]]:
    """Each page, by an address that is another one every time."""
    ids = [row.run_id for row in history.runs(limit=2000, offset=history.count() // 2)]

    def cell() -> str:
        return f"plan=plan{draw.integers(20)}&board=board{draw.integers(5)}&model=model{draw.integers(2)}"

    def pair() -> str:
        """Two nights of one cell: they are of the same samples."""
        row = history.resolve(str(draw.choice(ids)))[0]
        nights = history.runs(Wanted(plan=row.plan, board=row.board, model=row.model), limit=400)
        sides = zip(("baseline", "candidate"), draw.choice(len(nights), 2, replace=False), strict=True)
        return "&".join(f"{side}={nights[night].run_id}" for side, night in sides)

    return {
        "matrix": lambda: "/",
        "runs, newest": lambda: "/runs",
        "runs of a cell": lambda: f"/runs?{cell()}",
        "runs, failures of a board since a day": lambda: (
            f"/runs?board=board{draw.integers(5)}&verdict=fail&since=2026-06-01"
        ),
        "runs of a unit": lambda: f"/runs?unit=unit-board1-{draw.integers(8)}",
        "runs with a word anywhere": lambda: f"/runs?text=unit-board{draw.integers(5)}-{draw.integers(8)}",
        "runs with a word that is nowhere": lambda: f"/runs?text=zz{draw.integers(1000)}",
        "runs, page 1,000": lambda: "/runs?page=1000",
        "a run": lambda: f"/runs/{draw.choice(ids)}",
        "a run's report, from the store": lambda: f"/runs/{draw.choice(ids)}/report",
        "compare, the form": lambda: "/compare",
        "compare two runs": lambda: f"/compare?{pair()}",
        "trend of a cell": lambda: f"/trends?{cell()}",
        "trend of a class's recall": lambda: f"/trends?metric=recall.class3&{cell()}",
        "bench": lambda: "/bench",
        "live": lambda: "/live",
    }


@contextmanager
def serving(url: str, base: Path) -> Iterator[tuple[str, int]]:
    """The address of ``hil serve`` over that store, and its process."""
    command = [sys.executable, "-m", "harness", "serve", "--port", "0", "--reports", str(base)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment(url)) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1].rstrip("/"), process.pid
        finally:
            process.terminate()


def _spent_ms(process: int) -> float:
    """Processor time of a process by now (Linux): what a page costs, however busy the machine is."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _environment(url: str) -> dict[str, str]:
    return os.environ | {"HIL_DB": url}


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--db")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hil-bench") as folder:
        url = asked.db or f"sqlite:///{folder}/history.db"
        if asked.db is None:
            fill(url, asked.runs)
        with (
            History.open(url) as history,
            serving(url, Path(folder)) as (site, process),
            httpx.Client(timeout=60) as client,
        ):
            print("| page | median | 95th percentile | processor time |\n|---|---|---|---|")
            for name, address in addresses(history, np.random.default_rng(2)).items():
                client.get(site + address())
                took_ms, before_ms = [], _spent_ms(process)
                for _ in range(_REPEATS):
                    place = site + address()
                    began = time.perf_counter()
                    answer = client.get(place)
                    took_ms.append(1000 * (time.perf_counter() - began))
                    assert answer.status_code == 200, (place, answer.text)
                figures = (np.median(took_ms), np.percentile(took_ms, 95), (_spent_ms(process) - before_ms) / _REPEATS)
                print(f"| {name} |", " | ".join(f"{figure:.0f} ms" for figure in figures), "|", flush=True)


if __name__ == "__main__":
    main()
