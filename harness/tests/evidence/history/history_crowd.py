"""A store as a team has it after years: cells that run every night on many units.

It is written past the API, which packs each run anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from history_runs import FIRST, a_record, some_samples
from sqlalchemy import insert, text

from harness.evidence.history import History, adding
from harness.evidence.history import engine as db
from harness.evidence.history.tables import attempts, gates, measurements, runs, words
from harness.records import Measurement

PLANS, BOARDS, MODELS, UNITS = 20, 5, 2, 40
_AT_ONCE = 500
_N = 450  # samples of a run


def fill(url: str, n: int) -> None:
    """``n`` runs of 200 cells, one of each a night, into an empty store."""
    History.open(url).close()
    engine = db.connect(db.url_of(url, Path()), patience_s=20)
    left = _rows(n)
    while batch := [row for row, _ in zip(left, range(_AT_ONCE), strict=False)]:

        def write(connection: Any, batch: list[dict[str, list[dict[str, Any]]]] = batch) -> None:
            for table in (runs, attempts, measurements, gates, words):
                connection.execute(insert(table), [row for run in batch for row in run[table.name]])

        db.write(engine, write)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            for table in ("hil_runs", "hil_attempts"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'key'), {n})"))
            connection.execute(text("ANALYZE"))
    engine.dispose()


def _rows(n: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    draw = np.random.default_rng(1)
    names = ["accuracy", "agreement", "latency_us.p50", "latency_us.p99", "flash_bytes", "ram_bytes", "stack_bytes"]
    names += [f"{kind}.class{i}" for kind in ("recall", "precision") for i in range(10)]
    packed = []
    for seed in range(8):
        values = tuple(Measurement(name=name, value=0.9, unit="ratio", n=_N, low=0.88, high=0.92) for name in names)
        parcel = adding.pack(a_record(measurements=values), some_samples(_N, seed), session="", folder="", at=FIRST)
        packed.append(parcel)
    cells = [(f"plan{p}", f"board{b}", f"model{m}") for p in range(PLANS) for b in range(BOARDS) for m in range(MODELS)]
    for i in range(n):
        night, cell = divmod(i, len(cells))
        plan, board, model = cells[cell]
        started = FIRST + timedelta(days=night, seconds=cell * 20)
        parcel = packed[i % len(packed)]
        session = f"{started:%Y%m%d}T010000Z-{night}"
        accuracy = 0.9 + draw.normal(0, 0.01)
        changed = {
            "key": i + 1,
            "run_id": f"{draw.integers(2**48):012x}",
            "case_id": f"{plan}/{board}/{model}",
            "session": session,
            "folder": f"{session}/{plan}/{board}/{model}",
            "unit": f"unit-{board}-{draw.integers(UNITS // BOARDS)}",
            "verdict": draw.choice(["pass", "pass", "pass", "pass", "pass", "fail", "error", "inconclusive"]).item(),
            "started": started,
            "finished": started + timedelta(seconds=15),
            "plan": plan,
            "board": board,
            "model": model,
            "value": accuracy,
            "attempts": 1,
            "standing": 1,
        }
        of_run = {"run_key": i + 1}
        yield {
            runs.name: [parcel.row | changed],
            attempts.name: [parcel.attempt | of_run | {"key": i + 1, "number": 1, "session": session}],
            measurements.name: [
                m | of_run | ({"value": accuracy} if m["name"] == "accuracy" else {}) for m in parcel.measurements
            ],
            words.name: [of_run | {"words": f"{changed['run_id']} {parcel.words}"}],
            gates.name: [gate | of_run for gate in parcel.gates],
        }
