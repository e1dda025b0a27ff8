"""What the metrics look at: the samples of a case, their decisions, and what else was noted while it ran."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError, PlanError
from harness.plans.schema import ArgmaxRule, TaskSpec, ThresholdRule
from harness.records import Evidence, FirmwareFacts, LinkFacts, Samples, Tensor
from harness.verdict.alike import alike, distances
from harness.verdict.decide import UNKNOWN, decide
from harness.verdict.played import Played

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Truth:
    """What a task that decides on no class holds the outputs against; None where it has no use for it.

    ``targets`` float64 [N, values] what the output should be. ``inputs`` float64 [N, values] the first input in real units.
    ``groups`` [N] what a sample shares with others. ``sequences`` [N] the recording that it is a step of. ``threshold``: what
    divides scores, where other data than these gave it. ``played``: of recordings that were played.
    """

    targets: npt.NDArray[np.float64] | None = None
    inputs: npt.NDArray[np.float64] | None = None
    groups: npt.NDArray[np.str_] | None = None
    sequences: npt.NDArray[np.str_] | None = None
    threshold: float | None = None
    played: Played | None = None

    @property
    def clusters(self) -> npt.NDArray[np.str_] | None:
        """[N] what makes samples alike: their groups, else their recordings; None where the data names neither."""
        return self.sequences if self.groups is None else self.groups


@dataclass(frozen=True)
class View:
    """A case as the metrics see it.

    ``output``: the model's output tensor, or the one of several that the task looks at; ``beside`` are the others, whose arrays
    ``samples.beside`` has. In a classification its values must be one per class.
    ``clock_hz``: of the board's cycle counter; None when it has none. ``stack_bytes``: the deepest seen; None if
    unknown. ``planned``: how many samples the plan means, ``wanted``: how many it wants at least; None where it does not say.

    A sample is *sound* when it was answered with status 0 and the engine read the input that was meant. Every share is
    over all samples that were sent: one that is not sound is counted against the product, never left out. Sizes of
    errors (``max_abs_diff`` and the like) need outputs and are over the sound samples alone; their ``n`` says how many.
    Of recordings only the hops that run the network have outputs: no other counts for an agreement, or against it.

    Raises ``MisuseError`` without a single sample, ``PlanError`` when the outputs cannot belong to the classes.
    """

    samples: Samples
    output: Tensor
    classes: tuple[str, ...]
    evidence: Evidence
    rule: ArgmaxRule | ThresholdRule = field(default_factory=ArgmaxRule)
    task: TaskSpec = field(default_factory=TaskSpec)
    beside: tuple[Tensor, ...] = ()
    truth: Truth = field(default_factory=Truth)
    clock_hz: int | None = None
    link: LinkFacts | None = None
    firmware: FirmwareFacts | None = None
    stack_bytes: int | None = None
    planned: int | None = None
    wanted: int | None = None

    def __post_init__(self) -> None:
        samples = self.samples
        n = len(samples.ids)
        if n == 0:
            raise MisuseError("nothing can be measured without samples", expected="1 sample or more", found=0)
        beside = samples.beside or {}
        lengths = {name: len(array) for name, array in vars(samples).items() if array is not None and name != "beside"}
        if set(lengths.values()) != {n}:
            raise MisuseError("the arrays of the samples differ in length", expected=f"{n} each", found=lengths)
        if set(beside) != {tensor.name for tensor in self.beside}:
            raise MisuseError(
                "the samples are of other outputs", expected=[t.name for t in self.beside], found=[*beside]
            )
        for output, *arrays in self.each:
            shape = (n, output.elements)
            for name, array in zip(("outputs", "reference"), arrays, strict=True):
                if array.shape != shape or array.dtype != np.dtype(output.dtype):
                    raise MisuseError(
                        f"the {name} are not those of the model's output {output.name!r}",
                        expected=f"{output.dtype} {list(shape)}",
                        found=f"{array.dtype} {list(array.shape)}",
                    )
        shape = (n, self.output.elements)
        if samples.origin is not None and samples.origin.shape != shape:
            raise MisuseError(
                "the outputs of the origin are not those of the model",
                expected=f"{list(shape)}",
                found=f"{list(samples.origin.shape)}",
                next_step="name the file that the model was converted from",
            )
        if self.decides:
            self._check_classes()

    def _check_classes(self) -> None:
        if self.output.elements != len(self.classes):
            raise PlanError(
                "the model's outputs are not one per class of the dataset",
                where=f"output {self.output.name!r}",
                expected=f"{len(self.classes)} classes of the dataset",
                found=f"{self.output.elements} outputs of the model, {self.output.describe()}",
                next_step="use a dataset whose classes the model was trained on",
            )
        labels = self.samples.labels
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise PlanError(
                "a label is no index of a class",
                expected=f"0..{len(self.classes) - 1}",
                found=f"{labels.min()}..{labels.max()}",
            )

    @property
    def decides(self) -> bool:
        """Whether a class is decided on."""
        return self.task.name == "classification"

    @property
    def each(self) -> tuple[tuple[Tensor, Array, Array], ...]:
        """Every output, the one that the task looks at first: its tensor, ours and the reference's raw values [N, values]."""
        samples, beside = self.samples, self.samples.beside or {}
        first = (self.output, samples.outputs, samples.reference)
        return (first, *((t, beside[t.name].outputs, beside[t.name].reference) for t in self.beside))

    @cached_property
    def parts(self) -> tuple[View, ...]:
        """Each output by itself, as nothing but raw values; none for a model with one."""
        if not self.beside:
            return ()
        return tuple(
            replace(
                self,
                samples=replace(self.samples, outputs=ours, reference=theirs, beside=None),
                output=output,
                beside=(),
                task=TaskSpec(name="raw"),
            )
            for output, ours, theirs in self.each
        )

    @property
    def n(self) -> int:
        """Samples sent."""
        return len(self.samples.ids)

    @cached_property
    def sound(self) -> npt.NDArray[np.bool_]:
        """[N] whether the sample's outputs count as an answer to what was sent."""
        return self.samples.sound

    @cached_property
    def asked(self) -> npt.NDArray[np.bool_]:
        """[N] whether outputs were to come of the sample: of all, but for the hops of a recording that run no network."""
        played = self.truth.played
        return np.ones(self.n, dtype=np.bool_) if played is None else played.asked

    @cached_property
    def compared(self) -> npt.NDArray[np.bool_]:
        """[N] the sound samples that have outputs."""
        return self.sound & self.asked

    @cached_property
    def decisions(self) -> npt.NDArray[np.int64]:
        """[N] class index or ``UNKNOWN``; meaningless where not ``sound``."""
        return decide(self.samples.outputs, self.rule, self.output)

    @cached_property
    def reference_decisions(self) -> npt.NDArray[np.int64]:
        """[N] class index or ``UNKNOWN``, from the reference's outputs by the same rule."""
        return decide(self.samples.reference, self.rule, self.output)

    @cached_property
    def right(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Who decided as labelled, bool [N] each: ``origin`` (real outputs), ``tflite`` (on the host), ``board``.

        Empty where the network's origin was not run, or no class is decided on. A sample that is not sound is the board's
        error, and nobody else's.
        """
        samples, real = self.samples, replace(self.output, dtype="float32", scale=0.0, zero_point=0)
        if samples.origin is None or not self.decides:
            return {}
        converted = samples.reference if samples.converted is None else samples.converted
        decided = {
            "origin": decide(samples.origin, self.rule, real),
            "tflite": decide(converted, self.rule, self.output),
            "board": np.where(self.sound, self.decisions, UNKNOWN),
        }
        return {name: np.asarray(decisions == samples.labels) for name, decisions in decided.items()}

    @cached_property
    def identical(self) -> npt.NDArray[np.bool_]:
        """[N] whether the sound sample's raw outputs are the reference's, byte for byte (so 0.0 is not -0.0, but a NaN a NaN)."""
        same = [alike(ours, theirs) for _, ours, theirs in self.each]
        return np.asarray(np.logical_and.reduce([self.sound, *same]))

    @cached_property
    def differences(self) -> npt.NDArray[np.float64]:
        """[compared, values of all outputs] absolute difference to the reference, dequantised.

        Equal values and two NaNs are 0 apart; a NaN and a number are infinitely far apart.
        """
        return distances(*self._real)

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
        """[compared, values of all outputs] ours and the reference's, dequantised, for sums over all; None where they mean nothing.

        Both are 0 where both are a NaN or the same infinity: that they agree on. None: one is no finite number on one side alone.
        """
        ours, theirs = self._real
        if not np.isfinite(self.differences).all():
            return None
        both = np.isfinite(ours)
        return np.where(both, ours, 0.0), np.where(both, theirs, 0.0)

    @cached_property
    def _real(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        sides = zip(
            *((t.real(ours[self.compared]), t.real(theirs[self.compared])) for t, ours, theirs in self.each),
            strict=True,
        )
        ours, theirs = (np.concatenate(side, axis=1) for side in sides)
        return ours, theirs

    @cached_property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Counts of the sound samples: rows = truth, columns = decision, last column = unknown.

        What its sum lacks to ``n`` are the samples that are not sound. Empty where no class is decided on.
        """
        if not self.decides:
            return ()
        size = len(self.classes)
        counts = np.zeros((size, size + 1), dtype=np.int64)
        columns = np.where(self.decisions == UNKNOWN, size, self.decisions)
        np.add.at(counts, (self.samples.labels[self.sound], columns[self.sound]), 1)
        return tuple(tuple(int(count) for count in row) for row in counts)
