"""One operator with its tensors at hand, for the rules of its outputs' shapes (``shapes``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.models.ir import Graph, Layer

Shape = tuple[int, ...]


class Contradiction(Exception):
    """What an operator cannot compute: what it needs, what the file has."""

    def __init__(self, expected: object, found: object) -> None:
        super().__init__(expected, found)
        self.expected, self.found = expected, found


@dataclass(frozen=True)
class Call:
    """One operator with its tensors at hand."""

    graph: Graph
    layer: Layer

    def shape(self, position: int) -> Shape:
        """The shape of the input at ``position``."""
        return self.graph.tensor(self.layer.inputs[position]).shape

    def image(self, position: int) -> Shape:
        """The shape of an input that must have four axes."""
        shape = self.shape(position)
        demand(len(shape) == 4, f"four axes in input {position}", list(shape))
        return shape

    def given(self, position: int) -> bool:
        """Whether the input at ``position`` is there."""
        return position < len(self.layer.inputs) and self.layer.inputs[position] >= 0

    def numbers(self, position: int) -> list[int] | None:
        """The values of an integer input; None where they are computed at run time."""
        tensor = self.graph.tensor(self.layer.inputs[position])
        demand(tensor.dtype in ("int32", "int64"), f"integers in input {position}", tensor.dtype)
        if tensor.data is None:
            return None if tensor.elements else []
        return [int(v) for v in tensor.data.reshape(-1)]

    def option(self, name: str, default: int = 0) -> int:
        """A number among the options."""
        return int(self.layer.options.get(name, default))

    def positive(self, name: str, default: int | None = None) -> int:
        """An option that must be 1 or more."""
        value = self.option(name, 0 if default is None else default)
        demand(value >= 1, f"{name} of 1 and more", value)
        return value

    def axis(self, value: int, rank: int) -> int:
        """The axis counted from the front; it must be one of ``rank``."""
        demand(-rank <= value < rank, f"an axis in {-rank}..{rank - 1}", value)
        return value % rank


Rule = Callable[[Call], Sequence[Shape] | None]  # None: not known before the network runs


def demand(holds: bool, expected: object, found: object) -> None:
    """Raises Contradiction unless it ``holds``."""
    if not holds:
        raise Contradiction(expected, found)
