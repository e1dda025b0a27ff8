"""The options with which data has the shape of a model's input, where they only say how it lies there."""

from __future__ import annotations

import math
from dataclasses import replace

from harness.data import Dataset, datasets
from harness.errors import PlanError
from harness.models import Model
from harness.plans.schema import Option
from harness.scaffold.kinds import Data


def suited(data: Data, model: Model) -> Data:
    """``data`` with ``shape``, ``channels``, ``mode``, ``size`` where the model's input asks for them; notes say what to know.

    ``PlanError`` for the order of axes that no option turns. Whatever else does not fit is for the encoding to refuse.
    """
    if len(model.inputs) > 1:
        return data  # each array is for one of them, in its own shape
    shape = model.inputs[0].shape[1:]
    if data.form == "image_folders":
        return _of_images(data, shape)
    dataset = datasets.load(data.form, data.split, samples=1, options=data.all_options())
    sample = dataset.inputs.shape[1:]
    known = datasets.options_of(data.form)
    if "shape" in known and len(sample) == 1 < len(shape) and math.prod(shape) == sample[0]:
        return _with(data, {"shape": "x".join(map(str, shape))})
    if len(sample) != 3 or len(shape) != 3 or sample == shape:
        return data
    first = (sample[1], sample[2], sample[0]) == shape
    if first and "channels" in known:
        return _with(
            data, {"channels": "first"}, f"the data has its channels first, {list(sample)}: turned to {list(shape)}"
        )
    if first or (sample[2], sample[0], sample[1]) == shape:
        raise _turned(dataset, model, first)
    return data


def _of_images(data: Data, shape: tuple[int, ...]) -> Data:
    """Grey or RGB as the model has it, resized where the images have another size."""
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or shape[2] not in (1, 3):
        return data
    as_stored = _with(data, {"mode": "grey" if shape[2] == 1 else "rgb"})
    try:
        dataset = datasets.load(data.form, data.split, samples=1, options=as_stored.all_options())
    except PlanError:
        return as_stored  # it is told when all are read
    found = dataset.inputs.shape[1:3]
    if found == shape[:2]:
        return as_stored
    return _with(
        as_stored,
        {"size": f"{shape[0]}x{shape[1]}", "resize": "bilinear"},
        f"the images are {found[0]}x{found[1]}, the model takes {shape[0]}x{shape[1]}: resized by Pillow's bilinear filter;"
        " say in the plan how it was in training",
    )


def _with(data: Data, options: dict[str, Option], note: str = "") -> Data:
    return replace(data, options={**data.options, **options}, notes=(*data.notes, *([note] if note else [])))


def _turned(dataset: Dataset, model: Model, first: bool) -> PlanError:
    axes = "0, 2, 3, 1" if first else "0, 3, 1, 2"
    return PlanError(
        f"the data has its channels {'first' if first else 'last'}, the model {'last' if first else 'first'}",
        where=f"dataset {dataset.name} -> model {model.name}",
        expected=f"samples of {list(model.inputs[0].shape[1:])}",
        found=f"samples of {list(dataset.inputs.shape[1:])}",
        next_step=f"save the data in the model's order: numpy.savez('data.npz', x=x.transpose({axes}), y=y)",
    )
