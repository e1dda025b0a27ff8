"""What was found out about a case beyond its measurements, as the record tells it: layers, where the first of them diverges, and
which usual mistake explains the labels or the outputs, where the rig was at fault. Frozen types, as those of ``records``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from harness.frozen import Frozen


class LayerFacts(Frozen):
    """One layer of one sample as the board ran it. ``cycles`` (hardware) or ``instructions`` (emulated); neither where none counts.

    ``crc32`` is of the ``n_bytes`` that the layer wrote; ``equal`` whether the reference wrote the same, None where it
    does not show that layer. ``name``, ``op``, ``shape`` and ``macs`` are what is known of the model: for an engine that
    brings its own network only the operator's number.
    """

    index: int  # place in the order of execution
    name: str  # the model's name for it
    op: str  # the operator
    shape: tuple[int, ...]  # of its output
    dtype: str  # of its output
    macs: int  # multiply-accumulates
    n_bytes: int  # bytes that it wrote
    crc32: int  # of what it wrote
    cycles: int | None  # on hardware; null elsewhere
    instructions: int | None  # on an emulator that counts; null elsewhere
    equal: bool | None  # the reference wrote the same; null: not shown there


class Divergence(Frozen):
    """The first layer, in execution order, whose output differs from the reference's on the first sample that differs.

    ``position`` is that of the first differing element in the layer's ``shape``; ``expected`` and ``found`` are raw values
    there. ``equal_layers`` layers before it are equal, byte for byte.
    """

    sample: str  # id of the first sample that differs
    sample_index: int  # its index
    layer_index: int  # the first layer that differs, in the order of execution
    layer: str  # its name
    op: str  # its operator
    tensor: str  # the tensor that it writes
    shape: tuple[int, ...]  # of that tensor
    position: tuple[int, ...]  # of the first value that differs, in that shape
    expected: float  # the reference's raw value there
    found: float  # the board's
    differing: int  # elements of this layer that differ
    elements: int  # elements of it in all
    equal_layers: int  # layers before it, all equal byte for byte
    reference: str  # what it was compared with

    def describe(self) -> str:
        """One line for people."""
        return (
            f"first divergent layer on sample {self.sample}: {self.layer_index} {self.layer} ({self.op}),"
            f" at {list(self.position)} expected {self.expected:.9g}, found {self.found:.9g};"
            f" {self.differing} of {self.elements} values differ, the {self.equal_layers} layers before it are equal"
            f" (against {self.reference})"
        )


class Explanation(Frozen):
    """A usual mistake that would explain the labels or the outputs, tried on the host with the reference alone; it changes no
    verdict.

    ``mistake`` is what the inputs, outputs or classes were tried with, "" when none of the ``tried`` explains them. ``before``
    and ``after`` are shares of ``n`` samples: of labels, the reference's top-1 accuracy; of outputs, where the board's are the
    reference's.
    """

    of: Literal["labels", "outputs"] = "labels"  # what is explained: labels that both miss, or outputs that differ
    suspect: str = ""  # its kind: layout, scale, signedness or class order
    mistake: str  # what was tried and explains them; "": none of them does
    before: float  # the share as it is
    after: float  # the share with that mistake made good, or made
    n: int  # samples that were tried
    tried: int  # mistakes that were tried

    def describe(self) -> str:
        """One line for people."""
        if self.of == "outputs":
            same = f"the board's outputs are the reference's on {self.before:.1%} of {self.n} samples"
            if not self.mistake:
                return f"{same}: none of {self.tried} usual confusions of layout, scale, sign or order explains them"
            return f"{same}, and on {self.after:.1%} with {self.mistake}: suspect the {self.suspect} that the firmware assumes"
        same = f"the outputs equal the reference's, which scores {self.before:.1%} of {self.n} samples"
        if not self.mistake:
            return f"{same}: none of {self.tried} usual mistakes of layout, scale or order explains the labels beyond chance"
        blame = f": suspect the {self.suspect}" if self.suspect else ""
        return f"{same}: with {self.mistake} it scores {self.after:.1%}{blame}"


class PublishedFigure(Frozen):
    """What somebody published for the same work; it gates nothing."""

    metric: str  # the measurement that it stands beside
    value: float  # as published
    unit: str  # of the measurement
    note: str = ""  # whose it is, and what it was called


class BaselineFacts(Frozen):
    """The earlier run that gates against a baseline were judged by. Digests are "" where they are not known."""

    name: str  # as the plan or the command names it
    run_id: str  # of its record
    case_id: str  # plan/board/model
    started: datetime  # with its time zone
    unit: str  # the unit's unique id
    evidence: str  # hardware or emulated; unknown: no unit was opened
    model_sha256: str  # of the .tflite inside of it
    elf_sha256: str  # of the image's file
    n: int  # samples that both were sent
    changes: tuple[str, ...] = ()  # what is not the same on both sides: model, engine, compiler, ...


class RigFault(Frozen):
    """Where the fault lay that kept a case from a verdict about the product."""

    whose: Literal[
        "unit", "host", "nobody"
    ]  # a unit's counts against its health; nobody's: it was in use, or was not flashed
    unit: str = ""  # the id of the unit in hand, "": none was
    row: str = ""  # of the table of blame that decided
    wedged: bool = False  # a part of the unit let its whole deadline pass: asked again, it costs as much again


class EarlierTry(Frozen):
    """A try of the same case in the same run, on another unit, that the rig ended."""

    unit: str  # the unit's probe id; "": none was opened, or a virtual one
    ended: Literal["error", "killed"]  # "killed": its test process died
    reason: str  # the first line of why
    folder: str = ""  # where its reports lie, below this record's folder; "": it left none
