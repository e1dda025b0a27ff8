"""How much faster several units are: ``python speedup.py [SAMPLES]`` prints the table of the guide's page (sharding.md).

MNIST must be on this machine (``HIL_DATA_DIR``).

The same samples on k virtual units. Time is virtual: what the slowest unit has lived while it streamed, against what the only
one of an ordinary run has. Our process's share is its own processor time while it streams, by sample: it is real time, and the
units' is not.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.virtual.debug import lifetime, registry

BOARD = "nucleo_f446re"
UNITS = (1, 2, 4, 8)
TITLES = (
    "units",
    "samples",
    "slowest unit, virtual s",
    "speed-up",
    "of k",
    "our processor time, ms a sample",
    "wall, s",
)


@dataclass(frozen=True)
class Row:
    """What k units took. ``virtual_s``: the slowest's, ``host_s``: our process's, both while it streamed."""

    k: int
    n: int
    virtual_s: float
    host_s: float
    wall_s: float

    def cells(self, one: Row) -> tuple[str, ...]:
        """As the table shows it."""
        gain = one.virtual_s / self.virtual_s
        return (
            str(self.k),
            f"{self.n:,}",
            f"{self.virtual_s:.2f}",
            f"{gain:.2f}",
            f"{gain / self.k:.2f}",
            f"{1000 * self.host_s / self.n:.2f}",
            f"{self.wall_s:.1f}",
        )


class Meter:
    """A watch that reads the clocks when streaming begins and when it ends."""

    def __init__(self) -> None:
        self.at: dict[str, tuple[float, float, float]] = {}

    def __call__(self, step) -> None:
        name = {"stream": "began", "judge": "ended"}.get(step.name)
        if name and name not in self.at:
            lived = [lifetime.read(registry.lifetime_path(entry.uid)) or 0.0 for entry in registry.running()]
            self.at[name] = (max(lived, default=0.0), time.process_time(), time.monotonic())

    def between(self, which: int) -> float:
        return self.at["ended"][which] - self.at["began"][which]


def case_of(folder: Path, n: int):
    """The first ``n`` of MNIST's test images, with a network that takes some milliseconds of the board.

    Few go alone: while a virtual unit waits for this host it lives this host's time, which says nothing of a board.
    """
    path = folder / "many.yaml"
    path.write_text(
        f"name: many\nboard: {BOARD}\nmodel: mnist_f446_int8\ndataset: {{name: idx, options: {{source: mnist}}}}\n"
        "gates: [agreement == 1, lost_samples == 0]\nstream: {quiet: 8}\n"
        "timeouts: {answer_s: 60, hello_s: 60}\n"
    )
    (case,) = expand(read_plan(path), boards=[BOARD], samples=n)
    return case


def measured(k: int, case, n: int) -> Row:
    """A run on k units that are started for it."""
    meter = Meter()
    record = run_case(
        case, RunOptions(backend="virtual", shards=None if k == 1 else k, serial_log=False), watch=meter
    ).record
    assert record.verdict is Verdict.PASS, record.reasons
    slowest = max((share.own_s or 0.0 for share in record.units), default=meter.between(0) if k == 1 else 0.0)
    return Row(k, n, slowest, meter.between(1), meter.between(2))


def table(rows: list[Row]) -> str:
    """As the page has it."""
    lines = [TITLES, ("---:",) * len(TITLES), *(row.cells(rows[0]) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main(n: int, units=UNITS) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        case = case_of(Path(folder), n)
        return [measured(k, case, n) for k in units]


if __name__ == "__main__":
    rows = main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    print(table(rows))
