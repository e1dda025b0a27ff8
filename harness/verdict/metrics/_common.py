"""What several families need."""

from __future__ import annotations

from harness.errors import MisuseError
from harness.records import Measurement
from harness.verdict.statistics import wilson


def share(name: str, hits: int, n: int) -> Measurement:
    """hits / n with its Wilson interval. Raises ``MisuseError`` for n = 0: the share of nothing is not 1."""
    if n < 1:
        raise MisuseError(f"{name} of no samples", expected="n >= 1", found=n)
    low, high = wilson(hits, n)
    return Measurement(name=name, value=hits / n, unit="ratio", n=n, low=low, high=high)
