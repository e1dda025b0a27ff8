"""Fetching public data sets into the user's cache, when asked to and never otherwise."""

from __future__ import annotations

from pathlib import Path

from harness.errors import MisuseError
from harness.plans.names import suggestion

FETCHABLE = ("mnist",)


def fetch(name: str, split: str = "test") -> tuple[Path, ...]:
    """Download a split of a known set, checked against its published sums; what is there already is kept.

    Raises ``MisuseError`` for an unknown name or split, ``BenchError`` when the host cannot be reached or sends
    something else. After failure nothing half-written is left.
    """
    if name not in FETCHABLE:
        raise MisuseError(
            f"no data set {name!r} to fetch",
            expected=", ".join(FETCHABLE),
            found=name,
            next_step=suggestion(name, FETCHABLE, "name one of these"),
        )
    from harness.data.datasets import _mnist  # here: its import of the downloader is slow

    if split not in _mnist.FILES:
        raise MisuseError(
            f"{name} has no split {split!r}",
            expected=", ".join(_mnist.FILES),
            found=split,
            next_step=suggestion(split, _mnist.FILES, "name one of these"),
        )
    return _mnist.fetch(split)
