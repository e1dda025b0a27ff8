"""What one of the usual mistakes between data and model means for a plan: options of the data, or an order of classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from harness.records import Tensor
from harness.run import mistakes

Floats = npt.NDArray[np.float64]
_CLOSE = 1e-5


def scaling(words: str, real: Floats, tensor: Tensor) -> tuple[float, float] | None:
    """(subtract, divide) with which ``(value - subtract) / divide`` is the change of that name; None for another kind.

    It is read from what the change does with ``real`` [N, ...], so that a new one in ``mistakes`` needs no line here.
    """
    changed = next((new for name, new in mistakes.of_the_inputs(real, tensor) if name == words), None)
    if changed is None or changed.shape != real.shape:
        return None
    before, after = real.reshape(-1), changed.reshape(-1)
    low, high = int(before.argmin()), int(before.argmax())
    if after[low] == after[high]:
        return None
    divide = short((before[high] - before[low]) / (after[high] - after[low]))
    subtract = short(before[low] - after[low] * divide)
    close = _CLOSE * (np.abs(after).max() or 1.0)
    return (subtract, divide) if np.allclose((before - subtract) / divide, after, rtol=_CLOSE, atol=close) else None


def short(value: float) -> float:
    """As people write it: no more digits than tell, and no -0."""
    return float(f"{value:.7g}") + 0.0


def reordered(decisions: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], names: Sequence[str]) -> tuple[str, ...]:
    """The names in the order of the model's outputs that suits these samples best.

    ``decisions`` [N] are outputs, ``labels`` [N] index ``names``, which are in some other order.
    """
    _, order = mistakes.another_order(decisions, labels, names)
    found = [""] * len(names)
    for label, output in enumerate(order):
        found[output] = names[label]
    return tuple(found)


def is_of_classes(words: str, names: Sequence[str]) -> bool:
    """Whether a mistake is one in the order of classes."""
    probe: npt.NDArray[np.int64] = np.arange(len(names), dtype=np.int64)
    usual: Iterable[str] = (name for name, _ in mistakes.of_the_classes(probe, names))
    return words in usual or words.startswith("the classes in another order")
