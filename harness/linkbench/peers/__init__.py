"""Protocols that others published: one file each, both sides of it, found by its name.

Each was written from the public description that its docstring names, for its traffic: the same bytes in the same order
with the same waits. What a byte error does is what the description says that its two sides do, or do not, check.
A module offers ``TITLE`` and ``host(workload)`` and ``device(workload)``, two ``Party`` generators. A new peer is a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from harness.errors import MisuseError
from harness.linkbench.party import Party, Workload
from harness.plans.names import suggestion


class Peer(Protocol):
    """What a peer's module offers."""

    TITLE: str

    def host(self, work: Workload) -> Party:
        """The program on the laptop: sends every sample, appends to ``work.answers``."""
        ...

    def device(self, work: Workload) -> Party:
        """The firmware: hands every sample to ``work.network`` and spends ``work.inference_s``."""
        ...


def names() -> tuple[str, ...]:
    """The peers there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Peer:
    """The module of that name. MisuseError listing the known ones when there is none."""
    if name not in names():
        raise MisuseError(
            f"no peer protocol is named {name!r}",
            expected=f"one of: {', '.join(names())}",
            found=name,
            next_step=suggestion(name, names(), "name one of these"),
        )
    peer: Peer = importlib.import_module(f"{__name__}.{name}")
    return peer
