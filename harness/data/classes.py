"""Where data and model meet: the classes of both, compared by name. Nothing is assumed from an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.data.dataset import Dataset
from harness.errors import PlanError

_SHOWN = 12  # names of a list in a message; a model may have a thousand


def matched(data: Dataset, classes: Sequence[str], outputs: int, *, model: str) -> tuple[Dataset, str]:
    """``data`` with its labels as indices of the model's outputs, and what had to be done for it ("" = nothing).

    ``classes``: the model's, in the order of its ``outputs`` values; empty when the model names none: the data's stand for
    them then. What the data calls its labels decides (``Dataset.naming``): names are looked up in the model's, bare
    indices are taken as its outputs. Names of folders stand for a model's that names none in their sorted order, since that
    is how Keras and torchvision number folders, and that is said. Raises ``PlanError`` with both lists when a name is not the
    model's, when one of the two names more classes than the other, or when an index is beyond the outputs: before anything
    is built.
    """
    where = f"dataset {data.name} -> model {model}"
    if classes and len(classes) != outputs:
        raise _differ("the model's class names are not one per output value", where, data, classes, outputs)
    folders = data.naming == "folders"
    if data.naming == "indices" or ((data.naming == "seen" or (folders and classes)) and _are_indices(data, classes)):
        return _by_index(data, classes, outputs, where)
    if not classes:
        if data.naming == "seen" or len(data.classes) != outputs:
            raise _differ("the data's classes are not one per output value of the model", where, data, classes, outputs)
        if not folders or data.classes == tuple(map(str, range(outputs))):
            return data, ""
        if _are_indices(data, classes):
            raise _differ("the folders are numbers, which sort otherwise as text", where, data, classes, outputs)
        return (
            data,
            f"the model names no classes: its outputs were taken as the data's folders, sorted: {_listed(data.classes)}",
        )
    strange = [name for name in data.classes if name not in classes]
    absent = [name for name in classes if name not in data.classes] if data.naming == "stated" else []
    if strange or absent:
        raise _differ("the classes of the data are not those of the model", where, data, classes, outputs)
    if data.classes == tuple(classes):
        return data, ""
    places = np.array([classes.index(name) for name in data.classes], dtype=np.int64)
    found = replace(data, classes=tuple(classes), labels=places[data.labels], naming="stated")
    if data.naming != "stated":
        return found, ""
    return (
        found,
        f"the data lists its classes as {_listed(data.classes)}, the model as {_listed(classes)}: mapped by name",
    )


def _are_indices(data: Dataset, classes: Sequence[str]) -> bool:
    return all(name.isdecimal() and len(name) < 10 for name in data.classes) and not set(data.classes) <= set(classes)


def _by_index(data: Dataset, classes: Sequence[str], outputs: int, where: str) -> tuple[Dataset, str]:
    values = [int(name) for name in data.classes]
    largest = max(values[index] for index in np.unique(data.labels))
    if largest >= outputs:
        raise _differ(f"label {largest} is beyond the model's outputs", where, data, classes, outputs)
    # A set may say of more classes than occur in its samples; none of those is a label.
    numbers = np.array([min(value, outputs) for value in values], dtype=np.int64)[data.labels]
    names = tuple(classes) or tuple(str(index) for index in range(outputs))
    found = replace(data, classes=names, labels=numbers, naming="stated")
    if all(name == str(index) for index, name in enumerate(names)):
        return found, ""
    return found, f"the data names no classes: its labels 0, 1, ... were taken as the model's {_listed(names)}"


def _differ(what: str, where: str, data: Dataset, classes: Sequence[str], outputs: int) -> PlanError:
    known = _listed(classes) if classes else "(no names)"
    return PlanError(
        what,
        where=where,
        expected=f"the model's {outputs} outputs: {known}",
        found=f"the data's {len(data.classes)} classes: {_listed(data.classes)}",
        next_step=(
            "correct 'classes' in the model's model.toml or in the data; their order does not matter, their names do"
            if classes
            else "name the model's outputs, in their order: models: [{file: ..., classes: [a, b]}] in the plan, classes in"
            " its model.toml, or dataset.options.classes"
        ),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown}, ... ({len(names)})"
