"""From raw outputs to a class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.plans.schema import ArgmaxRule, ThresholdRule
from harness.records import Tensor

UNKNOWN = -1


def decide(outputs: npt.NDArray[np.generic], rule: ArgmaxRule | ThresholdRule, output: Tensor) -> npt.NDArray[np.int64]:
    """The decision per sample, int64 [N]: a class index or ``UNKNOWN``.

    ``outputs`` [N, C] raw, ``output`` says how they are dequantised. Argmax takes the raw values (a scale above 0 keeps
    their order) and the lowest index among equals. A row with a NaN decides nothing and is unknown: comparing with NaN
    would make the class depend on its position. A threshold is compared with the dequantised maximum.
    """
    best = np.argmax(outputs, axis=1).astype(np.int64)
    unknown = np.isnan(outputs.astype(np.float64)).any(axis=1)
    if isinstance(rule, ThresholdRule):
        top = output.real(outputs).max(axis=1)
        unknown |= ~(top >= rule.above if rule.inclusive else top > rule.above)
    return np.where(unknown, np.int64(UNKNOWN), best)
