"""Where host and board part: of each hop the first stage whose results differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.run.played.answers import Reports
from harness.run.played.simulate import Simulated

Array = npt.NDArray[np.generic]

#: In the order of computation. ``features`` is looked into stage by stage afterwards.
STAGES = ("ring", "features", "input", "network", "smoothing")


@dataclass(frozen=True)
class Parity:
    """``equal`` [N] for each stage: whether the board's is the host's. Hops without an answer are equal nowhere."""

    equal: dict[str, npt.NDArray[np.bool_]]

    @property
    def first(self) -> tuple[int, str] | None:
        """The first hop that differs, and the stage; None when all are equal."""
        whole = np.logical_and.reduce(list(self.equal.values()))
        if whole.all():
            return None
        hop = int(np.argmin(whole))
        return hop, next(stage for stage, equal in self.equal.items() if not equal[hop])


def compare(
    reports: Reports,
    outputs: Array,
    there: npt.NDArray[np.bool_],
    simulated: Simulated,
    smoothed: Reports,
    alike: Callable[[Array, Array], npt.NDArray[np.bool_]],
) -> Parity:
    """``outputs`` raw as the board's; ``alike`` says which rows of them are the host's.

    ``smoothed``: the host's rule on the board's own outputs, so that another output is not taken for another rule.
    """
    host = simulated.reports
    return Parity(
        {
            "ring": there & (reports["done"] == host["done"]) & (reports["window_crc"] == host["window_crc"]),
            "features": there & (reports["features_crc"] == host["features_crc"]),
            "input": there & (reports["input_crc"] == host["input_crc"]),
            "network": there & alike(outputs, simulated.outputs),
            "smoothing": there
            & (reports["decided"] == smoothed["decided"])
            & (reports["detected"] == smoothed["detected"])
            & (reports["score"] == smoothed["score"]),
        }
    )
