"""The usual confusions between data, host and firmware, each as a change that would undo (or make) it. Pure.

One module a kind: ``layout``, ``scale``, ``signs`` of the inputs, ``order`` of the classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.records import Tensor
from harness.run.mistakes import layout, scale, signs
from harness.run.mistakes.order import another_order, of_the_classes
from harness.run.mistakes.signs import flipped, of_the_bytes

__all__ = [
    "Kind",
    "another_order",
    "flipped",
    "of_all_inputs",
    "of_the_bytes",
    "of_the_classes",
    "of_the_inputs",
    "with_kinds",
]

Floats = npt.NDArray[np.float64]
#: What a change is of.
Kind = Literal["layout", "scale", "signedness", "class order", "input order"]


def of_the_inputs(real: Floats, tensor: Tensor) -> Iterator[tuple[str, Floats]]:
    """(words, inputs as they should have been) for ``real`` [N, *shape] in real units: "with ... the reference scores".

    Where two would do the same, the one that says more comes first.
    """
    for _, words, changed in with_kinds(real, tensor):
        yield words, changed


def with_kinds(real: Floats, tensor: Tensor) -> Iterator[tuple[Kind, str, Floats]]:
    """As ``of_the_inputs``, each with its kind."""
    for words, changed in layout.changes(real):
        yield "layout", words, changed
    for words, changed in scale.changes(real):
        yield "scale", words, changed
    for words, changed in signs.changes(real, tensor):
        yield "signedness", words, changed
    for words, changed in scale.of_the_statistics(real):
        yield "scale", words, changed


def of_all_inputs(reals: Sequence[Floats], tensors: Sequence[Tensor]) -> Iterator[tuple[Kind, str, list[Floats]]]:
    """As ``with_kinds`` for a model with any number of inputs: two of a shape exchanged, or one of them changed alone."""
    for one, other in combinations(range(len(reals)), 2):
        if reals[one].shape == reals[other].shape:
            exchanged = list(reals)
            exchanged[one], exchanged[other] = reals[other], reals[one]
            yield "input order", f"the inputs {tensors[one].name!r} and {tensors[other].name!r} exchanged", exchanged
    for at, (real, tensor) in enumerate(zip(reals, tensors, strict=True)):
        where = f" in input {tensor.name!r}" if len(reals) > 1 else ""
        for kind, words, changed in with_kinds(real, tensor):
            yield kind, f"{words}{where}", [*reals[:at], changed, *reals[at + 1 :]]
