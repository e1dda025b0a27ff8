"""The samples of a run once more, for pictures: read again by its plan, and believed only where they are the same ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from harness.data import datasets, features
from harness.data.dataset import Dataset
from harness.errors import HilError, PlanError
from harness.evidence.comparison import Pictures
from harness.paths import shipped
from harness.plans import discover
from harness.plans import load as load_plan
from harness.plans.schema import Plan
from harness.records import Record
from harness.run.workload import read_data

_FOLDERS = ("testplans", "testplans/long")


def pictures_of(record: Record, ids: Collection[str], plan: Plan | None = None) -> Pictures:
    """The samples ``ids`` of a run as they are before any front end: sounds, motions, images.

    ``plan``: what the run was made with, or one with the same data; None: it is looked for by its name in ``testplans`` below the
    working directory, then among the plans that come with the project. Without pictures, and why, where there is none of that
    name, its data is not on this machine, or is not what the run was streamed. Never raises for any of that.
    """
    if not ids or record.dataset is None:
        return Pictures()
    why = f"no plan {record.plan!r} is here"
    for candidate in [plan] if plan is not None else _named(record.plan):
        try:
            return _read(candidate, record, ids)
        except HilError as error:
            why = error.what
    return Pictures(why_none=f"without pictures of the samples: {why}")


def _named(name: str) -> Iterator[Plan]:
    """The plans of that name; what cannot be read is no plan of that name."""
    paths = [
        path
        for base in (Path(), shipped("testplans").parent)
        for folder in _FOLDERS
        for path in discover(base / folder)
    ]
    for path in sorted(paths, key=lambda path: path.stem != name):
        try:
            plan = load_plan(path)
        except PlanError:
            continue
        if plan.name == name:
            yield plan


def _read(plan: Plan, record: Record, ids: Collection[str]) -> Pictures:
    assert record.dataset is not None
    spec = plan.dataset.model_copy(update={"samples": record.dataset.n})
    data = read_data(plan, spec)
    if data.sha256 != record.dataset.sha256:
        raise PlanError(
            f"the data of plan {plan.name!r} is not what was streamed",
            where=str(plan.origin or plan.name),
            expected=record.dataset.sha256,
            found=data.sha256,
            next_step="compare where the data is that the runs were of",
        )
    options = datasets.check(spec.name, spec.options)
    front_end = getattr(options, "features", "")
    if not front_end:
        return Pictures(_chosen(data, ids), data.sample_hz)
    # The same samples, before the front end: what a person recognises.
    raw = read_data(plan, spec.model_copy(update={"options": {**spec.options, "features": ""}}))
    if not np.array_equal(raw.ids, data.ids):
        return Pictures(_chosen(data, ids), data.sample_hz)
    return Pictures(_chosen(raw, ids), features.load(front_end).sample_hz)


def _chosen(data: Dataset, ids: Collection[str]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    wanted = set(ids)
    return {str(id_): data.inputs[row] for row, id_ in enumerate(data.ids) if str(id_) in wanted}
