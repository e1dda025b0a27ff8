"""A run on its way into the store, and back out of it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from harness.errors import MisuseError
from harness.evidence.history import packing, queries
from harness.evidence.history.rows import StoredRun
from harness.evidence.history.tables import attempts, gates, measurements, runs, words
from harness.evidence.reports._words import headlines
from harness.records import Measurement, Record, Samples
from harness.text import printable


@dataclass(frozen=True)
class Parcel:
    """A run, packed before the store is locked for it."""

    row: dict[str, Any]
    attempt: dict[str, Any]
    measurements: list[dict[str, Any]]
    gates: list[dict[str, Any]]
    words: str


def pack(record: Record, samples: Samples | None, *, session: str, folder: str, at: datetime) -> Parcel:
    """Everything that is written of a run."""
    record = record.plain()
    session, folder = printable(session), printable(folder)
    return Parcel(
        row=_summary(record) | {"session": session, "folder": folder, "added": at},
        attempt={
            "digest": packing.digest(record, samples),
            "session": session,
            "folder": folder,
            "added": at,
            "record": packing.pack_record(record),
            "samples": packing.pack_samples(samples),
        },
        measurements=[
            {"name": m.name, "value": _number(m.value), "unit": m.unit, "n": m.n, "low": m.low, "high": m.high}
            for m in {m.name: m for m in record.measurements}.values()
        ],
        gates=[
            {
                "position": i,
                "metric": gate.metric,
                "op": gate.op,
                "limit": gate.limit,
                "value": None if gate.value is None else _number(gate.value),
                "passed": gate.passed,
                "needs": gate.needs or "",
                "confidence": gate.confidence,
                "reason": gate.reason,
            }
            for i, gate in enumerate(record.gates)
        ],
        words=_words(record, session),
    )


def add(connection: Connection, parcel: Parcel) -> bool:
    """Write a run. False: it is there with the same content.

    A run that was broken off and gone on with has one id and several records: each is kept, as an attempt. The one that ended
    last stands, whichever came here first.
    """
    run_id = parcel.row["run_id"]
    known = connection.execute(
        select(runs.c.key, runs.c.attempts, runs.c.finished).where(runs.c.run_id == run_id)
    ).one_or_none()
    if known is None:
        made = connection.execute(insert(runs).values(**parcel.row, attempts=1, standing=1))
        key, number = _inserted(made), 1
        _write_figures(connection, key, parcel)
    else:
        key, number = known.key, known.attempts + 1
        same = select(attempts.c.key).where(attempts.c.run_key == key, attempts.c.digest == parcel.attempt["digest"])
        if connection.execute(same).first() is not None:
            return False
        changed: dict[str, Any] = {"attempts": number}
        if parcel.row["finished"] >= known.finished:
            changed |= parcel.row | {"standing": number}
            for table in (measurements, gates, words):
                connection.execute(delete(table).where(table.c.run_key == key))
            _write_figures(connection, key, parcel)
        connection.execute(update(runs).where(runs.c.key == key).values(**changed))
    connection.execute(insert(attempts).values(**parcel.attempt, run_key=key, number=number))
    return True


def load(connection: Connection, run_id: str, attempt: int | None, where: str) -> StoredRun:
    """A run as it was written; ``attempt`` None: the one that stands. ``MisuseError`` when there is none of that id."""
    found = connection.execute(
        select(runs.c.key, attempts.c.record, attempts.c.samples)
        .join(attempts, attempts.c.run_key == runs.c.key)
        .where(runs.c.run_id == run_id, attempts.c.number == (runs.c.standing if attempt is None else attempt))
    ).one_or_none()
    if found is None:
        raise MisuseError("the history has no such run", where=where, found=run_id, next_step="hil history list")
    where = f"{where}, run {run_id}"
    (row,) = queries.rows_of(connection, [found.key])
    return StoredRun(packing.unpack_record(found.record, where), packing.unpack_samples(found.samples, where), row)


def attempts_of(connection: Connection, run_id: str, where: str) -> list[tuple[str, str, Record, Samples | None]]:
    """Session, folder, record and samples of every attempt, the first first."""
    columns = (attempts.c.session, attempts.c.folder, attempts.c.record, attempts.c.samples)
    found = select(*columns).join(runs, runs.c.key == attempts.c.run_key).where(runs.c.run_id == run_id)
    where = f"{where}, run {run_id}"
    return [
        (row.session, row.folder, packing.unpack_record(row.record, where), packing.unpack_samples(row.samples, where))
        for row in connection.execute(found.order_by(attempts.c.number))
    ]


def _summary(record: Record) -> dict[str, Any]:
    first = _headline(record)
    firmware, data = record.firmware, record.dataset
    return {
        "run_id": record.run_id,
        "case_id": record.case_id,
        "plan": record.plan,
        "board": record.board,
        "model": record.model,
        "unit": record.unit.uid if record.unit else "",
        "backend": record.backend,
        "evidence": record.evidence,
        "verdict": record.verdict.value,
        "reasons": json.dumps(list(record.reasons), ensure_ascii=False),
        "started": record.started,
        "finished": record.finished,
        "n": data.n if data else 0,
        "metric": first.name if first else "",
        "value": _number(first.value) if first else None,
        "low": first.low if first else None,
        "high": first.high if first else None,
        "measured_in": first.unit if first else "",
        "engine": firmware.engine if firmware else "",
        "elf_sha256": firmware.elf_sha256 if firmware else "",
        "model_sha256": firmware.model_sha256 if firmware else record.network.sha256 if record.network else "",
        "dataset_sha256": data.sha256 if data else "",
        "host": record.host,
        "harness_version": record.harness_version,
    }


def _words(record: Record, session: str) -> str:
    parts = (record.run_id, record.case_id, session, record.unit.uid if record.unit else "", record.host)
    return "\n".join((*parts, *record.reasons)).lower()


def _headline(record: Record) -> Measurement | None:
    """Accuracy where there is one, else what a short report shows first, else whatever was measured first."""
    return record.measurement("accuracy") or next(iter([*headlines(record), *record.measurements]), None)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value  # SQLite keeps none that is not a number


def _write_figures(connection: Connection, key: int, parcel: Parcel) -> None:
    told = [{"words": parcel.words}]
    for table, rows in ((measurements, parcel.measurements), (gates, parcel.gates), (words, told)):
        if rows:
            connection.execute(insert(table), [row | {"run_key": key} for row in rows])


def _inserted(made: Any) -> int:
    return int(made.inserted_primary_key[0])
