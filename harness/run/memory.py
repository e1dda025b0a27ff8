"""When a network's memory is reset, as the plan says it: which samples go on from the one before them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from harness.data import datasets
from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.models.codegen import KEEPING, has_memory, plan_layout
from harness.models.metadata import Model
from harness.plans.schema import Plan, Reset
from harness.text import printable


@dataclass(frozen=True)
class Memory:
    """``reset`` is when a network that has a memory forgets it, None for one without. ``follows[i]``: sample i goes on from the
    one before it; None where every sample begins anew. ``warning`` is for people, "" for none."""

    reset: Reset | None = None
    follows: tuple[bool, ...] | None = None
    warning: str = ""


def of_case(plan: Plan, model: Model, data: Dataset) -> Memory:
    """What the plan's ``state`` means for that model and data. ``PlanError`` where they do not bear it."""
    reset: Reset = plan.state.reset if plan.state else "each sample"
    if not (plan.state or has_memory(model.path)):
        return Memory()
    if reset == "each sample":
        if not has_memory(model.path):
            return Memory()
        told = f"network {model.name} has a memory, and the plan does not say when it is reset: each sample begins anew"
        return Memory(reset, None, "" if plan.state else f"{told} (state: {{reset: each sequence}} or never goes on)")
    layout = plan_layout(model.path, name=model.name, options=KEEPING)  # refuses a layer whose memory cannot be kept
    if not layout.states:
        return Memory(warning=f"network {model.name} has no memory: 'state: {{reset: {reset}}}' changes nothing")
    where = plan.where("state")
    spec = plan.dataset
    if (
        getattr(datasets.check(spec.name, spec.options), "order", "stored") == "shuffled"
    ):  # class folders are, by themselves
        raise PlanError(
            "the samples are shuffled, and the network's memory goes on from one to the next",
            where=where,
            expected="samples in the order in which they were recorded",
            found=f"dataset {spec.name}, order: shuffled",
            next_step="say 'options: {order: stored}', or 'state: {reset: each sample}'",
        )
    if reset == "never":
        return Memory(reset, tuple(index > 0 for index in range(len(data))))
    return Memory(reset, _within_sequences(data, where))


def _within_sequences(data: Dataset, where: str) -> tuple[bool, ...]:
    if data.sequences is None:
        raise PlanError(
            "the network's memory is reset with each sequence, and the data names none",
            where=where,
            expected="the sequence that each sample is of",
            found=f"dataset {data.name} without sequences",
            next_step="name them: an array 'sequences' [N] in npz, 'sequence: COLUMN' for csv, 'sequence_folder' for folders; or"
            " say 'state: {reset: never}' if all samples are one sequence",
        )
    names = [str(name) for name in data.sequences]
    follows = [False, *(one == other for one, other in pairwise(names))]
    begun: set[str] = set()
    for index, (name, goes_on) in enumerate(zip(names, follows, strict=True)):
        if not goes_on and name in begun:
            raise PlanError(
                f"sequence {printable(name)!r} begins a second time",
                where=where,
                expected="the samples of a sequence one after another, in the order in which they were recorded",
                found=f"sample {printable(str(data.ids[index]))} (number {index + 1}) after one of another sequence",
                next_step="sort the data ('order: stored' for folders), or name the second part otherwise",
            )
        begun.add(name)
    return tuple(follows)
