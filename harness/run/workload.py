"""What is streamed and what should come back: the dataset as bytes, the reference's outputs."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.data import datasets
from harness.data.dataset import Dataset
from harness.data.encode import quantise
from harness.data.fill import fill, remark
from harness.errors import PlanError
from harness.models import reference as references
from harness.models.metadata import Model, load_model
from harness.plans.expand import Case
from harness.plans.schema import DatasetSpec, Plan
from harness.records import DatasetFacts, InputFacts, ReferenceFacts
from harness.run.memory import Memory, of_case
from harness.run.origins import Origin, expected
from harness.run.truth import arrays, looked_at, target_rows
from harness.verdict import tasks
from harness.verdict.tasks import anomaly
from harness.verdict.view import Truth

_NONE = Memory()


@dataclass(frozen=True)
class Workload:
    """``raw`` [N, *input shape] in the model's dtype; ``expected`` [N, values] raw in the outputs' dtype, all of them in a row.

    ``beside``: as ``raw``, of the model's second input and on.

    ``planned``: how many samples the plan means; ``data`` has fewer when ``--samples`` said so.
    ``inputs``: how the data fills the model's input, ``warnings`` what a reader must know of it.
    ``memory``: which samples go on from the one before them.
    ``origin``: what the network was converted from gave; ``host`` ran the .tflite, ``converted`` [N, outputs] raw is what that
    gave where it is not ``expected``.
    """

    data: Dataset
    raw: npt.NDArray[np.generic]
    expected: npt.NDArray[np.generic]
    reference: ReferenceFacts
    planned: int
    inputs: InputFacts | None
    warnings: tuple[str, ...]
    beside: tuple[npt.NDArray[np.generic], ...] = ()
    converted: npt.NDArray[np.generic] | None = None
    host: ReferenceFacts | None = None
    origin: Origin | None = None
    memory: Memory = _NONE

    def facts(self) -> DatasetFacts:
        """What the record keeps of the data."""
        return self.data.facts().model_copy(update={"planned": self.planned})

    def payloads(self) -> Sequence[bytes]:
        """The bytes of each sample, as they travel."""
        return [
            b"".join(array[index].tobytes() for array in (self.raw, *self.beside)) for index in range(len(self.raw))
        ]

    def rows(self, chosen: npt.NDArray[np.intp] | slice) -> list[npt.NDArray[np.generic]]:
        """Some samples as a reference takes them: an array for each input."""
        return [array[chosen] for array in (self.raw, *self.beside)]

    def sent_crc(self) -> npt.NDArray[np.uint32]:
        """CRC-32 of each sample as it was meant, uint32 [N]."""
        return np.array([zlib.crc32(payload) for payload in self.payloads()], dtype=np.uint32)


def load_case_model(case: Case) -> Model:
    """The model of a case, looked for from where its plan stands. ``PlanError`` as ``load_model``."""
    return load_model(case.source, case.plan.folder)


def read_data(plan: Plan, spec: DatasetSpec) -> Dataset:
    """The samples that ``spec`` means, from where ``plan`` stands. ``PlanError``: an option's is told at its line in the plan."""
    try:
        return datasets.load(spec.name, spec.split, samples=spec.samples, options=spec.options, folder=plan.folder)
    except PlanError as error:
        if (error.where or "").startswith("dataset."):
            error.where = plan.where(str(error.where))
        raise


def check_enough(plan: Plan, n: int, found: str) -> None:
    """``PlanError`` when ``n`` samples are fewer than the plan's ``min_samples``; ``found`` says them in words."""
    wanted = plan.min_samples
    if wanted is not None and n < wanted:
        raise PlanError(
            "the dataset has fewer samples than the plan wants",
            where=plan.where("min_samples"),
            expected=f"{wanted} or more",
            found=found,
            next_step="lower min_samples, or use more data",
        )


def load_data(case: Case) -> tuple[Dataset, int]:
    """The samples of a case, and how many its plan means: more, when ``--samples`` bounds them.

    ``PlanError`` (``DataMissing`` among them) when they cannot be had, or are fewer than the plan wants.
    """
    spec = case.plan.dataset if case.at_most is not None else case.dataset
    data = read_data(case.plan, spec)
    check_enough(case.plan, len(data), f"{len(data)} in split {spec.split!r} of {spec.name}")
    return data.first(None if case.at_most is None else min(case.at_most, len(data))), len(data)


def make_workload(
    model: Model, data: Dataset, reference: str, planned: int | None = None, memory: Memory = _NONE
) -> Workload:
    """Encode ``data`` for ``model`` and compute the expected outputs on the host.

    ``PlanError`` naming both sides when the data does not suit the model: before anything is built or flashed.
    """
    real = arrays(data, model)
    raws = [
        quantise(one, t, dataset=data.name, model=model.name, level_step=data.level_step)
        for one, t in zip(real, model.inputs, strict=True)
    ]
    raw, *beside = raws
    facts = fill(real[0], model.inputs[0], raw)
    warnings = []
    for one, tensor, encoded in zip(real, model.inputs, raws, strict=True):
        filled = fill(one, tensor, encoded)
        if filled and (text := remark(filled, one, tensor)):
            warnings.append(text if not beside else f"{tensor.name}: {text}")
    if len(raw) > 1 and all((one == one[:1]).all() for one in raws):
        warnings.append(f"every one of {len(raw)} samples has the same input")
    found = expected(model, real, raws, reference, memory.follows)
    if memory.warning:
        warnings.append(memory.warning)
    return Workload(
        data,
        raw,
        found.outputs,
        found.reference,
        len(data) if planned is None else planned,
        facts,
        (*warnings, *found.warnings),
        tuple(beside),
        found.converted,
        found.host,
        found.origin,
        memory,
    )


def truth_of(plan: Plan, model: Model, workload: Workload) -> Truth:
    """What the plan's task holds the outputs against. ``PlanError``: a threshold is to come from data that cannot be had."""
    data, output = workload.data, model.outputs[looked_at(plan, model)]
    targets = target_rows(data, output)
    return Truth(
        targets=None if targets is None else targets.astype(np.float64),
        inputs=_real_inputs(data, model),
        groups=data.groups,
        sequences=data.sequences,
        threshold=_threshold(plan, model) if plan.task.name == "anomaly" else None,
    )


def _real_inputs(data: Dataset, model: Model) -> npt.NDArray[np.float64]:
    return arrays(data, model)[0].reshape(len(data), -1).astype(np.float64)


def _threshold(plan: Plan, model: Model) -> float | None:
    """What the normal samples of another split give with the reference; None where the plan names none."""
    options: anomaly.Options = tasks.options(plan.task)
    if not options.threshold_split:
        return None
    spec = plan.dataset.model_copy(update={"split": options.threshold_split, "samples": None})
    data = read_data(plan, spec)
    normal = np.flatnonzero(
        data.labels == (data.classes.index(options.normal) if options.normal in data.classes else -2)
    )
    if len(normal) < options.windows:
        raise PlanError(
            "the split that gives the threshold has no normal samples",
            where=plan.where("task.options.threshold_split"),
            expected=f"{options.windows} or more of class {options.normal!r}",
            found=f"{len(normal)} in split {spec.split!r}",
            next_step="name another split, or the threshold itself",
        )
    found = make_workload(model, data, plan.reference, memory=of_case(plan, model, data))
    chosen = looked_at(plan, model)
    outputs = references.apart(found.expected, model.outputs)[chosen]
    real = model.outputs[chosen].real(outputs[normal])
    return anomaly.threshold_of(anomaly.scored(real, _real_inputs(data, model)[normal], options), options)
