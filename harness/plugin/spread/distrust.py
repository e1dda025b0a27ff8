"""A unit whose worker was killed is suspect: nobody knows in the middle of what it was left."""

from __future__ import annotations

import importlib

from harness.bench import rackstate
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.errors import BenchError


def after_a_death(place: Place, evidence: str) -> str:
    """Mark it; what is to be told, in a line."""
    why = "the process that used it was killed"
    try:
        try:
            aftercare = importlib.import_module("harness.farm.aftercare")

            aftercare.worker_died(place.uid, evidence)
        except ImportError:
            rackstate.move(
                place.uid, State.SUSPECT, reason=why, by="pytest", evidence=evidence, only_from=(State.GOOD,)
            )
    except BenchError as error:
        return f"{place.title} ({place.board}): {why}; that could not be noted: {error.what}"
    return f"{place.title} ({place.board}) is suspect: {why}"
