"""A unit that is not trusted: one whose worker was killed is suspect, and a suspect one works again when it has proved itself."""

from __future__ import annotations

import pytest

from harness.bench.places import Place
from harness.farm import aftercare
from harness.plugin import options, places


def after_a_death(config: pytest.Config, place: Place, test: str) -> tuple[str, ...]:
    """The process that used the unit for ``test`` was killed; what is to be told. Never raises."""
    run = places.report_root(config).name
    rack = config.stash[options.KEY].run.places
    return aftercare.worker_died(place.uid, run, test=test, board=place.board, rack=rack)


def unproven(config: pytest.Config, place: Place | None) -> str | None:
    """Why a suspect unit may not work: it did not pass its health plan, which runs now. None: it is good."""
    told: list[str] = []
    rack = config.stash[options.KEY].run.places
    if place is not None and aftercare.prove(place, rack=rack, tell=told.append):
        return None
    return "; ".join(told) or "it is suspect, and did not prove itself"
