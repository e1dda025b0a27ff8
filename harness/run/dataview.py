"""A plan's data as it is and as its models take it: what ``hil data show`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.data import datasets
from harness.data.dataset import Dataset
from harness.data.encode import check_input
from harness.data.fill import fill, remark
from harness.data.summary import Summary, summary
from harness.errors import PlanError
from harness.models.metadata import load_model
from harness.plans.modelspec import ModelSpec
from harness.plans.schema import Plan
from harness.records import InputFacts
from harness.run.played.workload import playing_of
from harness.run.truth import arrays, fitted
from harness.run.workload import read_data


@dataclass(frozen=True)
class ModelView:
    """How the data suits a model. ``problem`` says why it does not; ``takes`` is its input as text, "" when it cannot be read.

    ``inputs`` is None for an input of floats, which has no ends, and where there is a problem.
    """

    model: str
    takes: str
    inputs: InputFacts | None
    notes: tuple[str, ...]
    problem: str
    played: bool = False  # the board makes its input of the samples


@dataclass(frozen=True)
class DataView:
    """``unread``: the other splits that could not be looked at, and why."""

    data: Dataset
    summary: Summary
    models: tuple[ModelView, ...]
    unread: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """In plain values; the samples shown by their ids."""
        found = asdict(self.summary)
        found["counts"] = dict(self.summary.counts)
        found["shown"] = [
            {"id": str(self.data.ids[index]), "class": self.data.label(index)} for index in self.summary.shown
        ]
        models = [
            {**asdict(model), "inputs": model.inputs.model_dump() if model.inputs else None} for model in self.models
        ]
        return {**found, "sha256": self.data.sha256, "models": models, "unread": dict(self.unread)}


def looked_at(plan: Plan) -> DataView:
    """The samples that the plan means, held against its models and the other splits. ``PlanError`` when they cannot be had."""
    spec = plan.dataset
    data = read_data(plan, spec)
    others: dict[str, Dataset] = {}
    unread: dict[str, str] = {}
    for split in datasets.splits(spec.name, spec.options, plan.folder):
        if split != spec.split:
            try:
                others[split] = read_data(plan, spec.model_copy(update={"split": split, "samples": None}))
            except PlanError as error:
                unread[split] = error.what
    models = tuple(_suits(model, data, plan) for model in plan.models)
    return DataView(data, summary(data, others), models, unread)


def _suits(source: ModelSpec, data: Dataset, plan: Plan) -> ModelView:
    takes = ""
    try:
        model = load_model(source, plan.folder)
        takes = ", ".join(tensor.describe() for tensor in model.inputs)
        playing = playing_of(plan, plan.boards[0], source)
        if playing is not None:
            return ModelView(source.name, takes, None, (playing.describe(),), "", played=True)
        tensor, real = model.inputs[0], arrays(data, model)
        for one, its in zip(real, model.inputs, strict=True):
            check_input(one, its, dataset=data.name, model=model.name)
        _, mapped = fitted(plan, model, data)
    except PlanError as error:
        return ModelView(source.name, takes, None, (), str(error))
    facts = fill(real[0], tensor)
    notes = (mapped, remark(facts, real[0], tensor) if facts else "")
    return ModelView(source.name, takes, facts, tuple(note for note in notes if note), "")
