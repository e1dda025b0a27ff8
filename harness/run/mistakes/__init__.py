"""The usual confusions between data, host and firmware, each as a change that would undo (or make) it. Pure.

One module a kind: ``layout``, ``scale``, ``signs`` of the inputs, ``order`` of the classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.records import Tensor
from harness.run.mistakes import layout, scale, signs
from harness.run.mistakes.order import another_order, of_the_classes
from harness.run.mistakes.signs import flipped, of_the_bytes

__all__ = ["Kind", "another_order", "flipped", "of_the_bytes", "of_the_classes", "of_the_inputs", "with_kinds"]

Floats = npt.NDArray[np.float64]
#: What a change is of.
Kind = Literal["layout", "scale", "signedness", "class order"]


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
