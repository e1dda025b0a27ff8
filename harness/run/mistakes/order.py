"""The classes in another order than the network's outputs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def of_the_classes(labels: Ints, names: Sequence[str]) -> Iterator[tuple[str, Ints]]:
    """(words, labels as they should have been) for the orders of classes that occur."""
    size = len(names)
    yield "the classes in reverse order", size - 1 - labels
    yield "the labels counted from 1", (labels - 1) % size
    yield "the labels one less than they should be", (labels + 1) % size
    as_text = np.argsort(np.argsort(np.array(names)))
    if (as_text != np.arange(size)).any():
        yield "the classes in the order of their names as text", as_text[labels].astype(np.int64)


def another_order(decisions: Ints, labels: Ints, names: Sequence[str]) -> tuple[str, Ints]:
    """The order of classes that suits these samples best, in words, and as a map [C] label -> output.

    ``decisions`` are the reference's, -1 = unknown. An order that was made to suit samples must be judged on others: chance
    would suit it too.
    """
    from scipy.optimize import linear_sum_assignment  # here: slow to import, and only a bad reference asks for it

    size = len(names)
    counts = np.zeros((size, size), dtype=np.int64)
    known = decisions >= 0
    np.add.at(counts, (labels[known], decisions[known]), 1)
    _, order = linear_sum_assignment(counts, maximize=True)
    moved = [f"{names[i]} is {names[to]}" for i, to in enumerate(order) if i != to]
    shown = ", ".join(moved[:4]) + (", ..." if len(moved) > 4 else "")
    return f"the classes in another order ({shown})", order.astype(np.int64)
